"""What can be wrong with labels made elsewhere: one rule a fault, with its documentation and message.

F1xx the file · F2xx a line. An error means that the line, or what hangs on it, was not taken.
"""

from collections.abc import Iterator

from annotate.findings import Problem, Rule, rule
from annotate.util.escape import quote


@rule("F101")
def text_missing(name: str) -> Iterator[Problem]:
    """A file of labels has the text that it labels beside it.

    Why: labels are offsets; without the text they point at nothing.
    Fails: `a.ann` without `a.txt`.
    Passes: both.
    See: docs/interchange.md
    """
    yield Problem(f"has no {name} beside it; add the text")


@rule("F102")
def labels_missing(name: str) -> Iterator[Problem]:
    """A text has its file of labels beside it, be it an empty one.

    Why: a text that nobody looked at and one in which nothing was found are not the same.
    Fails: `a.txt` without `a.ann`.
    Passes: `a.txt` with an empty `a.ann`.
    See: docs/interchange.md
    """
    yield Problem(f"has no {name} beside it; add it, empty if nothing was found in the text")


@rule("F103")
def unreadable(why: str) -> Iterator[Problem]:
    """A file can be read as what its format says: UTF-8, or the format's own shape.

    Why: a wrong decoding gives other characters, and other offsets.
    Fails: a text in Latin-1; an XML file that ends halfway.
    Passes: the same text, converted to UTF-8.
    See: docs/interchange.md
    """
    yield Problem(why)


@rule("F104")
def article_refused(why: str) -> Iterator[Problem]:
    """A text can become an article: it has words, an id, and is not in the corpus already.

    Why: the same text twice, in training and test data, is a leak.
    Fails: an empty text; a text that is in the corpus under another id.
    Passes: a new text. One that was imported before with the same labels is passed over without a finding.
    See: docs/interchange.md
    """
    yield Problem(why)


@rule("F201")
def line_unreadable(line: int | None, why: str) -> Iterator[Problem]:
    """A line has the shape that its format asks for.

    Why: what cannot be told apart cannot be mapped.
    Fails: a T line without offsets.
    Passes: `T1<tab>Person 0 4<tab>Anna`.
    See: docs/interchange.md
    """
    yield Problem(f"{why}; fix the line", line=line)


@rule("F202")
def misplaced(
    line: int | None, words: str | None, reads: str | None, diagnosis: str, fixable: bool
) -> Iterator[Problem]:
    """The offsets of a line, counted in code points of the file's text, read the words quoted with them.

    Why: tools that count bytes, UTF-16 units, or CR LF as one character point at other words behind the first "é".
    Fails: `T1<tab>Person 7 11<tab>Anna` where Anna stands at 6 to 10.
    Passes: the offsets of the words; white space may differ, since a line cannot quote a line end.
    Fix: with `--fix` a line whose words fit in exactly one other way is taken so, and reported as F203.
    See: docs/interchange.md
    """
    seen = "lie outside the text" if reads is None else f"read {quote(reads)}"
    hint = "take it so with --fix" if fixable else "fix the offsets"
    why = "" if diagnosis == "unknown" else f" (diagnosis: {diagnosis})"
    yield Problem(f"offsets {seen}, not {quote(words)}{why}; {hint}", line=line)


@rule("F203", "warning")
def fixed(line: int | None, words: str | None, diagnosis: str) -> Iterator[Problem]:
    """A line whose offsets did not read its words was taken where they do, as `--fix` asks.

    Why: a repair is never silent.
    Fails: offsets counted in bytes, with `--fix`.
    Passes: offsets counted in code points.
    See: docs/interchange.md
    """
    yield Problem(f"{quote(words)} was taken where it stands (diagnosis: {diagnosis})", line=line)


@rule("F204")
def between_characters(line: int | None, words: str | None) -> Iterator[Problem]:
    """The ends of a span lie in the article, between characters of its normal form.

    Why: an article has no white space at its ends, and "é" is one character in it, even where the file has two.
    Fails: a span of the "e" alone, where the file has "e" and a combining accent.
    Passes: a span of both.
    See: docs/interchange.md
    """
    yield Problem(f"{quote(words)} begins or ends where the article's text has no place; fix the offsets", line=line)


@rule("F205")
def unmapped(line: int | None, what: str, name: str) -> Iterator[Problem]:
    """Each type in the files stands in the map; `null` there leaves it out.

    Why: what is left out should be left out because somebody said so.
    Fails: a T line of type Person, and no `spans: {Person: …}` in the map.
    Passes: `spans: {Person: null}`.
    See: docs/interchange.md
    """
    yield Problem(f"the map says nothing of {what} {quote(name)}; map it, or leave it out with null", line=line)


@rule("F206")
def id_twice(line: int | None, ref: str, first: int | None) -> Iterator[Problem]:
    """An id stands for one item of a file.

    Why: of two items with one id, none can be pointed to. The first is taken.
    Fails: two lines T1.
    Passes: T1 and T2.
    See: docs/interchange.md
    """
    where = f" (line {first})" if first else ""
    yield Problem(f"the id {quote(ref)} is taken already{where}; give the line its own", line=line)


@rule("F207")
def dangling(line: int | None, ref: str, why: str) -> Iterator[Problem]:
    """What a line points to is there, and was taken.

    Why: a relation needs both its ends.
    Fails: `R1<tab>Says Arg1:T1 Arg2:T9` with no T9, or with a T9 whose offsets are wrong.
    Passes: both ends taken.
    See: docs/interchange.md
    """
    yield Problem(f"points to {quote(ref)}, which {why}; fix that line, or this one", line=line)


@rule("F208")
def no_place(line: int | None, what: str) -> Iterator[Problem]:
    """What a line says has a place in the corpus.

    Why: relations of a corpus have no attributes, and a span has one value of each attribute of its label.
    Fails: an attribute of a relation; an attribute that the inventory does not give to the label; a second value.
    Passes: an attribute that the label has.
    See: docs/interchange.md
    """
    yield Problem(f"{what}; leave the line out, or add to the inventory", line=line)


@rule("F209")
def value_unknown(line: int | None, attribute: str, value: object) -> Iterator[Problem]:
    """The value of an attribute is one that the inventory has.

    Why: a value that is not declared is a class that nobody defined.
    Fails: `A1<tab>Rank T1 boss`, with no `boss` in the map's values nor in the inventory.
    Passes: `values: {boss: master}` in the map.
    See: docs/interchange.md
    """
    yield Problem(f"{quote(value)} is no value of {attribute}; map it to one", line=line)


@rule("F210")
def trigger_shared(line: int | None, ref: str) -> Iterator[Problem]:
    """A trigger belongs to one event.

    Why: an event becomes relations of its trigger's span; two events on one span would become one.
    Fails: `E2<tab>Attack:T5 …` where E1 has T5 as well.
    Passes: a trigger for each.
    See: docs/interchange.md
    """
    yield Problem(f"{quote(ref)} is the trigger of another event already; give each its own", line=line)


RULES: tuple[Rule, ...] = (
    text_missing,
    labels_missing,
    unreadable,
    article_refused,
    line_unreadable,
    misplaced,
    fixed,
    between_characters,
    unmapped,
    id_twice,
    dangling,
    no_place,
    value_unknown,
    trigger_shared,
)
