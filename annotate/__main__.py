"""`python -P -m annotate`: the command line.

Without -P Python puts the current folder first on its path, and runs files there before this one can prevent it.
"""

if __name__ == "__main__":
    from annotate.util.startup import forget_current_folder

    forget_current_folder()

    from annotate.cli import main

    main()
