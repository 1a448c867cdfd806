"""Commands that run beside a Label Studio server: `annotate studio watch` shows annotators findings on their labels.

`loop` polls again and again, `watcher` is one poll, `advice` puts findings into words for annotators, `pages` renders
the summary pages, `memory` is what a watch remembers, and `background` is the process that `annotate studio up` starts.
"""
