"""What two versions of a corpus differ in, what that means for the next version's number, and the way from one to the
other.

    with side("v0.1.0") as old, side("corpus") as new:
        summary = Comparison(old, new).summed()
    needed = version_needed(summary)
    next_version("0.1.0", needed.level)
"""
