"""C126: the CITATION.cff next to a corpus, which the card and the release quote."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from annotate.checks import files
from annotate.checks.dates import StatedDate, check_dates
from annotate.corpus import CITATION
from annotate.findings import Finding, Problem, Rule, rule
from annotate.schemas import UNDEFINED, Fault, package_schema
from annotate.schemas.lines import line_finder
from annotate.util.strict_yaml import parse_yaml


@rule("C126", "warning", waivable=True)
def faulty_citation(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """CITATION.cff has the fields of the Citation File Format, and names its authors if it has a title.

    Why: whoever cites the corpus copies the file, and services that read it refuse the whole file for one fault.
    Fails: `author:` for `authors:`; `authors` with a name in place of a list; a file without `cff-version`; a title
    without authors.
    Passes: a file that follows https://citation-file-format.github.io; one without title and authors, as `annotate
    init` writes it, which only a release asks for.
    """
    has_unknown = False
    for fault in faults:
        has_unknown |= fault.keyword == UNDEFINED
        where = f"{fault.location}: " if len(fault.path) > 1 else ""
        yield Problem(f"{where}{fault.message}; {fault.hint}", line=fault.line)
    if not has_unknown and isinstance(value, dict):  # a field that is missing is often one that is misspelt
        for present, absent in (("title", "authors"), ("authors", "title")):
            if present in value and absent not in value:
                yield Problem(f"has {present} and no {absent}; add {absent}")


def check_citation(folder: Path, path: str) -> Iterator[Finding]:
    """Check the CITATION.cff of a folder, if there is one.

    Args:
        folder: The folder that contains the corpus folder.
        path: The path of the file, as findings name it.
    """
    data, unreadable = files.read_file(folder, CITATION, None)
    for finding in unreadable:
        yield from files.unreadable_file(path, None, finding.message.partition(";")[0])
    if data is None:
        return
    if broken := list(files.encoding(path, None, data)):
        yield from broken
        return
    try:
        value = parse_yaml(data)
    except ValueError as error:
        yield from files.syntax(path, None, error, data)
        return
    find_line = line_finder("CITATION.yaml", data)
    faults = [
        fault._replace(line=find_line(fault.path)) for fault in files.list_faults(value, package_schema("citation"))
    ]
    yield from faulty_citation(path, None, faults, value)
    released: Any = value.get("date-released") if isinstance(value, dict) else None
    if isinstance(released, str) and not any("date-released" in fault.path for fault in faults):
        stated = StatedDate("date-released", released, line=find_line(("date-released",)))
        yield from check_dates(path, None, [stated])


RULES: tuple[Rule, ...] = (faulty_citation,)
