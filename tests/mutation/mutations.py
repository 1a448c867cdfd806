"""The mutations: one mistake each, and the codes of the findings that it must give.

A mistake gives one finding. Where it gives more, or none, `why` says so. Mutations of other parts of the checks belong
into a list of their own, which `ALL` joins.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.mutation.changes import (
    Mutation,
    add,
    append,
    delete,
    delete_table,
    drop,
    edit,
    put,
    put_in,
    remove_item,
    replace,
    rewrite,
    write,
)
from tests.mutation.project import ANNA, CANNOT_RUN, GOLD, MutableProject

_ALONE = {
    **dict.fromkeys(("s1", "s5", "s7"), ("R116",)),
    **dict.fromkeys(("s2", "s8"), ("R105",)),
    **dict.fromkeys(("s3", "s6", "s9"), ("R107",)),
    "s4": ("C202",),  # another Load may lie nowhere; the coverage counts it
    "s10": ("P105",),
}
"""What a span needs that is there twice, but only once in relations."""


def _span_mutations(file: str, spans: Sequence[Mapping[str, Any]], text: str) -> Iterator[Mutation]:
    for index, span in enumerate(spans):
        where = f"{file.split('/')[-2]}: {span['id']}"
        start, end, words = span["start"], span["end"], span["text"]
        yield Mutation(f"{where}: label misspelt", put_in(file, "spans", index, label=span["label"] + "x"), ("P201",))
        yield Mutation(
            f"{where}: label in lower case", put_in(file, "spans", index, label=span["label"].lower()), ("P201",)
        )
        yield Mutation(f"{where}: start too high", put_in(file, "spans", index, start=start + 1), ("P103",))
        yield Mutation(f"{where}: end too low", put_in(file, "spans", index, end=end - 1), ("P103",))
        yield Mutation(f"{where}: outside the text", put_in(file, "spans", index, end=9999), ("P101",))
        yield Mutation(f"{where}: other words", put_in(file, "spans", index, text="x" * len(words)), ("P103",))
        yield Mutation(f"{where}: start is a string", put_in(file, "spans", index, start=str(start)), ("S104",))
        if words[-2:].isalnum():
            yield Mutation(
                f"{where}: half a word", put_in(file, "spans", index, end=end - 1, text=words[:-1]), ("P401",)
            )
        yield Mutation(f"{where}: empty", put_in(file, "spans", index, end=start, text=""), ("P102",))
        yield Mutation(f"{where}: again, in no relation", add(file, "spans", {**span, "id": "new"}), _ALONE[span["id"]])
        if text[end : end + 1] == " ":
            yield Mutation(
                f"{where}: space at the end", put_in(file, "spans", index, end=end + 1, text=words + " "), ("P104",)
            )
        for name, value in span.get("attributes", {}).items():
            attributes = span["attributes"]
            without = {key: item for key, item in attributes.items() if key != name}
            is_number = isinstance(value, int)
            yield Mutation(
                f"{where}: {name} left out",
                put_in(file, "spans", index, attributes=without),
                ("P302",) if is_number else ("P204",),
            )
            yield Mutation(
                f"{where}: {name} of another type",
                put_in(file, "spans", index, attributes={**attributes, name: "many" if is_number else 7}),
                ("P203",),
            )
            yield Mutation(
                f"{where}: {name} misspelt",
                put_in(file, "spans", index, attributes={**without, name + "x": value}),
                ("P202",),
            )
            if is_number:
                yield Mutation(
                    f"{where}: {name} below 0",
                    put_in(file, "spans", index, attributes={**attributes, name: -1}),
                    ("P203",),
                )
            else:
                yield Mutation(
                    f"{where}: {name} unknown",
                    put_in(file, "spans", index, attributes={**attributes, name: "none"}),
                    ("P203",),
                )


_WRONG_ENDS = "both ends are wrong, and a corpus may waive each of these findings"
_REVERSED = {
    "speaker": (("R103", "R104"), _WRONG_ENDS),
    "lies_at": (("R103", "R104"), _WRONG_ENDS),
    "words": (("R103", "R104", "R105", "R107"), _WRONG_ENDS),
    "continues": (("R113",), ""),
}
_TWICE = {
    "words": (("R108", "R109"), "a corpus may waive each of these findings"),
    "continues": (("R109", "R114", "R114"), "a corpus may waive R109 alone, and both ends are joined twice"),
}


def _relation_mutations(file: str, relations: Sequence[Mapping[str, Any]]) -> Iterator[Mutation]:
    for index, relation in enumerate(relations):
        where = f"{file.split('/')[-2]}: {relation['label']} {index}"
        label, head, tail = relation["label"], relation["head"], relation["tail"]
        yield Mutation(f"{where}: label misspelt", put_in(file, "relations", index, label=label + "x"), ("R101",))
        yield Mutation(f"{where}: head nowhere", put_in(file, "relations", index, head="s99"), ("R102",))
        yield Mutation(f"{where}: tail nowhere", put_in(file, "relations", index, tail="s99"), ("R102",))
        yield Mutation(f"{where}: to itself", put_in(file, "relations", index, tail=head), ("R110",))
        yield Mutation(f"{where}: reversed", put_in(file, "relations", index, head=tail, tail=head), *_REVERSED[label])
        yield Mutation(f"{where}: twice", add(file, "relations", dict(relation)), *_TWICE.get(label, (("R109",),)))
        yield Mutation(f"{where}: head is a number", put_in(file, "relations", index, head=7), ("S104",))


def _field_mutations(file: str, content: Mapping[str, Any]) -> Iterator[Mutation]:
    """Each field left out, of another type, and misspelt."""
    for key, value in content.items():
        where = f"{file.removeprefix('corpus/')}: {key}"
        yield Mutation(f"{where} left out", drop(file, key), ("S104",))
        wrong: object = 7 if isinstance(value, str) or value is None else "seven"
        yield Mutation(f"{where} of another type", put(file, key, wrong), ("S104",))


def _shape_mutations(files: Sequence[str]) -> Iterator[Mutation]:
    for file in files:
        where = file.removeprefix("corpus/")
        yield Mutation(f"{where}: byte order mark", rewrite(file, lambda text: "\ufeff" + text), ("S101",))
        yield Mutation(f"{where}: cut off", rewrite(file, lambda text: text[:-9]), ("S102",))
        yield Mutation(f"{where}: not UTF-8", rewrite(file, lambda text: text.encode()[:-3] + b"\xe9\n}\n"), ("S101",))
        yield Mutation(
            f"{where}: indented", rewrite(file, lambda text: json.dumps(json.loads(text), indent=4)), ("S107",)
        )
        yield Mutation(f"{where}: CRLF", rewrite(file, lambda text: text.replace("\n", "\r\n")), ("S107",))


def list_mutations(project: MutableProject) -> list[Mutation]:
    """Return all mutations of a project."""
    gold = json.loads(project.read(GOLD))
    text = project.read("corpus/articles/harbour.txt")
    article, coverage = "corpus/articles/harbour.json", "corpus/coverage/harbour.json"
    source, links = "corpus/sources/port.txt.json", "corpus/links.json"
    contents = {file: json.loads(project.read(file)) for file in (article, coverage, source, links, GOLD)}
    return [
        *_span_mutations(GOLD, gold["spans"], text),
        *_relation_mutations(GOLD, gold["relations"]),
        *(mutation for file, content in contents.items() for mutation in _field_mutations(file, content)),
        *_shape_mutations([article, coverage, source, links, GOLD, ANNA]),
        *LABELS,
        *TEXTS,
        *FILES,
        *GUIDELINES,
        *OTHERS,
    ]


LABELS = [
    Mutation("gold: of another article", put(GOLD, "article", "market"), ("S106",)),
    Mutation("gold: of an unknown annotator", put(GOLD, "annotator", "nobody"), ("C105",)),
    Mutation("anna: names another annotator", put(ANNA, "annotator", "ben"), ("C105",)),
    Mutation("gold: of a later inventory", put(GOLD, "inventory", "9.0.0"), ("C109",)),
    Mutation("gold: of an earlier MAJOR", put(GOLD, "inventory", "0.1.0"), ("C109",)),
    Mutation("gold: made on another text", put(GOLD, "text_sha256", "0" * 64), ("T301",)),
    Mutation("gold: made from nobody", put(GOLD, "made_from", []), ("C113",)),
    Mutation("gold: made from an unknown annotator", put(GOLD, "made_from", ["nobody"]), ("C113",)),
    Mutation("gold: process unknown", put(GOLD, "process", "guessed"), ("S104",)),
    Mutation("gold: field misspelt", edit(GOLD, lambda content: content.update(lead_tim=3)), ("S104",)),
    Mutation("gold: key twice", replace(GOLD, '"article"', '"article": "harbour",\n"article"'), ("S103",)),
    Mutation("gold: two spans with one id", put_in(GOLD, "spans", 2, id="s1"), ("P106",)),
    Mutation("gold: id of a span with a space", put_in(GOLD, "spans", 9, id="a b"), ("S104",)),
    Mutation(
        "gold: count swapped",
        edit("corpus/annotations/gold/market.json", lambda c: c["spans"][0]["attributes"].update(least=3, most=2)),
        ("P301",),
    ),
    Mutation(
        "gold: number not in the words",
        put_in(GOLD, "spans", 9, attributes={"wording": "at least", "least": 13}),
        ("P303",),
    ),
    Mutation(
        "gold: at least as at most", put_in(GOLD, "spans", 9, attributes={"wording": "at most", "most": 12}), ("P306",)
    ),
    Mutation("gold: a number as vague", put_in(GOLD, "spans", 2, attributes={"wording": "vague"}), ("P306",)),
    Mutation(
        "gold: at least as exact",
        put_in(GOLD, "spans", 9, attributes={"wording": "exact", "least": 12, "most": 12}),
        ("P306",),
    ),
    Mutation(
        "gold: closed count that is open",
        put_in(GOLD, "spans", 9, attributes={"wording": "at least", "least": 12, "most": 12}),
        ("P302",),
    ),
    Mutation(
        "gold: Words without a Verb",
        edit(
            GOLD,
            lambda c: c.update(
                relations=[r for r in c["relations"] if r != {"label": "words", "head": "s2", "tail": "s3"}]
            ),
        ),
        ("R105", "R107"),
        "the Verb lacks its Words, the Words their Verb",
    ),
    Mutation(
        "gold: Quay in no relation",
        edit(GOLD, lambda c: c.update(relations=[r for r in c["relations"] if r["label"] != "lies_at"])),
        ("R116",),
    ),
    Mutation(
        "gold: a second Verb for the Words",
        edit(GOLD, lambda c: c["relations"].append({"label": "words", "head": "s8", "tail": "s3"})),
        ("R108",),
    ),
    Mutation("anna: deleted", delete(ANNA), ("C113",)),
    Mutation("gold: deleted", delete(GOLD), ("C102",)),
    Mutation(
        "gold: renamed",
        lambda p: (p.write("corpus/annotations/gold/harbor.json", p.read(GOLD)), p.delete(GOLD)),
        ("C102", "C103", "S106"),
        "the file is not that of its article, its article is not there, and another article has no gold",
    ),
    Mutation(
        "anna: folder misspelt",
        lambda p: [
            (
                p.write(f"corpus/annotations/ana/{n}.json", p.read(f"corpus/annotations/anna/{n}.json")),
                p.delete(f"corpus/annotations/anna/{n}.json"),
            )
            for n in ("harbour", "market")
        ],
        ("C105",),
    ),
    Mutation(
        "labels of no article",
        lambda p: p.write("corpus/annotations/anna/mill.json", p.read(ANNA).replace('"harbour"', '"mill"')),
        ("C103",),
    ),
    Mutation(
        "labels in the wrong folder", lambda p: p.write("corpus/annotations/harbour.json", p.read(ANNA)), ("C115",)
    ),
]
"""Labels as a whole."""

TXT = "corpus/articles/harbour.txt"
TEXTS = [
    Mutation("text: CRLF", lambda p: p.write(TXT, p.read(TXT).replace("\n", "\r\n")), ("T101",)),
    Mutation("text: byte order mark", lambda p: p.write(TXT, "\ufeff" + p.read(TXT)), ("S101",)),
    Mutation("text: decomposed", replace(TXT, "é", "e\u0301"), ("T102",)),
    Mutation("text: line end at the end", append(TXT, "\n"), ("T104",)),
    Mutation("text: emptied", write(TXT, ""), ("T104",)),
    Mutation("text: a word mended", replace(TXT, "crates", "boxes"), ("T103",)),
    Mutation(
        "text: soft hyphen",
        replace(TXT, "crates", "cra\u00adtes"),
        ("T103", "T105"),
        "an invisible character may be hostile",
    ),
    Mutation("text: an entity", replace(TXT, "and", "&amp;"), ("T103",)),
    Mutation("text: Latin-1", lambda p: p.write(TXT, p.read(TXT).replace("🚢", "").encode("latin-1")), ("S101",)),
    Mutation("text: deleted", delete(TXT), ("C101",)),
    Mutation("source and text: U+FFFD", lambda p: p.replace_words("opens", "op\ufffdns"), ("T106",)),
    Mutation("source and text: mojibake", lambda p: p.replace_words("opens", "cafÃ©"), ("T107",)),
    Mutation("source and text: dash as mojibake", lambda p: p.replace_words("opens.", "o â€“."), ("T107",)),
    Mutation("source and text: entity", lambda p: p.replace_words("opens", "&amp;"), ("T108",)),
    Mutation("source and text: number of an entity", lambda p: p.replace_words("opens", "&#39;"), ("T108",)),
    Mutation("source and text: Cyrillic letter", lambda p: p.replace_words("opens", "\u043epens"), ("T109",)),
    Mutation("source and text: Greek letter", lambda p: p.replace_words("opens", "\u03bfpens"), ("T109",)),
    Mutation("source and text: soft hyphen", lambda p: p.replace_words("opens", "op\u00adns"), ("T105",)),
    Mutation("source and text: zero width space", lambda p: p.replace_words("opens", "op\u200bns"), ("T105",)),
    Mutation("source and text: reversed direction", lambda p: p.replace_words("opens", "op\u202ens"), ("T105",)),
    Mutation(
        "source: saved with CRLF",
        lambda p: p.write("corpus/sources/port.txt", p.read("corpus/sources/port.txt").replace("\n", "\r\n")),
        ("C112",),
    ),
    Mutation("source: a word mended", replace("corpus/sources/port.txt", "crates", "barrel"), ("C112",)),
]
"""Texts and sources."""

ARTICLE = "corpus/articles/harbour.json"
SPLIT = "corpus/splits/train.txt"
PEOPLE = "corpus/annotators.yaml"
RECORD = "corpus/sources/port.txt.json"
LINKS = "corpus/links.json"
COVERAGE = "corpus/coverage/harbour.json"
FILES = [
    Mutation("article: metadata deleted", delete(ARTICLE), ("C101",)),
    Mutation("article: id of another", put(ARTICLE, "id", "market"), ("S106",)),
    Mutation("article: hash of another text", put(ARTICLE, "text_sha256", "0" * 64), ("T103",)),
    Mutation("article: source is a path", edit(ARTICLE, lambda c: c["source"].update(file="../port.txt")), ("S105",)),
    Mutation("article: source misspelt", edit(ARTICLE, lambda c: c["source"].update(file="prt.txt")), ("C111",)),
    Mutation(
        "article: hash of another source", edit(ARTICLE, lambda c: c["source"].update(sha256="0" * 64)), ("T202",)
    ),
    Mutation("article: range begins late", edit(ARTICLE, lambda c: c["source"].update(start=2)), ("T201",)),
    Mutation("article: range ends late", edit(ARTICLE, lambda c: c["source"].update(end=123)), ("T201",)),
    Mutation("article: field unknown", put(ARTICLE, "topic", "boats"), ("S104",)),
    Mutation("source: deleted", delete("corpus/sources/port.txt"), ("C111",)),
    Mutation("source: record deleted", delete(RECORD), ("C111",)),
    Mutation("source: file without a record", write("corpus/sources/new.txt", "new\n"), ("C118",)),
    Mutation("source: omitted range deleted", remove_item(RECORD, "omitted", 1), ("C110",)),
    Mutation("source: omitted range too long", put_in(RECORD, "omitted", 1, end=128), ("C110",)),
    Mutation("links: deleted", delete(LINKS), ("C521",)),
    Mutation("links: a link twice", edit(LINKS, lambda c: c["links"].append(c["links"][0])), ("C302",)),
    Mutation(
        "links: a link twice, turned around",
        edit(LINKS, lambda c: c["links"].append({**c["links"][0], "passages": c["links"][0]["passages"][::-1]})),
        ("C302",),
    ),
    Mutation("links: other words", edit(LINKS, lambda c: c["links"][0]["passages"][0].update(text="x")), ("C301",)),
    Mutation(
        "links: unknown article", edit(LINKS, lambda c: c["links"][0]["passages"][0].update(article="mill")), ("C301",)
    ),
    Mutation("links: unknown kind", put_in(LINKS, "links", 0, kind="disputs"), ("S104",)),
    Mutation(
        "links: across splits",
        lambda p: p.edit(
            LINKS,
            lambda c: c["links"][0]["passages"][1].update(article="market", start=0, end=17, text="The market opens."),
        ),
        ("C401",),
    ),
    Mutation("statement: deleted", delete("corpus/statement.yaml"), ("C521",)),
    Mutation("statement: key unknown", append("corpus/statement.yaml", "colour: red\n"), ("S104",)),
    Mutation("statement: not YAML", append("corpus/statement.yaml", "a: [\n"), ("S102",)),
    Mutation("release.yaml: deleted", delete("corpus/release.yaml"), ("C521",)),
    Mutation("release.yaml: key unknown", append("corpus/release.yaml", "colour: red\n"), ("S104",)),
    Mutation("licence: deleted", delete("LICENSE"), ("C521",)),
    Mutation("CITATION.cff: deleted", delete("CITATION.cff"), ("C521",)),
    Mutation(
        "manifest: of a version to come",
        lambda p: p.write(
            "releases/9.0.0.json", p.read("releases/1.0.0.json").replace('"version": "1.0.0"', '"version": "9.0.0"')
        ),
        ("C522",),
    ),
    Mutation(
        "manifest: under another name",
        replace("releases/1.0.0.json", '"version": "1.0.0"', '"version": "1.1.0"'),
        ("C522",),
    ),
    Mutation(
        "manifest: cut off", lambda p: p.write("releases/1.0.0.json", p.read("releases/1.0.0.json")[:50]), ("C522",)
    ),
    Mutation("split: CRLF", write(SPLIT, "harbour\r\n"), ("S107",)),
    Mutation("split: blank line", write(SPLIT, "\nharbour\n"), ("S107",)),
    Mutation("split: no line end", write(SPLIT, "harbour"), ("S107",)),
    Mutation("split: space after an id", write(SPLIT, "harbour \n"), ("S107",)),
    Mutation("split: byte order mark", write(SPLIT, "\ufeffharbour\n"), ("S101",)),
    Mutation("split: id misspelt", write(SPLIT, "harbor\n"), ("C106",)),
    Mutation("split: id twice", write(SPLIT, "harbour\nharbour\n"), ("C107",)),
    Mutation("split: id in two", write("corpus/splits/test.txt", "harbour\nmarket\n"), ("C107",)),
    Mutation("split: id left out", write(SPLIT, ""), ("C108",)),
    Mutation("split: deleted", delete(SPLIT), ("C108",)),
    Mutation("coverage: of another text", put(COVERAGE, "text_sha256", "0" * 64), ("C204",)),
    Mutation("coverage: deleted", delete(COVERAGE), ("C205",)),
    Mutation("coverage: sentence left out", remove_item(COVERAGE, "sentences", 0), ("C201",)),
    Mutation("coverage: other count", edit(COVERAGE, lambda c: c["sentences"][0]["has"].update(Load=7)), ("C202",)),
    Mutation("coverage: reason for labels", put_in(COVERAGE, "sentences", 0, reason="none"), ("C203",)),
    Mutation(
        "coverage: no reason",
        edit("corpus/coverage/market.json", lambda c: c["sentences"][0].update(reason=None)),
        ("C203",),
    ),
    Mutation("annotators: deleted", delete(PEOPLE), ("S108",)),
    Mutation("annotators: not YAML", append(PEOPLE, "a: [\n"), ("S102",)),
    Mutation("annotators: an address", replace(PEOPLE, "training: none", "training: by anna@example.org"), ("C116",)),
    Mutation("annotators: one twice", replace(PEOPLE, "id: ben", "id: anna"), ("C117",)),
    Mutation("annotators: gold", replace(PEOPLE, "id: ben", "id: gold"), ("C117",)),
    Mutation("annotators: anna misspelt", replace(PEOPLE, "id: anna", "id: ana"), ("C104",)),
    Mutation("annotators: kind unknown", replace(PEOPLE, "kind: person", "kind: robot"), ("S104",)),
    Mutation("backup left behind", write("corpus/articles/harbour.txt.orig", "x"), ("C115",)),
    Mutation(
        "same text under two ids",
        lambda p: (
            p.write("corpus/articles/quay.txt", p.read("corpus/articles/market.txt")),
            p.write("corpus/articles/quay.json", p.read("corpus/articles/market.json").replace('"market"', '"quay"')),
        ),
        ("C102", "C108", "C110", "C114"),
        "a second article also lacks labels and a split, and takes the range of the first",
    ),
    Mutation(
        "temporary file of a killed command", write("corpus/articles/.harbour.json.k3w9x0ab.part", "x"), ("C120",)
    ),
    Mutation(
        "decisions on no article",
        write(
            "corpus/adjudication/mill.yaml",
            "article: mill\nannotators: [anna, ben]\ntext_sha256: '" + "0" * 64 + "'\ndifferences: []\n",
        ),
        ("C119",),
    ),
    Mutation("decisions that cannot be read", write("corpus/adjudication/harbour.yaml", "a: [\n"), ("S102",)),
    Mutation(
        "waiver past its day",
        write("corpus/waivers.yaml", "waivers:\n- {code: P401, reason: Old., until: 2020-01-01}\n"),
        ("C601",),
    ),
    Mutation(
        "waiver without effect", write("corpus/waivers.yaml", "waivers:\n- {code: P401, reason: Old.}\n"), ("C602",)
    ),
    Mutation(
        "waiver of what may not be waived",
        write("corpus/waivers.yaml", "waivers:\n- {code: P103, reason: No.}\n"),
        ("C603",),
    ),
]
"""Files of the corpus, and what is next to it."""

YAML, SPEECH, CARGO = "schema/labels.yaml", "guidelines/speech.md", "guidelines/cargo.md"
BASELINE = "schema/baseline.yaml"
FORGOTTEN = "labels.yaml and each file that is made from it; the terminal shows them as one"
GUIDELINES = [
    Mutation("guidelines: page of labels deleted", delete(CARGO), ("C504",)),
    Mutation("guidelines: other page deleted", delete("guidelines/cases.md"), ("C512",)),
    Mutation("guidelines: link misspelt", replace("guidelines/README.md", "(speech.md)", "(speach.md)"), ("C512",)),
    Mutation(
        "guidelines: heading renamed", replace("guidelines/cases.md", "## Two loads", "## Two cargoes"), ("C512",)
    ),
    Mutation("guidelines: anchor misspelt", replace("guidelines/README.md", "#two-loads", "#two-load"), ("C512",)),
    *(
        Mutation(f"guidelines: table {table} deleted", delete_table(page, table), ("C510",))
        for page, tables in (
            (SPEECH, ("label Speaker", "label Verb", "label Words")),
            (CARGO, ("label Load", "label Quay")),
        )
        for table in tables
    ),
    Mutation(
        "guidelines: table relations deleted",
        delete_table(SPEECH, "relations"),
        (),
        "the page is that of labels, and may leave out the relations; nothing says that it had them",
    ),
    Mutation("guidelines: table changed by hand", replace(CARGO, "Where it lies.", "Where it stands."), ("C503",)),
    Mutation(
        "guidelines: table of no label",
        replace(CARGO, "generated: label Load", "generated: label Lod"),
        ("C505", "C510"),
        "Load has no table, and Lod no label",
    ),
    Mutation("guidelines: not UTF-8", write("guidelines/cases.md", b"\xe9\n"), ("S108",)),
    Mutation(
        "guidelines: a page that nobody wrote",
        append(CARGO, "Write here the test to apply, examples from your articles, and what is not this label.\n"),
        ("C506",),
    ),
    Mutation(
        "practice text without its words",
        write(
            "guidelines/practice/one.yaml",
            "title: One\ntext: A hand waits.\nspans:\n"
            "- {id: s1, label: Speaker, quote: The hand, attributes: {rank: hand}, why: It is.}\nrelations: []\n",
        ),
        ("C508",),
    ),
    Mutation("schema: class ids deleted", delete("schema/classes.json"), ("C501",)),
    Mutation(
        "schema: classes cut off",
        lambda p: p.write("schema/classes.json", p.read("schema/classes.json")[:20]),
        (CANNOT_RUN,),
    ),
    Mutation("schema: generated file deleted", delete("schema/links.schema.json"), ("C502",)),
    Mutation(
        "schema: annotation schema changed", replace("schema/annotation.schema.json", "Speaker", "Speeker"), ("C503",)
    ),
    Mutation("schema: definition changed", replace(YAML, "Where it lies.", "Where it stands."), ("C503",)),
    Mutation("schema: not YAML", append(YAML, "a: [\n"), (CANNOT_RUN,)),
    Mutation("schema: key misspelt", replace(YAML, "intervals:", "interval:"), (CANNOT_RUN,)),
    Mutation("schema: unknown layer", replace(YAML, "Quay: {layer: cargo", "Quay: {layer: crgo"), (CANNOT_RUN,)),
    Mutation("schema: hotkey twice", replace(YAML, 'hotkey: "5"', 'hotkey: "4"'), (CANNOT_RUN,)),
    Mutation("schema: relation from an unknown label", replace(YAML, "head: [Verb]", "head: [Vreb]"), (CANNOT_RUN,)),
    Mutation("schema: words of a value broken", replace(YAML, "exclude: '", "exclude: '("), (CANNOT_RUN,)),
    Mutation("schema: words of a value under another key", replace(YAML, "exclude: '", "excludes: '"), (CANNOT_RUN,)),
    Mutation("schema: reading unknown", replace(YAML, "exact: both", "exact: bth"), (CANNOT_RUN,)),
    Mutation("baseline: bracket left open", replace(BASELINE, "(?P<verb>{say})", "(?P<verb>{say}"), ("C511",)),
    Mutation("baseline: unknown label", replace(BASELINE, "{verb: Verb}", "{verb: Vreb}"), ("C511",)),
    Mutation("baseline: unknown value", replace(BASELINE, "rank: master", "rank: mster"), ("C511",)),
    Mutation("baseline: unknown attribute", replace(BASELINE, "{rank: master}", "{rnk: master}"), ("C511",)),
    Mutation("baseline: unknown part", replace(BASELINE, "{say}", "{sya}"), ("C511",)),
    Mutation("baseline: unknown group", replace(BASELINE, "anchor: verb", "anchor: vreb"), ("C511",)),
    Mutation("baseline: unknown key", append(BASELINE, "colour: red\n"), ("C511",)),
    Mutation("baseline: not YAML", append(BASELINE, "a: [\n"), ("C511",)),
]
"""The inventory, the guidelines and the baseline."""


OTHERS = [
    Mutation("CITATION.cff: not YAML", append("CITATION.cff", "a: [\n"), ("S102",)),
    Mutation(
        "split: name misspelt", lambda p: p.write("corpus/splits/trian.txt", p.read(SPLIT)).delete(SPLIT), ("C402",)
    ),
    Mutation(
        "annotators: until before since", replace(PEOPLE, 'until: "2026-02-01"', 'until: "2025-02-01"'), ("M203",)
    ),
    Mutation("annotators: a day that does not exist", replace(PEOPLE, '"2026-01-01"', '"2026-02-30"'), ("S104",)),
    Mutation("annotators: a day to come", replace(PEOPLE, '"2026-01-01"', '"2999-01-01"'), ("M202",)),
    Mutation(
        "anna: single pass made from labels",
        edit(ANNA, lambda c: c.update(process="single pass", made_from=["ben"])),
        ("C125",),
    ),
]
"""Mutations of adjudication against gold, heads and dates, independence, split names, class ids and CITATION.cff."""
