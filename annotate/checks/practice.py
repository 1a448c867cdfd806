"""C508: practice texts of the guidelines. Their labels are checked like those of the corpus."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from annotate.checks import files
from annotate.checks.annotations import check_annotation
from annotate.checks.corpus import path_from_corpus
from annotate.corpus import Corpus
from annotate.errors import describe_os_error
from annotate.findings import Finding, Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.practice import SCHEMA, PracticeFile, list_practice_files, make_practice_text
from annotate.schemas import convert_value, package_schema
from annotate.schemas.lines import line_finder
from annotate.util.files import is_regular, read_raw


@rule("C508")
def practice_without_place(problems: Iterable[str]) -> Iterator[Problem]:
    """A practice text has the words of its spans, and spans at the ends of its relations.

    Why: annotators in training are compared with these labels; one without a place would count against them.
    Fails: `quote: the claims` where the text says "the claim"; words that the text has twice, without `occurrence`; a
    relation to an id that no span has; a file `Two Denials.yaml`, whose name is not an id.
    Passes: the words exactly as the text has them, with `occurrence: 2` for the second time.
    See: docs/reference/formats.md#practice-texts
    """
    for problem in problems:
        yield Problem(f"{problem}; correct the practice text")


RULES: tuple[Rule, ...] = (practice_without_place,)


def check_practice_texts(corpus: Corpus, inventory: Inventory, guidelines: Path) -> Iterator[Finding]:
    """Check the practice texts of a folder of guidelines: their shape, the places of their labels, and the labels."""
    for path in list_practice_files(guidelines):
        file = path_from_corpus(corpus, path)
        try:
            data = read_raw(str(path), within=guidelines)
        except OSError as error:
            if is_regular(path, within=guidelines):  # links are reported with those of the folder
                yield from files.unreadable_file(file, None, describe_os_error(error))
            continue
        parsed = files.parse_file(file, None, data, package_schema(SCHEMA))
        yield from parsed.findings
        if parsed.value is None:
            continue
        practice = make_practice_text(path.stem, convert_value(path, parsed.value, PracticeFile), inventory)
        yield from practice_without_place(file, None, practice.problems)
        if not practice.problems:
            lines = {span["id"]: ("spans", index) for index, span in enumerate(parsed.value["spans"])}
            find_line = line_finder(file, data)
            for finding in check_annotation(practice.gold, practice.article.text, inventory, file):
                # Lines would be those of the annotation in canonical form.
                yield finding.at(find_line(lines[finding.span]) if finding.span in lines else None)
