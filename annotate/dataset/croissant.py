"""`croissant.json`: the dataset in the Croissant vocabulary, with how it was made as responsible-AI fields.

It follows https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html in the same
place, with what NeurIPS asks for beyond it (`provenance`). The rows of a table and split are a record set,
`<table>/<split>`, read from one Parquet file or several. Croissant has no list of any length within a list: such a
column is left out, and the record set's description names it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from annotate.dataset.citation import Author
from annotate.dataset.facts import Agreement, Facts, describe_columns, is_version_cited, list_annotators
from annotate.dataset.features import Feature
from annotate.dataset.provenance import NOT_STATED, PROV, describe_model, describe_provenance
from annotate.dataset.writer import TableFile
from annotate.util.escape import escape_json
from annotate.util.nouns import count_noun
from annotate.util.tables import show_cell

VERSION = "http://mlcommons.org/croissant/1.1"
RAI_VERSION = "http://mlcommons.org/croissant/RAI/1.0"

# All terms of the specification's context, although some are not used here: readers warn if one is missing.
_TERMS = (
    *("annotation", "arrayShape", "citeAs", "column", "containedIn", "data", "dataType", "equivalentProperty"),
    *("examples", "excludes", "extract", "field", "fileObject", "fileProperty", "fileSet", "format", "includes"),
    *("isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "readLines", "recordSet"),
    *("references", "regex", "repeated", "replace", "samplingRate", "sdVersion", "separator", "source", "subField"),
    *("transform", "unArchive", "value"),
)
_TYPED = {"data": "@json", "dataType": "@vocab", "examples": "@json"}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": PROV,
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{name: {"@id": f"cr:{name}", "@type": _TYPED[name]} if name in _TYPED else f"cr:{name}" for name in _TERMS},
    "conformsTo": "dct:conformsTo",
}

_ARRAY: dict[str, object] = {"isArray": True, "arrayShape": "-1"}
_TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "int": "sc:Integer", "uint": "sc:Integer", "float": "sc:Float"}
_RAI = {
    "rai:dataCollection": ("curation_rationale",),
    "rai:dataCollectionType": ("collection_type",),
    "rai:dataCollectionRawData": ("speakers", "situation", "text_characteristics", "language_variety"),
    "rai:dataCollectionMissingData": ("missing_data",),
    "rai:dataImputationProtocol": ("imputation",),
    "rai:dataPreprocessingProtocol": ("preprocessing",),
    "rai:dataAnnotationProtocol": ("process",),
    "rai:dataAnnotationPlatform": ("annotation_platform",),
    "rai:annotatorDemographics": ("annotators",),
    "rai:dataBiases": ("biases",),
    "rai:dataLimitations": ("limits", "unsuitable_uses"),
    "rai:dataUseCases": ("intended_uses",),
    "rai:dataSocialImpact": ("social_impact", "ethics"),
    "rai:personalSensitiveInformation": ("sensitive_content",),
    "rai:dataReleaseMaintenancePlan": ("maintenance", "contact", "takedown"),
}
"""Responsible-AI property to the headings of the data statement that answer it."""
_ASKED = (
    *("rai:dataBiases", "rai:dataLimitations", "rai:dataSocialImpact", "rai:dataUseCases"),
    "rai:personalSensitiveInformation",
)
"""Properties that NeurIPS asks for: they are there even if the data statement does not answer them."""
_TITLES = {"unsuitable_uses": "Not for", "ethics": "Ethics", "contact": "Contact", "takedown": "Takedown"}
"""Headings that their texts are shown with, since the texts alone would mean something else."""
MAX_RIGHTS = 5
"""Most statements of rights that the description quotes; the column `rights` has all."""


def croissant(facts: Facts) -> bytes:
    """Return the bytes of croissant.json, which depend on the facts alone."""
    cited = facts.citation
    fields = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [VERSION, RAI_VERSION],
        "name": facts.inventory.title,
        "description": f"{facts.inventory.about} {_rights(facts)}",
        "version": facts.corpus,
        "license": _licences(facts),
        "inLanguage": sorted(facts.counts.languages),
        "keywords": list(cited.keywords) if cited else [],
        "creator": [_creator(author) for author in cited.authors] if cited else [],
        "citeAs": cited.bibtex if cited else None,
        "datePublished": cited.released if cited and is_version_cited(facts) else None,
        "identifier": cited.doi_url if cited else None,
        "url": (cited.dataset or cited.url) if cited else None,
        "funding": {"@type": "sc:Grant", "description": facts.statement["funding"]}
        if "funding" in facts.statement
        else None,
        **_responsible(facts),
        "distribution": [
            *(_file_object(facts, table) for table in facts.files),
            *(_file_set(table) for table in facts.tables if table not in facts.files),
        ],
        "recordSet": [_record_set(facts, table) for table in facts.tables if table.rows],
    }
    document = {name: value for name, value in fields.items() if value or value is False}
    return escape_json(msgspec.json.format(msgspec.json.encode(document), indent=2).decode()).encode() + b"\n"


def _rights(facts: Facts) -> str:
    stated = sorted(facts.counts.rights)
    words = " ".join(rights if rights.endswith(".") else f"{rights}." for rights in stated[:MAX_RIGHTS])
    if len(stated) > MAX_RIGHTS:
        words += f" And {len(stated) - MAX_RIGHTS:,} other statements, in the column `rights` of `articles`."
    licence = "The licence is that of the labels" if facts.licence else "No licence is stated for the labels"
    return f"{licence}; of the articles' texts: {words}"


def _licences(facts: Facts) -> object:
    """Return the licence of the labels, and that the texts have rights of their own where they are in the dataset."""
    if facts.licence is None:
        return None
    if not facts.text:
        return facts.licence.url
    texts = "The licence is that of labels and guidelines. Each article states the rights in its text in `rights`."
    return [facts.licence.url, {"@type": "sc:CreativeWork", "name": "Rights in the texts", "description": texts}]


def _creator(author: Author) -> dict[str, str]:
    return {"@type": "sc:Person" if author.person else "sc:Organization", "name": author.name}


def _responsible(facts: Facts) -> dict[str, object]:
    """Return what the data statement, the annotators' records and the agreement say."""
    properties: dict[str, object] = {
        name: " ".join(
            _statement_text(heading, facts.statement[heading]) for heading in headings if heading in facts.statement
        )
        or (NOT_STATED if name in _ASKED else "")
        for name, headings in _RAI.items()
    }
    counts = facts.counts
    passes, articles = counts.labelled.total(), counts.articles.total()
    properties["rai:annotationsPerItem"] = (
        f"{count_noun(articles, 'article')}, {count_noun(passes, 'annotation')} by"
        f" {count_noun(len(counts.labelled), 'annotator')}; {counts.processes['adjudicated']:,} adjudicated,"
        f" {counts.processes['single pass']:,} labelled in a single pass"
        f"{', {:,} promoted'.format(counts.processes['promoted']) if counts.processes['promoted'] else ''}"
        f"{', {:,} corrected'.format(counts.processes['corrected']) if counts.processes['corrected'] else ''}."
    )
    models = ((name, facts.annotators[name]) for name in list_annotators(facts))
    properties["rai:machineAnnotationTools"] = [
        f"{name}: {describe_model(annotator.model)} {annotator.training}"
        for name, annotator in models
        if annotator.kind == "model"
    ]
    if facts.agreement:
        properties["rai:dataAnnotationAnalysis"] = [*_agreement_lines(facts.agreement)]
    return properties | describe_provenance(facts)


