"""What other libraries import where they can find it, and nothing here needs."""

import sys


class _NoPandas:
    """pyarrow imports pandas with the first list that it is given: 50 MB and half a second."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def leave_out_pandas() -> None:
    """Let pandas be as if it was not installed. For processes of our own: pyarrow would not find it any more."""
    sys.meta_path.insert(0, _NoPandas())
