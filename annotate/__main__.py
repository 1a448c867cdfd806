"""`python -P -m annotate`: the command line.

Without -P Python puts the current folder first on its path, and a folder there called `annotate` would run instead.
"""

from annotate.cli import main

if __name__ == "__main__":
    main()
