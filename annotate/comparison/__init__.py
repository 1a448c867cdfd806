"""Differences between two versions of a corpus: what changed, which version number that needs, and a patch.

with open_version("v0.1.0") as old, open_version("corpus") as new:
    summary = Comparison(old, new).summarize()
needed = find_needed_version(summary)
next_version("0.1.0", needed.level)
"""
