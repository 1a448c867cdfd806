"""Single mistakes in a small project, each with the code of the check that must find it.

`tests/mutations.py` damages files at random, to look for tracebacks; here a maintainer makes one mistake.
"""
