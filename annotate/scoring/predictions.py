"""Files of labels that are no annotation files → annotations, for `annotate score`: rows of the dataset, or BIO.

Rows of the dataset's table `articles` → annotations, for `annotate score`: class ids or names, from any library.

Tokens with BIO tags → annotations, for `annotate score`: rows of the table `tokens`, or lines of CoNLL.

The tokens of an article are laid onto its text, one after the other, so those of any tokenizer will do that leaves no
word out and changes none. Each column of tags gives spans of its own, which may overlap those of another.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.offsets import sha256
from annotate.scoring.score import labelled
from annotate.tokens import Misplaced, places, runs, tag_names
from annotate.util.files import read_bytes

Row = Mapping[str, Any]
HINT = "write it as a row of the table articles has it"


def of_row(row: Row, where: str, text: str, inventory: Inventory) -> Annotation:
    """The spans and relations of a row; what else it has is not looked at.

    Raises CannotRun for an unknown label, attribute or value, for a span outside of the text or with other words than
    stand there, and for a relation to no span.
    """
    spans = [
        _span(one, number, f"{where}, span {number}", text, inventory)
        for number, one in enumerate(_listed(row, "spans", where))
    ]
    ids = {span.id for span in spans}
    if len(ids) < len(spans):
        raise CannotRun(where, "two spans have one id", "give each its own, or none")
    ties = [
        _relation(one, f"{where}, relation {number}", spans, ids, inventory)
        for number, one in enumerate(_listed(row, "relations", where))
    ]
    return labelled(str(row.get("id")), text, inventory, spans, ties)


def named(value: Any, names: Sequence[str], known: Mapping[str, Any], what: str, where: str) -> str:
    """The name of a class that is given by its id or its name; only those that the inventory still knows."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        value = names[value]
    if not isinstance(value, str) or value not in known:
        raise CannotRun(where, f"no {what} is called {value!r}", f"use one of: {', '.join(known)}")
    return value


def _listed(row: Row, name: str, where: str) -> list[Mapping[str, Any]]:
    found = row.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise CannotRun(where, f"{name} is no list of objects", HINT)
    return found


def _span(one: Mapping[str, Any], number: int, where: str, text: str, inventory: Inventory) -> Span:
    label = named(one.get("label"), inventory.classes.spans, inventory.spans, "span label", where)
    start, end = one.get("start"), one.get("end")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        raise CannotRun(where, f"{start}–{end} is no place in the text", "count code points from 0, the end half open")
    words = text[start:end]
    if one.get("text") not in (None, words):
        raise CannotRun(where, f"its words do not stand at {start}–{end}", "count code points from 0")
    return Span(
        id=str(one.get("id") or f"s{number}"),
        label=label,
        start=start,
        end=end,
        text=words,
        attributes=_attributes(one.get("attributes") or {}, where, inventory),
    )


def _attributes(values: Mapping[str, Any], where: str, inventory: Inventory) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for name, value in values.items():
        if value is None:
            continue
        if name not in inventory.attributes:
            raise CannotRun(where, f"no attribute is called {name!r}", f"use of: {', '.join(inventory.attributes)}")
        attribute = inventory.attributes[name]
        if attribute.type == "choice":
            found[name] = named(value, inventory.classes.attributes[name], attribute.values, f"value of {name}", where)
        else:
            found[name] = value
    return found


def _relation(
    one: Mapping[str, Any], where: str, spans: Sequence[Span], ids: set[str], inventory: Inventory
) -> Relation:
    label = named(one.get("label"), inventory.classes.relations, inventory.relations, "relation", where)
    ends = []
    for end in ("head", "tail"):
        value = one.get(f"{end}_id", one.get(end))
        if isinstance(value, int) and 0 <= value < len(spans):
            value = spans[value].id
        if value not in ids:
            raise CannotRun(where, f"its {end} {value!r} is no span of the row", "name a span by its place or its id")
        ends.append(str(value))
    return Relation(label=label, head=ends[0], tail=ends[1])


ARTICLE, COLUMNS = "# article = ", "# columns = "
PLACES = ["START", "END"]
SAME_TOKENS = "give every token of the article, in its order and as it is written there"


class Stretch(NamedTuple):
    """Tokens that stand together, where each is in the file, and columns of a tag a token."""

    words: list[str]
    at: list[str]
    columns: list[list[str]]


