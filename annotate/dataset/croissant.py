"""`croissant.json`: the dataset in the Croissant vocabulary, with what is known of its making as responsible-AI fields.

After https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html and croissant-rai-spec.html beside it. A table's
rows of one split are a record set, `<table>/<split>`, read from a Parquet file or a set of them. Croissant 1.0 knows no
list within a list: such a column is left out there, and the record set's description names it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from annotate.dataset.facts import Author, Facts, counted, described
from annotate.dataset.features import Feature
from annotate.dataset.writer import Table

VERSION = "http://mlcommons.org/croissant/1.0"
RAI_VERSION = "http://mlcommons.org/croissant/RAI/1.0"

# The specification's whole context, although some of its terms are not in use here: readers warn where it is not.
_TERMS = (
    *("citeAs", "column", "data", "dataType", "equivalentProperty", "examples", "extract", "field", "fileObject"),
    *(
        "fileProperty",
        "fileSet",
        "format",
        "includes",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
    ),
    *("recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
    "transform",
)
_TYPED = {"data": "@json", "dataType": "@vocab", "examples": "@json"}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{name: {"@id": f"cr:{name}", "@type": _TYPED[name]} if name in _TYPED else f"cr:{name}" for name in _TERMS},
    "conformsTo": "dct:conformsTo",
}

_TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "int": "sc:Integer", "uint": "sc:Integer", "float": "sc:Float"}
_UNSUITABLE = "unsuitable_uses"
_RAI = {
    "rai:dataCollection": ("curation_rationale",),
    "rai:dataCollectionRawData": ("speakers", "situation", "text_characteristics", "language_variety"),
    "rai:dataAnnotationProtocol": ("process",),
    "rai:annotatorDemographics": ("annotators",),
    "rai:dataLimitations": ("limits",),
    "rai:dataUseCases": ("intended_uses",),
    "rai:dataSocialImpact": (_UNSUITABLE,),
    "rai:personalSensitiveInformation": ("sensitive_content",),
    "rai:dataReleaseMaintenancePlan": ("maintenance",),
}
"""Responsible-AI property → the headings of the data statement that say it."""


def croissant(facts: Facts) -> bytes:
    """The bytes of croissant.json: of the facts alone, so that the same corpus gives the same."""
    cited = facts.citation
    known = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [VERSION, RAI_VERSION],
        "name": facts.inventory.title,
        "description": f"{facts.inventory.about} {_rights(facts)}",
        "version": facts.corpus,
        "license": facts.licence.url if facts.licence else None,
        "inLanguage": sorted(facts.counts.languages),
        "keywords": list(cited.keywords) if cited else [],
        "creator": [_creator(author) for author in cited.authors] if cited else [],
        "citeAs": cited.bibtex if cited else None,
        "datePublished": cited.released if cited else None,
        "url": cited.url if cited else None,
        **_responsible(facts),
        "distribution": [
            *(_file(table) for table in facts.files),
            *(_files(table) for table in facts.tables if table not in facts.files),
        ],
        "recordSet": [_record_set(facts, table) for table in facts.tables if table.rows],
    }
    document = {name: value for name, value in known.items() if value}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _rights(facts: Facts) -> str:
    words = " ".join(sorted(facts.counts.rights))
    licence = "The licence is that of the labels" if facts.licence else "No licence is named for the labels"
    return f"{licence}; of the articles' texts: {words}"


def _creator(author: Author) -> dict[str, str]:
    return {"@type": "sc:Person" if author.person else "sc:Organization", "name": author.name}


def _responsible(facts: Facts) -> dict[str, object]:
    """What the data statement, the annotators' records and the agreement say."""
    found: dict[str, object] = {
        name: " ".join(_said(heading, facts.statement[heading]) for heading in headings if heading in facts.statement)
        for name, headings in _RAI.items()
    }
    counts = facts.counts
    passes, articles = counts.labelled.total(), counts.articles.total()
    found["rai:annotationsPerItem"] = (
        f"{counted(articles, 'article')}, {counted(passes, 'annotation')} by"
        f" {counted(len(counts.labelled), 'annotator')}; {counts.processes['adjudicated']:,} adjudicated,"
        f" {counts.processes['single pass']:,} labelled in a single pass."
    )
    names = sorted({*counts.labelled, *counts.adjudicated} & set(facts.annotators))
    found["rai:machineAnnotationTools"] = [
        f"{name}: {facts.annotators[name].training}" for name in names if facts.annotators[name].kind == "model"
    ]
    if facts.agreement:
        found["rai:dataAnnotationAnalysis"] = [facts.agreement.note, *_agreement_lines(facts)]
    return found


