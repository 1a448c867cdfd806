"""Read a dataset as typed rows: class ids as names, spans with their checked words, relations between spans.

A folder is read with `annotate.util.parquet`, which executes nothing and follows no links. A repository of the Hugging
Face Hub is read with the library `datasets`, which executes no code of a repository.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.dataset.class_ids import list_class_columns
from annotate.dataset.features import ARTICLES, Feature
from annotate.dataset.folder import CONVERSION_FORMAT, FORMAT, MANIFEST
from annotate.errors import CannotRun
from annotate.records import PIECE_SEPARATOR
from annotate.util.escape import quote, shorten
from annotate.util.files import read_bytes_if_present, reporting_read_errors
from annotate.util.typed_values import decode_as

_NEWEST = dict(newest.rsplit(" ", 1) for newest in (FORMAT, CONVERSION_FORMAT))
_TABLE_FILE = re.compile(r"(?P<split>[A-Za-z]\w*)-\d+(?:-of-\d+)?\.parquet")
_TABLE = re.compile(r"[A-Za-z]\w*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SPLITS = ("train", "validation", "test")
_TYPES = {"string": str, "int64": int, "float64": float}
_NO_METADATA = "has no metadata of `datasets`, which names its classes"
_HINT = "download or build the dataset again"
_LONGEST_REASON = 200
Range = tuple[int, int]


class LoadedSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A span, a mention that fills a role, or a passage.

    Attributes:
        start: The first code point in the text of the article.
        end: The code point after the last.
        text: The words; None in a dataset without text. Those of pieces are joined by ` … `.
        label: The label; None where the table has none.
        id: The id; None where the table has none.
        pieces: Start and end of each piece; one, unless the span is interrupted.
        attributes: Names and values of attributes that are set, and of other columns of the mention.
        note: A note of the annotator.
    """

    start: int
    end: int
    text: str | None
    label: str | None = None
    id: str | None = None
    pieces: tuple[Range, ...]
    attributes: dict[str, Any] = {}
    note: str | None = None


class LoadedRelation(msgspec.Struct, frozen=True, kw_only=True):
    """A relation between two spans."""

    label: str
    head: LoadedSpan
    tail: LoadedSpan
    note: str | None = None


class LoadedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table.

    Attributes:
        id: The id of the row.
        columns: All columns by name, with the names of classes in place of their ids.
    """

    id: str | None
    columns: dict[str, Any]


class LoadedArticle(LoadedRow, frozen=True, kw_only=True):
    """A row of `articles` or `annotations`.

    Attributes:
        article: The id of the article.
        text: The text; None in a dataset without text.
        spans: The spans, in the order of the text.
        relations: The relations.
    """

    article: str
    text: str | None
    spans: tuple[LoadedSpan, ...]
    relations: tuple[LoadedRelation, ...]


class LoadedTokens(LoadedRow, frozen=True, kw_only=True):
    """A row of `tokens`: a paragraph.

    Attributes:
        article: The id of the article.
        text: The paragraph; None in a dataset without text.
        tokens: The tokens, with offsets in the article.
        tags: The tags of the tokens by column.
        unfit: The spans that the tags do not express.
    """

    article: str
    text: str | None
    tokens: tuple[LoadedSpan, ...]
    tags: dict[str, tuple[str, ...]]
    unfit: tuple[LoadedSpan, ...]


class LoadedPair(LoadedRow, frozen=True, kw_only=True):
    """A row of `relations`: a pair of mentions.

    Attributes:
        article: The id of the article.
        label: The label of the relation, or `none`.
        head: The head.
        tail: The tail.
        context: The words around; None in a dataset without text.
    """

    article: str
    label: str
    head: LoadedSpan
    tail: LoadedSpan
    context: str | None


class LoadedRecord(LoadedRow, frozen=True, kw_only=True):
    """A row of a table of records.

    Attributes:
        article: The id of the article.
        anchor: The anchor. Its label is the name of the table: the rows do not have the label of the span.
        roles: The mentions that fill each role.
        paragraph: The paragraph of the anchor; None in a dataset without text.
    """

    article: str
    anchor: LoadedSpan
    roles: dict[str, tuple[LoadedSpan, ...]]
    paragraph: str | None


class LoadedLink(LoadedRow, frozen=True, kw_only=True):
    """A row of `links`.

    Attributes:
        kind: The kind of link.
        passages: The passages; the id of the article of each is in its attributes.
    """

    kind: str
    passages: tuple[LoadedSpan, ...]


class LoadedTable:
    """The rows of a table. Each iteration reads them from the start, a thousand at a time.

    Attributes:
        name: The name of the table.
        splits: The names of the splits whose rows it has.
        classes: The names of classes by the path of their column, such as `spans[].label`, in the order of their ids.
    """

    def __init__(self, name: str, parts: Sequence["_Part"]) -> None:
        self.name = name
        self.splits = tuple(dict.fromkeys(part.split for part in parts))
        self.classes = {path: tuple(names) for path, names in list_class_columns(parts[0].features)}
        self._parts = parts

    def __iter__(self) -> Iterator[LoadedRow]:
        """Yield the rows in the order of the splits.

        Raises:
            CannotRun: If a file cannot be read, or a row contradicts itself.
        """
        for part in self._parts:
            convert = _Converter(self.name, part.features)
            for index, row in part.read():
                try:
                    converted = convert(row)
                except _BadRow as error:
                    raise CannotRun(f"{part.where}, row {index}", str(error), _HINT) from None
                yield converted

    def __repr__(self) -> str:
        return f"LoadedTable({self.name!r}, splits={self.splits!r})"


class _Part(NamedTuple):
    """Some rows of one split."""

    split: str
    where: str
    features: Feature
    read: Callable[[], Iterable[tuple[int, Mapping[str, Any]]]]


def load(
    path_or_repo: str | Path, table: str = ARTICLES, revision: str | None = None, split: str | None = None
) -> LoadedTable:
    """Load a table of a dataset that `annotate build`, `convert` or `hydrate` made.

    Args:
        path_or_repo: The folder of the dataset, or OWNER/NAME of a dataset on the Hugging Face Hub. The Hub needs the
            extra `dataset`.
        table: The name of the table.
        revision: A tag, branch or commit on the Hub, such as the version of a release.
        split: The name of the split; by default all, in the order train, validation, test.

    Returns:
        The rows: `LoadedArticle` for `articles` and `annotations`, `LoadedTokens` for `tokens`, `LoadedPair` for
        `relations`, `LoadedLink` for `links`, and `LoadedRecord` for the tables of records.

    Raises:
        CannotRun: If there is no such dataset, table or split, or if the dataset has a newer format. While rows are
            read: if they contradict themselves, such as a span whose words are not those of the text.
    """
    folder = Path(path_or_repo)
    if folder.is_dir():
        if revision is not None:
            raise CannotRun(folder, "is a folder, which has no revisions", "leave out `revision`, or name a repository")
        parts = _open_folder(folder, table)
    elif os.path.lexists(folder):
        raise CannotRun(folder, "is not a folder", "name the folder that `annotate build` wrote")
    elif isinstance(path_or_repo, str) and _REPOSITORY.fullmatch(path_or_repo):
        parts = list(_open_repository(path_or_repo, table, revision))
    else:
        raise CannotRun(folder, "no such folder", "name a folder of `annotate build`, or OWNER/NAME on the Hub")
    splits = list(dict.fromkeys(part.split for part in parts))
    if split is not None and split not in splits:
        raise CannotRun(path_or_repo, f"{table} has no split {quote(split)}", f"choose from {', '.join(splits)}")
    return LoadedTable(table, [part for part in parts if split in (None, part.split)])


def _open_folder(folder: Path, table: str) -> list[_Part]:
    """Return a part for each file of a table."""
    hint = "name the folder that `annotate build` wrote"
    _require_format(folder / MANIFEST, read_bytes_if_present(folder / MANIFEST, hint, within=folder))
    data = folder / "data"
    with reporting_read_errors(data, hint):
        tables = sorted(path.name for path in data.iterdir() if path.is_dir() and _TABLE.fullmatch(path.name))
        if table not in tables:
            raise CannotRun(folder, f"has no table {quote(table)}", f"choose from {', '.join(tables) or 'none'}")
        names = sorted(path.name for path in (data / table).iterdir())
    matches = [match for match in map(_TABLE_FILE.fullmatch, names) if match]
    if not matches:
        raise CannotRun(data / table, "has no files such as train-00000-of-00001.parquet", _HINT)
    matches.sort(key=lambda match: (_order_split(match["split"]), match[0]))
    return [_open_file(data / table / match[0], match["split"], folder) for match in matches]


def _open_file(path: Path, split: str, folder: Path) -> _Part:
    from annotate.util.parquet import BrokenParquet, read_metadata, read_rows

    def read() -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            with reporting_read_errors(path, _HINT):
                yield from read_rows(path, within=folder)
        except BrokenParquet as error:
            raise CannotRun(path, str(error), _HINT) from error

    try:
        with reporting_read_errors(path, _HINT):
            metadata = read_metadata(path, within=folder)
    except BrokenParquet as error:
        raise CannotRun(path, str(error), _HINT) from error
    try:
        features = msgspec.json.decode(metadata[b"huggingface"])["info"]["features"]
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        raise CannotRun(path, _NO_METADATA, _HINT) from None
    _require_features(path, features)
    return _Part(split, str(path), features, read)


def _open_repository(repo: str, table: str, revision: str | None) -> Iterator[_Part]:
    """Yield a part for each split of a table on the Hub."""
    try:
        import datasets
        from datasets.exceptions import DatasetsError
        from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
    except ImportError as error:
        hint = "reading from the Hub needs it: pip install 'contested-claims[dataset]'"
        raise CannotRun(repo, "no such folder, and the library datasets is not installed", hint) from error
    from annotate.dataset.hub import REPO_TYPE, connect, translate_errors

    with translate_errors(repo):
        try:
            manifest = connect(progress=False).hf_hub_download(repo, MANIFEST, repo_type=REPO_TYPE, revision=revision)
        except EntryNotFoundError:
            manifest = None
        except RevisionNotFoundError:
            raise CannotRun(repo, f"has no revision {quote(revision)}", "name a tag, a branch or a commit") from None
        except RepositoryNotFoundError:
            problem = "no such folder, and the Hub has no such dataset, or it is private"
            raise CannotRun(repo, problem, "check the name, or log in with `hf auth login`") from None
    if manifest:
        _require_format(f"{repo}, {MANIFEST}", read_bytes_if_present(manifest, _HINT, within=None))
    try:
        splits = datasets.load_dataset(repo, table, revision=revision)
    except (DatasetsError, OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        reason = shorten(" ".join(str(error).split()), _LONGEST_REASON)
        raise CannotRun(repo, f"{table} cannot be loaded: {reason}", "check its name and `revision`") from error
    for split in sorted(splits, key=_order_split):
        rows = splits[split]
        features = rows.features.to_dict()
        where = f"{repo}, {table}, {split}"
        _require_features(where, features)
        yield _Part(split, where, features, lambda rows=rows: enumerate(rows))  # type: ignore[misc]


def _order_split(split: str) -> tuple[int, str]:
    return (_SPLITS.index(split) if split in _SPLITS else len(_SPLITS), split)


class _ManifestHead(msgspec.Struct):
    format: str


def _require_format(where: str | Path, data: bytes | None) -> None:
    """Check that a manifest is of a format that can be read; without one, the tables tell."""
    if data is None:
        return
    try:
        name, _, number = decode_as(data, _ManifestHead).format.rpartition(" ")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise CannotRun(where, "is not the manifest of a dataset", _HINT) from None
    newest = _NEWEST.get(name)
    if newest is None or not re.fullmatch("[0-9]{1,9}", number):
        problem = f"is the manifest of {quote(f'{name} {number}')}, not of a dataset"
        raise CannotRun(where, problem, "name the folder that `annotate build` wrote")
    if int(number) > int(newest):
        hint = "install a newer version of contested-claims"
        raise CannotRun(where, f"has format {number}, newer than {newest}, the newest that this version reads", hint)


def _require_features(where: str | Path, features: Any) -> None:
    """Check that the types of columns are some that `annotate build` writes."""
    try:
        is_known = isinstance(features, dict) and all(map(_is_known, features.values()))
    except RecursionError:
        is_known = False
    if not is_known:
        raise CannotRun(where, "has a column of a type that this version does not know", _HINT)


def _is_known(feature: Any) -> bool:
    if not isinstance(feature, dict):
        return False
    kind = feature.get("_type")
    if kind == "Value":
        return isinstance(feature.get("dtype"), str)
    if kind == "ClassLabel":
        names = feature.get("names")
        return isinstance(names, list) and all(isinstance(name, str) for name in names)
    if kind == "List":
        return _is_known(feature.get("feature"))
    return (kind is None or isinstance(kind, dict)) and all(map(_is_known, feature.values()))


class _BadRow(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """A row contradicts itself or its types."""


class _Text(NamedTuple):
    """A text, or None, and where it starts in its article; whether it is the whole."""

    words: str | None
    start: int = 0
    is_whole: bool = True


class _Converter:
    """Converts the rows of one table.

    Args:
        table: The name of the table.
        features: The types of its columns.
    """

    def __init__(self, table: str, features: Feature) -> None:
        self._table, self._features = table, features
        self._mentions = [name for name, feature in features.items() if _is_mention_list(feature)]
        self._tags = [
            name
            for name, feature in features.items()
            if feature.get("_type") == "List" and feature["feature"].get("_type") == "ClassLabel"
        ]
        names = features.keys()
        if names >= {"spans", "relations", "text"}:
            self._convert: Callable[[dict[str, Any]], LoadedRow] = self._make_article
        elif names >= {"tokens", "starts", "ends", "unfit", "text", "article", "start"}:
            self._convert = self._make_tokens
        elif names >= {"head", "tail", "label", "context", "article"}:
            self._convert = self._make_pair
        elif names >= {"passages", "kind"}:
            self._convert = self._make_link
        elif names >= {"span_id", "start", "end", "text", "paragraph", "article"}:
            self._convert = self._make_record
        else:
            self._convert = lambda row: LoadedRow(id=_get_text(row, "id", "row"), columns=row)

    def __call__(self, row: Mapping[str, Any]) -> LoadedRow:
        missing = self._features.keys() - row.keys()
        if missing:
            raise _BadRow(f"column {quote(min(missing))} is missing")
        return self._convert({name: _decode(row[name], feature, name) for name, feature in self._features.items()})

    def _make_article(self, row: dict[str, Any]) -> LoadedArticle:
        text = _Text(_get_text(row, "text", "row"))
        spans = _make_spans(_get_list(row, "spans", "row"), text, "span")
        relations = []
        for index, relation in enumerate(_get_list(row, "relations", "row")):
            where = f"relation {index}"
            head, tail = (_find_end(relation, end, spans, where) for end in ("head", "tail"))
            label = _require(relation, "label", str, where)
            relations.append(LoadedRelation(label=label, head=head, tail=tail, note=_get_text(relation, "note", where)))
        article = _require(row, "article" if "article" in row else "id", str, "row")
        return LoadedArticle(
            id=_get_text(row, "id", "row"),
            columns=row,
            article=article,
            text=text.words,
            spans=spans,
            relations=tuple(relations),
        )

    def _make_tokens(self, row: dict[str, Any]) -> LoadedTokens:
        text = _Text(_get_text(row, "text", "row"), _require(row, "start", int, "row"), is_whole=False)
        columns = [_get_list(row, name, "row") for name in ("tokens", "starts", "ends")]
        tags = {name: tuple(_get_list(row, name, "row")) for name in self._tags}
        if len({*map(len, columns), *map(len, tags.values())}) > 1:
            raise _BadRow("tokens, starts, ends and tags differ in length")
        values = [{"text": word, "start": start, "end": end} for word, start, end in zip(*columns, strict=True)]
        return LoadedTokens(
            id=_get_text(row, "id", "row"),
            columns=row,
            article=_require(row, "article", str, "row"),
            text=text.words,
            tokens=_make_spans(values, text, "token"),
            tags=tags,
            unfit=_make_spans(_get_list(row, "unfit", "row"), text, "unfit span"),
        )

    def _make_pair(self, row: dict[str, Any]) -> LoadedPair:
        text = _read_passage(row["context"], "context")
        head, tail = (_make_span(row[name], text, name) for name in ("head", "tail"))
        return LoadedPair(
            id=_get_text(row, "id", "row"),
            columns=row,
            article=_require(row, "article", str, "row"),
            label=_require(row, "label", str, "row"),
            head=head,
            tail=tail,
            context=text.words,
        )

    def _make_link(self, row: dict[str, Any]) -> LoadedLink:
        passages = _make_spans(_get_list(row, "passages", "row"), _Text(None), "passage")
        return LoadedLink(
            id=_get_text(row, "id", "row"), columns=row, kind=_require(row, "kind", str, "row"), passages=passages
        )

    def _make_record(self, row: dict[str, Any]) -> LoadedRecord:
        text = _read_passage(row["paragraph"], "paragraph")
        place = {name: row.get(name) for name in ("text", "start", "end", "pieces")}
        anchor = _make_span({**place, "id": row["span_id"], "label": self._table}, text, "anchor")
        roles = {name: _make_spans(_get_list(row, name, "row"), text, name) for name in self._mentions}
        article = _require(row, "article", str, "row")
        return LoadedRecord(
            id=_get_text(row, "id", "row"),
            columns=row,
            article=article,
            anchor=anchor,
            roles=roles,
            paragraph=text.words,
        )


def _is_mention_list(feature: Feature) -> bool:
    return feature.get("_type") == "List" and feature["feature"].keys() >= {"start", "end", "text"}


def _decode(value: Any, feature: Feature, where: str) -> Any:
    """Return a value with the names of classes in place of their ids."""
    if value is None:
        return None
    kind = feature.get("_type")
    if kind == "ClassLabel":
        names = feature["names"]
        if type(value) is not int or not 0 <= value < len(names):
            raise _BadRow(f"{where} has no class {quote(value)}, only 0 to {len(names) - 1}")
        return names[value]
    if kind == "List":
        if not isinstance(value, list):
            raise _BadRow(f"{where} is not a list")
        return [_decode(item, feature["feature"], f"{where}[]") for item in value]
    if kind == "Value":
        if type(value) is not _TYPES.get(feature["dtype"], type(value)):
            raise _BadRow(f"{where} is {quote(value)}, not of type {feature['dtype']}")
        return value
    if not isinstance(value, dict) or feature.keys() - value.keys():
        raise _BadRow(f"{where} is not a struct with {', '.join(feature)}")
    return {name: _decode(value[name], part, f"{where}.{name}") for name, part in feature.items()}


def _require(values: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = values.get(name)
    if type(value) is not kind:
        raise _BadRow(f"{where}: {name} is {quote(value)}, not {'a number' if kind is int else 'text'}")
    return value


def _read_passage(value: Any, where: str) -> _Text:
    if not isinstance(value, dict):
        return _Text(None)
    return _Text(_get_text(value, "text", where), _require(value, "start", int, where), is_whole=False)


def _get_text(values: Mapping[str, Any], name: str, where: str) -> str | None:
    return None if values.get(name) is None else str(_require(values, name, str, where))


def _get_list(values: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = values.get(name)
    if not isinstance(value, list | None):
        raise _BadRow(f"{where}: {name} is {quote(value)}, not a list")
    return value or []


def _make_spans(values: Sequence[Any], text: _Text, where: str) -> tuple[LoadedSpan, ...]:
    return tuple(_make_span(value, text, f"{where} {index}") for index, value in enumerate(values))


def _make_span(value: Any, text: _Text, where: str) -> LoadedSpan:
    """Make a span of a decoded struct, and check its words where the text has them."""
    if not isinstance(value, dict):
        raise _BadRow(f"{where} is {quote(value)}, not a span")
    start, end = _require_range(value, where)
    pieces = tuple(_require_range(piece, where) for piece in _get_list(value, "pieces", where)) or ((start, end),)
    words, stored = None, _get_text(value, "text", where)
    if isinstance(text.words, str):
        shifted = [(first - text.start, last - text.start) for first, last in pieces]
        if all(0 <= first <= last <= len(text.words) for first, last in shifted):
            words = PIECE_SEPARATOR.join(text.words[first:last] for first, last in shifted)
            if stored not in (None, words):
                raise _BadRow(f"{where}: the text has {quote(words)} at {start}–{end}, not {quote(stored)}")
        elif text.is_whole:
            raise _BadRow(f"{where}: {start}–{end} is not a range of the text, which has {len(text.words)} characters")
    used = {"start", "end", "text", "pieces", "label", "id", "note", "attributes", "in_context"}
    others = {name: part for name, part in value.items() if name not in used}
    attributes = value.get("attributes")
    attributes = {**(attributes if isinstance(attributes, dict) else {}), **others}
    return LoadedSpan(
        start=start,
        end=end,
        text=words if words is not None else stored,
        label=_get_text(value, "label", where),
        id=_get_text(value, "id", where),
        pieces=pieces,
        attributes={name: part for name, part in attributes.items() if part is not None},
        note=_get_text(value, "note", where),
    )


def _require_range(value: Any, where: str) -> Range:
    if not isinstance(value, dict):
        raise _BadRow(f"{where} has {quote(value)} as a range")
    start, end = _require(value, "start", int, where), _require(value, "end", int, where)
    if not 0 <= start <= end:
        raise _BadRow(f"{where}: {start}–{end} is not a range")
    return start, end


def _find_end(relation: Any, end: str, spans: Sequence[LoadedSpan], where: str) -> LoadedSpan:
    if not isinstance(relation, dict):
        raise _BadRow(f"{where} is {quote(relation)}, not a relation")
    index: int = _require(relation, end, int, where)
    if not 0 <= index < len(spans):
        raise _BadRow(f"{where}: {end} {index} is not the index of a span")
    id_ = relation.get(f"{end}_id")
    if id_ is not None and id_ != spans[index].id:
        raise _BadRow(f"{where}: {end} {index} is span {quote(spans[index].id)}, not {quote(id_)}")
    return spans[index]
