"""Tables as HTML: the same wherever a page has some."""

from html import escape

from annotate.agreement.bootstrap import Measure
from annotate.agreement.tables import Cell, Column, Table, shown


def html_table(table: Table, level: int = 2) -> str:
    """The table with its heading, of a level, and its notes; everything in it is escaped."""
    head = "".join(
        f"<th{'' if _words(table, number) else ' class=n'}>{escape(column.name)}</th>"
        for number, column in enumerate(table.columns)
    )
    rows = "\n".join(
        f"<tr>{''.join(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True))}</tr>"
        for row in table.rows
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    title = f'<h{level} id="{table.name}">{escape(table.title)}</h{level}>'
    return f'{title}\n<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>' + (
        f'\n<ul class="notes">{notes}</ul>' if notes else ""
    )


def _words(table: Table, number: int) -> bool:
    return all(isinstance(row[number], str) for row in table.rows)


def _cell(cell: Cell, column: Column) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    if isinstance(cell, int):
        return f'<td class="n">{cell:,}</td>'
    measure = cell if isinstance(cell, Measure) else Measure(cell)
    if measure.value is None:
        return f'<td class="n none" title="{escape(measure.note or "nothing to count")}">–</td>'
    interval = ""
    if measure.low is not None and measure.high is not None and not column.plain:
        interval = f" <small>[{shown(measure.low)} {shown(measure.high)}]</small>"
    good = 1 - measure.value if column.low_is_good else measure.value
    return f'<td class="n heat" style="{colour(good)}">{shown(measure.value)}{interval}</td>'


def colour(value: float) -> str:
    """Red over yellow to green; what is below 0 is as red as 0. Text stays dark, so the ground stays light."""
    return f"background:hsl({round(120 * min(1.0, max(0.0, value)))} 62% 80%)"