def _statement_text(heading: str, text: str) -> str:
    """Return the text under a heading, with the heading where it needs one."""
    return f"{_TITLES[heading]}: {text}" if heading in _TITLES else text


def _agreement_lines(agreement: Agreement) -> Iterator[str]:
    for note, table, _ in agreement.tables:
        yield str(note)
        if table:
            header = [column.name for column in table.columns]
            for row in table.rows:
                yield ", ".join(f"{name}: {show_cell(cell)}" for name, cell in zip(header, row, strict=True))
            yield from table.notes


def _distribution(type_: str, table: TableFile) -> dict[str, object]:
    """Return the fields that a file and a set of files share."""
    return {
        "@type": type_,
        "@id": table.file,
        "name": table.file,
        "description": f"{count_noun(table.rows, 'row')} of {table.config}, split {table.split}.",
    }


def _file_object(facts: Facts, table: TableFile) -> dict[str, object]:
    """Return a file: its path in the folder, and its address if the dataset has one on the Hub."""
    dataset = facts.citation.dataset if facts.citation else None
    return _distribution("cr:FileObject", table) | {
        "contentUrl": table.file,
        **({"url": f"{dataset}/resolve/{facts.corpus or 'main'}/{table.file}"} if dataset else {}),
        "contentSize": f"{table.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": table.sha256,
    }