def _said(heading: str, words: str) -> str:
    """What the data statement says under a heading; with the heading where the words alone would mean the contrary."""
    return f"Unsuitable uses: {words}" if heading == _UNSUITABLE else words


def _agreement_lines(facts: Facts) -> Iterator[str]:
    assert facts.agreement is not None  # noqa: S101 - the caller's
    for row in facts.agreement.rows:
        yield ", ".join(f"{head}: {cell.strip('`*')}" for head, cell in zip(facts.agreement.head, row, strict=True))


def _named(type_: str, table: Table) -> dict[str, object]:
    """What a file, or a set of them, says of itself."""
    return {
        "@type": type_,
        "@id": table.file,
        "name": table.file,
        "description": f"{counted(table.rows, 'row')} of {table.config}, split {table.split}.",
    }


def _file(table: Table) -> dict[str, object]:
    return _named("cr:FileObject", table) | {
        "contentUrl": table.file,
        "contentSize": f"{table.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": table.sha256,
    }


def _files(table: Table) -> dict[str, object]:
    """All files of a table and split, where there are several."""
    return _named("cr:FileSet", table) | {
        "encodingFormat": "application/x-parquet",
        "includes": table.file,
    }


def _record_set(facts: Facts, table: Table) -> dict[str, object]:
    name = f"{table.config}/{table.split}"
    type_ = facts.types[table.config]
    features, words = type_.features, {column: text for column, _, text in described(type_)}
    kind = "fileObject" if table in facts.files else "fileSet"
    rows, fields, left_out = {kind: {"@id": table.file}}, [], []
    for column, feature in features.items():
        found = _field(rows, f"{name}/{column}", column, feature, words.get(column, ""))
        if found is None:
            left_out.append(column)
        else:
            fields.append(found)
            left_out += [f"{column}.{inner}" for inner in _lists_within(feature)]
    told = [type_.definition]
    if left_out:
        told.append(f"Lists within lists, which only the Parquet file has: {', '.join(left_out)}.")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": " ".join(told),
        **({"key": {"@id": f"{name}/id"}} if "id" in features else {}),
        "field": fields,
    }


def _field(
    rows: dict[str, dict[str, str]], place: str, column: str, feature: Feature, words: str
) -> dict[str, object] | None:
    """A column of the rows as a field; None for a list of lists, or a struct with nothing else in it."""
    listed = feature.get("_type") == "List"
    inner: Feature = feature["feature"] if listed else feature
    if inner.get("_type") == "List":
        return None
    field: dict[str, object] = {"@type": "cr:Field", "@id": place, "name": place}
    source = {**rows, "extract": {"column": column}}
    if listed:
        field["repeated"] = True
    if "_type" in inner:
        return field | _leaf(inner, words) | {"source": source}
    if words:
        field["description"] = words
    leaves = [
        {"@type": "cr:Field", "@id": f"{place}/{path}", "name": f"{place}/{path}", **_leaf(part, "")}
        | ({"repeated": True} if repeated else {})
        | {"source": source | {"transform": {"jsonPath": path}}}
        for path, part, repeated in _leaves(inner, "", listed)
    ]
    return field | {"subField": leaves} if leaves else None


def _leaves(struct: Feature, before: str, listed: bool) -> Iterator[tuple[str, Feature, bool]]:
    """Paths of the values in a struct, with their types, and whether each is a list; none that is a list in a list."""
    for name, feature in struct.items():
        path = f"{before}{name}"
        if "_type" not in feature:
            yield from _leaves(feature, f"{path}.", listed)
        elif feature["_type"] != "List":
            yield path, feature, False
        elif not listed and feature["feature"].get("_type") in ("Value", "ClassLabel"):
            yield path, feature["feature"], True


def _lists_within(feature: Feature) -> list[str]:
    """The names in a column that `_leaves` leaves out."""
    listed = feature.get("_type") == "List"
    inner: Feature = feature["feature"] if listed else feature
    if "_type" in inner:
        return []
    kept = {path for path, _, _ in _leaves(inner, "", listed)}
    return [name for name in inner if not any(path == name or path.startswith(f"{name}.") for path in kept)]


def _leaf(feature: Feature, words: str) -> dict[str, str]:
    """Type and meaning of a value; a class is an integer, whose names its description lists."""
    if feature["_type"] == "ClassLabel":
        names = ", ".join(f"{place} {name}" for place, name in enumerate(feature["names"]))
        return {"description": f"{words} Classes: {names}.".strip(), "dataType": "sc:Integer"}
    kind = _TYPES[str(feature["dtype"]).rstrip("0123456789")]
    return ({"description": words} if words else {}) | {"dataType": kind}
