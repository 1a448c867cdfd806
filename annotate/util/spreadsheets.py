"""Cells of CSV tables that a spreadsheet would execute: they get an apostrophe, which can be taken away again."""

import re
from typing import Literal

Separator = Literal[",", ";"]
_FORMULA = "=+@\t\r＝＋－＠-"
"""The characters that begin a formula, those of East Asian width among them."""
_NO_FORMULA = re.compile(f"[^{_FORMULA}]*+")


def _formula_patterns(separator: Separator) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of the positions before a formula, and of the apostrophes there.

    A formula may begin a cell, after quotation marks or spaces. It may also begin what a spreadsheet that expects
    another separator takes for a cell: what comes after that separator, or after a line end.
    """
    other = ";" if separator == "," else ","
    position, formula = rf"(?:\A|(?<=[{other}\t\r\n]))", rf"""['" ]*[{_FORMULA}]"""
    return re.compile(f"{position}(?={formula})"), re.compile(f"{position}'(?={formula})")


_PATTERNS: dict[Separator, tuple[re.Pattern[str], re.Pattern[str]]] = {
    ",": _formula_patterns(","),
    ";": _formula_patterns(";"),
}


def defuse_cell(text: str, separator: Separator = ",") -> str:
    """Return a cell with an apostrophe before whatever a spreadsheet would execute."""
    if _NO_FORMULA.fullmatch(text):
        return text
    return _PATTERNS[separator][0].sub("'", text)


def restore_cell(cell: str, separator: Separator = ",") -> str:
    """Return the text of which `defuse_cell` made a cell."""
    if "'" not in cell:
        return cell
    return _PATTERNS[separator][1].sub("", cell)