def of_stretches(article: str, stretches: Sequence[Stretch], where: str, text: str, inventory: Inventory) -> Annotation:
    """The spans of an article's stretches, in the order of the text; a span ends with its stretch.

    Raises CannotRun for tokens that are not those of the text, for too few of them, and for unknown labels and tags.
    """
    at = [place for stretch in stretches for place in stretch.at]
    try:
        laid = places(text, (word for stretch in stretches for word in stretch.words))
    except Misplaced as error:
        raise CannotRun(at[error.number] if error.number < len(at) else where, str(error), SAME_TOKENS) from error
    spans: list[Span] = []
    first = 0
    for stretch in stretches:
        for tags in stretch.columns:
            try:
                found = list(runs(tags))
            except Misplaced as error:
                raise CannotRun(stretch.at[error.number], str(error), "write B-label, I-label or O") from error
            for label, begin, end in found:
                named(label, (), inventory.spans, "span label", stretch.at[begin])
                start, stop = laid[first + begin][0], laid[first + end - 1][1]
                name = f"s{len(spans) + 1}"
                spans.append(Span(id=name, label=label, start=start, end=stop, text=text[start:stop]))
        first += len(stretch.words)
    return labelled(article, text, inventory, spans)


def of_rows(rows: Iterable[tuple[str, Row]], inventory: Inventory) -> dict[str, list[Stretch]]:
    """Rows of `tokens`, by article and in the order of `number`: tags as class ids or words, in the layers' columns."""
    found: dict[str, list[tuple[int, Stretch]]] = defaultdict(list)
    for where, row in rows:
        words = row.get("tokens")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise CannotRun(where, "its tokens are no list of words", "write it as a row of the table tokens has it")
        columns = list(_columns(row, len(words), where, inventory))
        number, at = row.get("number"), [f"{where}, token {place}" for place in range(len(words))]
        article = found[str(row.get("article"))]
        article.append((number if isinstance(number, int) else len(article), Stretch(words, at, columns)))
    return {name: [one for _, one in sorted(parts, key=lambda part: part[0])] for name, parts in found.items()}


def _columns(row: Row, length: int, where: str, inventory: Inventory) -> Iterator[list[str]]:
    names = [name for name in row if _layer(name, inventory)]
    if not names:
        raise CannotRun(where, "has no column of tags", f"name one after a layer, as {next(iter(inventory.layers))}_1")
    for name in names:
        tags = row[name]
        if not isinstance(tags, list) or len(tags) != length:
            number = len(tags) if isinstance(tags, list) else "no"
            raise CannotRun(where, f"{name} has {number} tags for {length} tokens", "give each token one")
        classes = tag_names(inventory.classes.layers[str(_layer(name, inventory))])
        yield [_tag(tag, classes, f"{where}, {name}") for tag in tags]


def _layer(column: str, inventory: Inventory) -> str | None:
    found = re.fullmatch(r"(.+)_\d+", column)
    return found[1] if found and found[1] in inventory.layers else None


def _tag(tag: Any, classes: Sequence[str], where: str) -> str:
    if isinstance(tag, str):
        return tag
    if isinstance(tag, int) and 0 <= tag < len(classes):
        return classes[tag]
    raise CannotRun(where, f"{tag!r} is no tag", "give its class id, or B-label, I-label or O")


def of_lines(lines: Iterable[str], file: str, article: str) -> dict[str, list[Stretch]]:
    """CoNLL: a token a line, then tabs or spaces and a tag a column; an empty line between sentences is allowed.

    `# article = ID` begins an article, without it all is of `article`. With `# columns = FORM START END …`, or where
    two numbers follow the word, the tags stand behind these. A span may go on over an empty line, as in our export.
    """
    found: dict[str, Stretch] = {}
    here = article
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        if line.startswith(ARTICLE):
            here = line.removeprefix(ARTICLE).strip()
        if not line.strip() or line.startswith("# "):
            continue
        where = f"{file}:{number}"
        word, *rest = line.split("\t") if "\t" in line else line.split()
        tags = rest[2:] if len(rest) > 2 and all(one.isdecimal() for one in rest[:2]) else rest
        stretch = found.setdefault(here, Stretch([], [], [[] for _ in tags]))
        if not tags or len(tags) != len(stretch.columns):
            raise CannotRun(where, f"has {len(tags)} columns of tags", "give each token as many as the first")
        stretch.words.append(word)
        stretch.at.append(where)
        for column, tag in zip(stretch.columns, tags, strict=True):
            column.append(tag)
    return {name: [stretch] for name, stretch in found.items()}


def is_tokens(row: Mapping[str, Any]) -> bool:
    return "tokens" in row and "article" in row


ROWS = (".parquet", ".jsonl")
TAGS = (".conll", ".bio", ".iob", ".iob2")
GOLD_TABLE = "data/articles"

Text = Callable[[str], str | None]
"""Article → its text, None for an article that nobody knows."""


