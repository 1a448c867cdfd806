"""What happens while annotators label on a server: findings, training, and the quality of labels.

`loop` polls again and again, `watcher` is one poll, `advice` puts findings into words for annotators, `pages` renders
the summary pages, `memory` is what a watch remembers, and `background` is the process that `annotate studio up` starts.
`training` shows annotators where they differ from gold, and `hidden_gold` measures them on articles that have gold.
"""