def _file_set(table: TableFile) -> dict[str, object]:
    """Return the files of a table and split, where there are several."""
    return _distribution("cr:FileSet", table) | {
        "encodingFormat": "application/x-parquet",
        "includes": table.file,
    }


def _record_set(facts: Facts, table: TableFile) -> dict[str, object]:
    name = f"{table.config}/{table.split}"
    type_ = facts.types[table.config]
    features, descriptions = type_.features, {column: text for column, _, text in describe_columns(type_)}
    kind = "fileObject" if table in facts.files else "fileSet"
    rows, fields, left_out = {kind: {"@id": table.file}}, [], []
    for column, feature in features.items():
        field = _field(rows, f"{name}/{column}", column, feature, descriptions.get(column, ""))
        if field is None:
            left_out.append(column)
        else:
            fields.append(field)
            left_out += [f"{column}.{inner}" for inner in _lists_within(feature)]
    description = [type_.definition]
    if left_out:
        description.append(f"Lists within lists, which only the Parquet file has: {', '.join(left_out)}.")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": " ".join(description),
        **({"key": {"@id": f"{name}/id"}} if "id" in features else {}),
        "field": fields,
    }


def _field(
    rows: dict[str, dict[str, str]], id_: str, column: str, feature: Feature, description: str
) -> dict[str, object] | None:
    """Return a column as a field; None for a list of lists, or a struct of nothing else."""
    is_list = feature.get("_type") == "List"
    inner: Feature = feature["feature"] if is_list else feature
    if inner.get("_type") == "List":
        return None
    field: dict[str, object] = {"@type": "cr:Field", "@id": id_, "name": id_}
    source = {**rows, "extract": {"column": column}}
    if is_list:
        field |= _ARRAY
    if "_type" in inner:
        return field | _leaf(inner, description) | {"source": source}
    if description:
        field["description"] = description
    leaves = [
        {"@type": "cr:Field", "@id": f"{id_}/{path}", "name": f"{id_}/{path}", **_leaf(part, "")}
        | (_ARRAY if repeated else {})
        | {"source": source | {"transform": {"jsonPath": path}}}
        for path, part, repeated in _leaves(inner, "", is_list)
    ]
    return field | {"subField": leaves} if leaves else None


def _leaves(struct: Feature, prefix: str, in_list: bool) -> Iterator[tuple[str, Feature, bool]]:
    """Yield path, type and whether it is a list, for each value of a struct that is no list within a list."""
    for name, feature in struct.items():
        path = f"{prefix}{name}"
        if "_type" not in feature:
            yield from _leaves(feature, f"{path}.", in_list)
        elif feature["_type"] != "List":
            yield path, feature, False
        elif not in_list and feature["feature"].get("_type") in ("Value", "ClassLabel"):
            yield path, feature["feature"], True


def _lists_within(feature: Feature) -> list[str]:
    """Return the names in a column that `_leaves` leaves out."""
    is_list = feature.get("_type") == "List"
    inner: Feature = feature["feature"] if is_list else feature
    if "_type" in inner:
        return []
    leaves = {path for path, _, _ in _leaves(inner, "", is_list)}
    return [name for name in inner if not any(path == name or path.startswith(f"{name}.") for path in leaves)]


def _leaf(feature: Feature, description: str) -> dict[str, str]:
    """Return type and meaning of a value; a class is an integer, and its description lists the names."""
    if feature["_type"] == "ClassLabel":
        names = ", ".join(f"{class_id} {name}" for class_id, name in enumerate(feature["names"]))
        return {"description": f"{description} Classes: {names}.".strip(), "dataType": "sc:Integer"}
    kind = _TYPES[str(feature["dtype"]).rstrip("0123456789")]
    return ({"description": description} if description else {}) | {"dataType": kind}