class Found(NamedTuple):
    """An annotation, the file that it stands in, and the text that it is of."""

    path: Path
    text: str
    annotation: Annotation


def files(path: Path) -> list[Path]:
    """The files of rows or tags that a path stands for: itself, those in it, or the articles of a dataset folder.

    Empty for a folder of annotation files. Raises CannotRun for a file of another kind, and for no file at all.
    """
    if path.is_dir():
        folder = path / GOLD_TABLE if (path / GOLD_TABLE).is_dir() else path
        return sorted(one for one in folder.iterdir() if one.suffix in (*ROWS, *TAGS) and not one.name.startswith("."))
    if not path.exists():
        raise CannotRun(path, "no such file or folder", "name annotation files, rows of the dataset, or BIO")
    if path.suffix not in (*ROWS, *TAGS):
        hint = f"name it {', '.join((*ROWS, *TAGS))}, or give a folder of annotation files"
        raise CannotRun(path, "its name does not say what it holds", hint)
    return [path]


def read(paths: list[Path], text_of: Text, inventory: Inventory, own_texts: bool = False) -> Iterator[Found]:
    """The annotations of files, an article each.

    The text of an article is `text_of`, or else, with `own_texts`, that of its row. Raises CannotRun, naming the file
    and the place, for whatever does not fit the text or the inventory, for an article that is unknown or appears twice,
    and for nothing.
    """
    seen: set[str] = set()
    for path in paths:
        some = False
        for found in _read(path, text_of, inventory, own_texts):
            if found.annotation.article in seen:
                raise CannotRun(path, f"article {found.annotation.article!r} appears twice", "give each article once")
            seen.add(found.annotation.article)
            some = True
            yield found
        if not some:
            raise CannotRun(path, "holds no labels", "give a row an article, or a token a line")


def _read(path: Path, text_of: Text, inventory: Inventory, own_texts: bool) -> Iterator[Found]:
    if path.suffix in TAGS:
        lines = _decoded(path).split("\n")
        yield from _tagged(path, of_lines(lines, str(path), path.stem), text_of, inventory)
        return
    rows = [(where, _whole(row)) for where, row in (_parquet(path) if path.suffix == ".parquet" else _jsonl(path))]
    if rows and all(is_tokens(row) for _, row in rows):
        yield from _tagged(path, of_rows(rows, inventory), text_of, inventory)
        return
    for where, given in rows:
        row = _of_export(given) or given
        if "spans" not in row or not isinstance(row.get("id"), str):
            hint = "give id and spans, or article and tokens, or export it with `annotate export --format jsonl`"
            raise CannotRun(where, "is a row of neither articles nor tokens", hint)
        text = _text(where, row["id"], text_of, row.get("text") if own_texts else None)
        if row.get("text_sha256") not in (None, sha256(text)):
            raise CannotRun(where, "was made on another text", "make it on the text as it is now")
        yield Found(path, text, of_row(row, where, text, inventory))


def _whole(value: Any) -> Any:
    """A row with integers where they are written as floats: pandas does so where one of a column is missing."""
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def _of_export(row: dict[str, Any]) -> dict[str, Any] | None:
    """A line of `annotate export --format jsonl`, article and annotation, as a row of articles; None for other rows."""
    article, annotation = row.get("article"), row.get("annotation")
    if not isinstance(article, dict) or not isinstance(annotation, dict):
        return None
    return {**annotation, "id": annotation.get("article"), "text": article.get("text")}


def _tagged(path: Path, found: dict[str, list[Stretch]], text_of: Text, inventory: Inventory) -> Iterator[Found]:
    for article, stretches in found.items():
        where = f"{path}, {article}"
        text = _text(where, article, text_of, None)
        yield Found(path, text, of_stretches(article, stretches, where, text, inventory))


def _text(where: str, article: str, text_of: Text, own: object) -> str:
    text = text_of(article)
    if text is None and not isinstance(own, str):
        hint = "name an article of the corpus, or of the gold rows"
        raise CannotRun(where, f"no article is called {article!r}", hint)
    return str(own) if text is None else text


def _decoded(path: Path) -> str:
    try:
        return read_bytes(path, "name another file").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRun(path, f"is not UTF-8 (byte {error.start})", "convert it first") from error


def _jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_decoded(path).split("\n"), 1):
        if line.strip():
            try:
                yield f"{path}:{number}", msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.MsgspecError, RecursionError) as error:
                raise CannotRun(f"{path}:{number}", str(error), "write one JSON object a line") from error


def _parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise CannotRun(path, f"is no Parquet: {' '.join(str(error).split())[:200]}", "write it again") from error
    for number, row in enumerate(table.to_pylist()):
        yield f"{path}, row {number}", row
