"""A project whose gold was decided between two annotators, and the mistakes that can be made in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from annotate.adjudication import make_gold, plan_adjudication
from annotate.agreement.decisions import encode_decisions
from annotate.corpus import Corpus, encode_annotation
from annotate.inventory import load_inventory
from annotate.model import Annotation
from annotate.offsets import sha256
from tests.conftest import read_files
from tests.mutation.changes import (
    Change,
    Mutation,
    append,
    delete,
    edit,
    put,
    put_in,
    remove_item,
    replace,
    rewrite,
    write,
)
from tests.mutation.project import ANNA, GOLD, MutableProject, dump

BEN = "corpus/annotations/ben/harbour.json"
DECISIONS = "corpus/adjudication/harbour.yaml"
ROLL = "corpus/annotations/{}/roll.json"
PEOPLE = "corpus/annotators.yaml"
MANIFEST = "releases/1.0.0.json"
CITATION = "CITATION.cff"
ROLL_SIZE = 25
"""Labels of each pass over the article `roll`, more than the twenty from which on passes are compared."""


def _keep(label: str, start: int) -> Callable[[dict[str, Any]], bool]:
    return lambda span: (span["label"], span["start"]) != (label, start)


def lose(file: str, label: str, start: int) -> Change:
    """Delete a span with its relations."""

    def change(content: dict[str, Any]) -> None:
        [gone] = [span["id"] for span in content["spans"] if not _keep(label, start)(span)]
        content["spans"] = [span for span in content["spans"] if span["id"] != gone]
        content["relations"] = [each for each in content["relations"] if gone not in (each["head"], each["tail"])]

    return edit(file, change)


def change_span(file: str, label: str, start: int, /, **values: object) -> Change:
    def change(content: dict[str, Any]) -> None:
        next(span for span in content["spans"] if not _keep(label, start)(span)).update(values)

    return edit(file, change)


def copy_pass(old: str, new: str, differences: int = 0) -> Change:
    """Write the labels of one annotator for `roll` as those of another one, with some labels fewer."""

    def change(project: MutableProject) -> None:
        content = json.loads(project.read(ROLL.format(old)))
        content["annotator"] = new
        content["spans"] = content["spans"][differences:]
        project.write(ROLL.format(new), dump(content))

    return change


class DecidedProject(MutableProject):
    """The project with labels of a second annotator, decisions, a released state, and a long article."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        carla = '  - {id: carla, kind: person, training: none, since: "2026"}\n'
        self.replace(PEOPLE, "annotators:\n", f"annotators:\n{carla}")
        self._add_roll()
        corpus, inventory = Corpus(root / "corpus"), load_inventory(root / "schema")
        anna = corpus.read_annotation("anna", "harbour")
        kept = tuple(span for span in anna.spans if span.label != "Load" or span.start < 90)
        ranks = {65: {"rank": "other"}}
        spans = tuple(msgspec.structs.replace(span, attributes=ranks.get(span.start, span.attributes)) for span in kept)
        ben = msgspec.structs.replace(anna, annotator="ben", process="single pass", made_from=(), spans=spans)
        self._write_labels(anna, ben)
        text = corpus.read_text("harbour")
        decisions = plan_adjudication([anna, ben], text)
        for difference in decisions.differences:
            difference.take, difference.reason = "anna", "It is right."
        decisions = plan_adjudication([anna, ben], text, decisions)
        self.write(DECISIONS, encode_decisions(decisions))
        gold = make_gold(decisions, [anna, ben], text, "carla", inventory.version)
        self.write(GOLD, encode_annotation(gold))
        listed = [file for file in read_files(root) if file.partition("/")[0] in ("corpus", "schema")]
        manifest = json.loads(self.read(MANIFEST))
        manifest["files"] |= dict.fromkeys(listed, "0" * 64)
        self.write(MANIFEST, json.dumps(manifest, indent=2))
        self.freeze()

    def _write_labels(self, *annotations: Annotation) -> None:
        for annotation in annotations:
            file = f"corpus/annotations/{annotation.annotator}/{annotation.article}.json"
            self.write(file, encode_annotation(annotation))

    def _add_roll(self) -> None:
        """Add an article of short sentences, each with a label."""
        lines = [f"{number} crates came." for number in range(101, 101 + ROLL_SIZE)]
        text, hash_ = "\n".join(lines), sha256("\n".join(lines))
        spans, sentences, offset = [], [], 0
        for number, line in enumerate(lines, 101):
            attributes = {"wording": "exact", "least": number, "most": number}
            words, end = f"{number} crates", offset + len(f"{number} crates")
            spans.append(
                {
                    "id": f"s{number}",
                    "label": "Load",
                    "start": offset,
                    "end": end,
                    "text": words,
                    "attributes": attributes,
                }
            )
            sentence = {"start": offset, "end": offset + len(line), "text": line, "has": {"Load": 1}, "reason": None}
            sentences.append(sentence)
            offset += len(line) + 1
        source = {"file": "roll.txt", "sha256": hash_, "start": 0, "end": len(text)}
        article = json.loads(self.read("corpus/articles/harbour.json")) | {
            "id": "roll", "title": "Roll", "source": source, "text_sha256": hash_
        }  # fmt: skip
        self.write("corpus/articles/roll.txt", text).write("corpus/articles/roll.json", dump(article))
        self.write("corpus/sources/roll.txt", text)
        record = {"file": "roll.txt", "sha256": hash_, "boundaries": "All of it.", "omitted": []}
        self.write("corpus/sources/roll.txt.json", dump(record))
        coverage = {"article": "roll", "text_sha256": hash_, "sentences": sentences}
        self.write("corpus/coverage/roll.json", dump(coverage))
        head = {"article": "roll", "annotator": "anna", "process": "single pass", "made_from": []}
        labels = {**head, "inventory": "1.0.0", "text_sha256": hash_, "spans": spans, "relations": []}
        self.write(ROLL.format("anna"), dump(labels))
        self.write(ROLL.format("ben"), dump({**labels, "annotator": "ben", "spans": spans[3:]}))
        self.write(ROLL.format("gold"), dump({**labels, "process": "promoted", "made_from": ["anna"]}))
        append("corpus/splits/train.txt", "roll\n")(self)


TAKE = "take: anna"
DECIDED = [
    # What both have, and what was decided, is in gold.
    Mutation("decided gold: loses what both have", lose(GOLD, "Quay", 41), ("C803",)),
    Mutation("decided gold: loses a span that others lead to", lose(GOLD, "Words", 24), ("C803",)),
    Mutation("decided gold: loses a span that was decided", lose(GOLD, "Load", 94), ("C803",)),
    Mutation("decided gold: loses a speaker", lose(GOLD, "Speaker", 0), ("C803",)),
    Mutation("decided gold: other value", change_span(GOLD, "Speaker", 0, attributes={"rank": "hand"}), ("C803",)),
    Mutation(
        "decided gold: value not taken", change_span(GOLD, "Speaker", 65, attributes={"rank": "other"}), ("C803",)
    ),
    Mutation("decided gold: end moved by a word", change_span(GOLD, "Quay", 41, end=45, text="Café"), ("C803",)),
    Mutation(
        "decided gold: start moved by a word",
        change_span(GOLD, "Speaker", 0, start=4, text="harbour master"),
        ("C803",),
    ),
    Mutation("decided gold: half a word", change_span(GOLD, "Quay", 41, end=49, text="Café Qua"), ("C803",)),
    Mutation(
        "decided gold: number against words",
        change_span(GOLD, "Load", 94, attributes={"wording": "at most", "most": 12}),
        ("C803",),
    ),
    Mutation(
        "decided gold: number that is not in its words",
        change_span(GOLD, "Load", 94, attributes={"wording": "at least", "least": 13}),
        ("P303",),
    ),
    Mutation("decided gold: vague number", change_span(GOLD, "Load", 24, attributes={"wording": "vague"}), ("C803",)),
    Mutation(
        "decided gold: a span that nobody has",
        edit(
            GOLD,
            lambda c: c["spans"].append(
                {
                    "id": "n",
                    "label": "Load",
                    "start": 112,
                    "end": 120,
                    "text": "are gone",
                    "attributes": {"wording": "vague"},
                }
            ),
        ),
        ("C803",),
    ),
    Mutation("decided gold: relation lost", remove_item(GOLD, "relations", 0), ("C803",)),
    Mutation("decided gold: words without their verb", remove_item(GOLD, "relations", 1), ("C803",)),
    Mutation("decided gold: quay without its load", remove_item(GOLD, "relations", 2), ("C803",)),
    Mutation("decided gold: piece cut off", remove_item(GOLD, "relations", 5), ("C803",)),
    Mutation("decided gold: relation to another span", put_in(GOLD, "relations", 0, tail="s7"), ("C803",)),
    Mutation(
        "decided gold: relation of another label",
        edit(GOLD, lambda c: c["relations"].append({"label": "reported_by", "head": "s4", "tail": "s1"})),
        ("C803",),
    ),
    Mutation("decided gold: emptied", edit(GOLD, lambda c: c.update(spans=[], relations=[])), ("C803",)),
    Mutation(
        "decided gold: labels of one reader",
        lambda p: p.edit(
            GOLD, lambda c: c.update({key: json.loads(p.read(BEN))[key] for key in ("spans", "relations")})
        ),
        ("C803", "C803"),
        "two labels are not as decided",
    ),
    Mutation("decided gold: label misspelt", change_span(GOLD, "Quay", 41, label="Quai"), ("P201",)),
    Mutation("decided gold: value unknown", change_span(GOLD, "Speaker", 0, attributes={"rank": "chief"}), ("P203",)),
    Mutation("decided gold: value left out", change_span(GOLD, "Speaker", 0, attributes={}), ("P204",)),
    Mutation("decided gold: outside the text", change_span(GOLD, "Quay", 41, end=999), ("P101",)),
    Mutation(
        "decided gold: not adjudicated", edit(GOLD, lambda c: c.update(process="single pass", made_from=[])), ("C805",)
    ),
    Mutation("decided gold: a single pass of two", put(GOLD, "process", "single pass"), ("C125",)),
    Mutation(
        "decided gold: promoted", edit(GOLD, lambda c: c.update(process="promoted", made_from=["anna"])), ("C805",)
    ),
    Mutation("decided gold: promoted from two", put(GOLD, "process", "promoted"), ("C113",)),
    Mutation("decided gold: corrected", put(GOLD, "process", "corrected"), ("C805",)),
    Mutation("decided gold: made from one", put(GOLD, "made_from", ["anna"]), ("C805",)),
    Mutation("decided gold: made from nobody", put(GOLD, "made_from", []), ("C113",)),
    Mutation("decided gold: made from a name misspelt", put(GOLD, "made_from", ["anna", "bem"]), ("C113",)),
    Mutation("decided gold: made from gold", put(GOLD, "made_from", ["anna", "gold"]), ("C113",)),
    Mutation("decided gold: made from one twice", put(GOLD, "made_from", ["anna", "anna"]), ("S104",)),
    Mutation(
        "decided gold: readers in another order",
        put(GOLD, "made_from", ["ben", "anna"]),
        (),
        "the order of the annotators means nothing",
    ),
    Mutation("decided gold: by an unknown editor", put(GOLD, "annotator", "clara"), ("C105",)),
    Mutation("decided gold: on another text", put(GOLD, "text_sha256", "0" * 64), ("T301",)),
    Mutation("decided gold: deleted", delete(GOLD), ("C102",)),
    # The decisions themselves.
    Mutation("decision: takes the other reader", replace(DECISIONS, TAKE, "take: ben"), ("C803",)),
    Mutation(
        "decision: takes neither",
        lambda p: p.write(DECISIONS, "take: neither".join(p.read(DECISIONS).rsplit(TAKE, 1))),
        ("C803",),
    ),
    Mutation("decision: open", replace(DECISIONS, TAKE, "take: ''"), ("C801",)),
    Mutation("decision: without take", replace(DECISIONS, f"  {TAKE}\n", ""), ("C801",)),
    Mutation("decision: take is null", replace(DECISIONS, TAKE, "take:"), ("S104",)),
    Mutation("decision: take misspelt", replace(DECISIONS, TAKE, "take: ana"), ("C122",)),
    Mutation("decision: take in capitals", replace(DECISIONS, TAKE, "take: Anna"), ("C122",)),
    Mutation("decision: takes an annotator of another article", replace(DECISIONS, TAKE, "take: carla"), ("C122",)),
    Mutation("decision: takes all values", replace(DECISIONS, TAKE, "take: all"), ("C122",)),
    Mutation("decision: reason empty", replace(DECISIONS, "reason: It is right.", "reason: ''"), ("C801",)),
    Mutation("decision: reason blank", replace(DECISIONS, "reason: It is right.", "reason: ' '"), ("C801",)),
    Mutation("decision: reason left out", replace(DECISIONS, "  reason: It is right.\n", ""), ("C801",)),
    Mutation("decision: reason is a number", replace(DECISIONS, "reason: It is right.", "reason: 7"), ("S104",)),
    Mutation("decision: value quoted wrongly", replace(DECISIONS, "(rank=other)", "(rank=master)"), ("C802",)),
    Mutation(
        "decision: offsets quoted wrongly", replace(DECISIONS, "    - Load@94-111 (", "    - Load@94-110 ("), ("C802",)
    ),
    Mutation("decision: version of one left out", replace(DECISIONS, "    ben: []\n", ""), ("C802",)),
    Mutation(
        "decision: version of a third", replace(DECISIONS, "    ben: []\n", "    ben: []\n    carla: []\n"), ("C802",)
    ),
    Mutation("decision: key of another span", replace(DECISIONS, "key: Load@94-111", "key: Load@94-112"), ("C802",)),
    Mutation("decision: of another kind", replace(DECISIONS, "kind: span", "kind: attributes"), ("C802",)),
    Mutation("decision: kind unknown", replace(DECISIONS, "kind: span", "kind: spans"), ("S104",)),
    Mutation(
        "decision: passage reworded",
        replace(DECISIONS, "«At least 12 sacks»", "«12 sacks»"),
        (),
        "the passage is for the eye alone; toolkits show more or less of it",
    ),
    Mutation(
        "decision: twice",
        rewrite(
            DECISIONS,
            lambda t: t.replace("added_spans", t[t.index("- key: Load") : t.index("added_spans")] + "added_spans"),
        ),
        ("C802",),
    ),
    Mutation(
        "decision: deleted",
        rewrite(DECISIONS, lambda t: t[: t.index("- key: Load")] + t[t.index("added_spans") :]),
        ("C801",),
    ),
    Mutation("decision: key misspelt", replace(DECISIONS, TAKE, "takes: anna"), ("S104",)),
    Mutation("decision: required key misspelt", replace(DECISIONS, "kind: span", "kinds: span"), ("S104",)),
    Mutation("decisions: readers misspelt", replace(DECISIONS, "- ben\n", "- bem\n"), ("C802",)),
    Mutation("decisions: one reader", replace(DECISIONS, "- ben\n", ""), ("C802",)),
    Mutation("decisions: a reader twice", replace(DECISIONS, "- ben\n", "- anna\n"), ("C802",)),
    Mutation("decisions: gold as a reader", replace(DECISIONS, "- ben\n", "- gold\n"), ("C802",)),
    Mutation(
        "decisions: readers in another order",
        replace(DECISIONS, "- anna\n- ben\n", "- ben\n- anna\n"),
        (),
        "the order of the annotators means nothing",
    ),
    Mutation(
        "decisions: hash of an earlier text", rewrite(DECISIONS, lambda t: t.replace("e79a478c", "00000000")), ("C802",)
    ),
    Mutation("decisions: hash cut off", rewrite(DECISIONS, lambda t: t.replace("e79a478c", "")), ("S104",)),
    Mutation("decisions: on another article", replace(DECISIONS, "article: harbour", "article: market"), ("C119",)),
    Mutation("decisions: wrong number of agreed spans", replace(DECISIONS, "spans: 8", "spans: 9"), ("C802",)),
    Mutation("decisions: key unknown", append(DECISIONS, "colour: red\n"), ("S104",)),
    Mutation("decisions: not YAML", append(DECISIONS, "a: [\n"), ("S102",)),
    Mutation("decisions: emptied", write(DECISIONS, ""), ("S104",)),
    Mutation("decisions: deleted, and no others are left", delete(DECISIONS), ("C521",)),
    Mutation(
        "decisions: deleted, and others are left",
        lambda p: p.write("corpus/adjudication/roll.yaml", p.read(DECISIONS)).delete(DECISIONS),
        ("C119", "C804"),
        "the other file is about another article",
    ),
    Mutation(
        "decisions: with another ending",
        lambda p: p.write("corpus/adjudication/harbour.yml", p.read(DECISIONS)).delete(DECISIONS),
        ("C115",),
    ),
    Mutation(
        "decisions: under a name misspelt",
        lambda p: p.write("corpus/adjudication/harbor.yaml", p.read(DECISIONS)).delete(DECISIONS),
        ("C119",),
    ),
    Mutation(
        "decisions: dropped without a reason",
        replace(DECISIONS, "dropped_spans: []", "dropped_spans:\n- {span: Quay@41-50, reason: ''}"),
        ("C801",),
    ),
    Mutation(
        "decisions: dropped, and gold has it",
        replace(DECISIONS, "dropped_spans: []", "dropped_spans:\n- {span: Quay@41-50, reason: No.}"),
        ("C803",),
    ),
    Mutation(
        "decisions: added, and gold lacks it",
        replace(
            DECISIONS,
            "added_spans: []",
            "added_spans:\n- {span: Load@112-120, reason: Yes., attributes: {wording: vague}}",
        ),
        ("C803",),
    ),
    Mutation(
        "decisions: added with a label misspelt",
        replace(DECISIONS, "added_spans: []", "added_spans:\n- {span: Lod@112-120, reason: Yes.}"),
        ("C801",),
    ),
    Mutation(
        "decisions: dropped what nobody has",
        replace(DECISIONS, "dropped_spans: []", "dropped_spans:\n- {span: Quay@1-2, reason: No.}"),
        ("C801",),
    ),
    # The labels that were decided on.
    Mutation("reader: loses what both have", lose(BEN, "Quay", 41), ("C801",)),
    Mutation("reader: loses what was decided on", lose(ANNA, "Load", 94), ("C802",)),
    Mutation("reader: other value", change_span(BEN, "Speaker", 0, attributes={"rank": "hand"}), ("C801",)),
    Mutation("reader: value of the other", change_span(BEN, "Speaker", 65, attributes={"rank": "hand"}), ("C802",)),
    Mutation(
        "reader: relation lost",
        remove_item(BEN, "relations", 0),
        ("C801", "R116"),
        "the decisions are about other labels than before, and a label is in no relation, which an annotator looks at",
    ),
    Mutation("reader: emptied", edit(BEN, lambda c: c.update(spans=[], relations=[])), ("C802",)),
    Mutation("reader: deleted", delete(BEN), ("C113",)),
    Mutation("reader: all labels deleted", lambda p: p.delete(BEN).delete(ROLL.format("ben")), ("C113",)),
    Mutation("reader: single pass made from another", put(BEN, "made_from", ["anna"]), ("C125",)),
    Mutation(
        "reader: corrected from own labels",
        edit(BEN, lambda c: c.update(process="corrected", made_from=["ben"])),
        ("C113",),
    ),
    Mutation(
        "reader: corrected from a model that nobody lists",
        edit(BEN, lambda c: c.update(process="corrected", made_from=["bot"])),
        ("C123",),
    ),
    Mutation("reader: process misspelt", put(BEN, "process", "single-pass"), ("S104",)),
    Mutation("reader: named as another", put(BEN, "annotator", "anna"), ("C105",)),
    # Independence.
    Mutation("pass: a copy", copy_pass("anna", "ben"), ("C901",)),
    Mutation("pass: a copy by a third", copy_pass("ben", "carla"), ("C901",)),
    Mutation(
        "pass: one label fewer",
        copy_pass("anna", "carla", 1),
        (),
        "one of 25 is four of a hundred, as two careful annotators may differ",
    ),
    Mutation(
        "pass: a copy that says so",
        lambda p: (
            copy_pass("anna", "carla")(p),
            p.edit(ROLL.format("carla"), lambda c: c.update(process="corrected", made_from=["anna"])),
        ),
        (),
        "a corrected pass claims no independence",
    ),
    Mutation(
        "pass: a copy of a short pass",
        lambda p: p.write(
            "corpus/annotations/ben/market.json",
            p.read("corpus/annotations/anna/market.json")
            .replace('"anna"', '"ben"')
            .replace("adjudicated", "single pass"),
        ),
        (),
        "the article has fewer than twenty-one labels",
    ),
    # Dates and heads.
    Mutation("annotators: since in the future", replace(PEOPLE, 'since: "2026"', 'since: "2099"'), ("M202",)),
    Mutation("annotators: since after until", replace(PEOPLE, '"2026-01-01", until', '"2026-03-01", until'), ("M203",)),
    Mutation(
        "annotators: since in the future and after until",
        replace(PEOPLE, '"2026-01-01", until', '"2099-01-01", until'),
        ("M202",),
    ),
    Mutation("annotators: until is no day", replace(PEOPLE, '"2026-02-01"', '"2026-02-30"'), ("S104",)),
    Mutation("annotators: since is a German date", replace(PEOPLE, 'since: "2026"', "since: 1.1.2026"), ("S104",)),
    Mutation("annotators: since left out", replace(PEOPLE, ', since: "2026"', ""), ("S104",)),
    Mutation("annotators: since misspelt", replace(PEOPLE, 'since: "2026"', 'sinse: "2026"'), ("S104",)),
    Mutation("annotators: month 13", replace(PEOPLE, 'since: "2026"', 'since: "2026-13"'), ("S104",)),
    Mutation("annotators: year 0000", replace(PEOPLE, 'since: "2026"', 'since: "0000"'), ("M201",)),
    *(
        Mutation(f"article: {name}", put("corpus/articles/harbour.json", "date", day), (code,))
        for name, day, code in (
            ("no leap year", "2017-02-29", "M201"),
            ("day 31 of June", "2017-06-31", "S104"),
            ("day 32", "2017-06-32", "S104"),
            ("month 13", "2017-13-01", "S104"),
            ("next century", "2117-06-30", "M202"),
            ("German date", "30.06.2017", "S104"),
            ("time of a day", "2017-06-30T12:00:00Z", "S104"),
            ("blank", "", "S104"),
        )
    ),
    *(
        Mutation(f"changelog: {name}", append("corpus/CHANGELOG.md", f"\n## 1.1.0 ({day})\n\n- More.\n"), (code,))
        for name, day, code in (("next century", "2126-01-01", "M202"), ("no leap year", "2026-02-29", "M201"))
    ),
    # Files that the last release had.
    Mutation("released: changelog deleted", delete("corpus/CHANGELOG.md"), ("C521",)),
    Mutation("released: licence emptied", write("LICENSE", ""), ("C521",)),
    Mutation("released: licence renamed", lambda p: p.write("COPYING", "Made up.\n").delete("LICENSE"), ("C521",)),
    Mutation(
        "released: all splits deleted",
        lambda p: p.delete("corpus/splits/train.txt").delete("corpus/splits/test.txt"),
        ("C521",),
    ),
    Mutation(
        "released: all coverage deleted",
        lambda p: [p.delete(f"corpus/coverage/{name}.json") for name in ("harbour", "market", "roll")],
        ("C521",),
    ),
    Mutation(
        "released: all gold deleted",
        lambda p: [p.delete(f"corpus/annotations/gold/{name}.json") for name in ("harbour", "market", "roll")],
        ("C205", "C205", "C205"),
        "each coverage file is about labels that are gone",
    ),
    Mutation("released: a split emptied", write("corpus/splits/train.txt", ""), ("C108",)),
    Mutation("manifest: of a format to come", replace(MANIFEST, "annotate release 1", "annotate release 2"), ("C522",)),
    Mutation(
        "manifest: under a name that is no version",
        lambda p: p.write("releases/v1.0.0.json", p.read(MANIFEST)),
        ("C522",),
    ),
    Mutation(
        "manifest: of a later inventory", replace(MANIFEST, '"inventory": "1.0.0"', '"inventory": "7.0.0"'), ("C522",)
    ),
    Mutation("manifest: a hash cut off", rewrite(MANIFEST, lambda t: t.replace("0" * 64, "0" * 60, 1)), ("C522",)),
    Mutation("manifest: emptied", write(MANIFEST, ""), ("C522",)),
    Mutation("manifest: of no files", rewrite(MANIFEST, lambda t: t.replace('"files"', '"file"')), ("C522",)),
    Mutation(
        "manifest: something else in the folder", write("releases/notes.json", "{}\n"), (), "other files may be there"
    ),
    Mutation("release.yaml: label misspelt", append("corpus/release.yaml", "  labels: {Speeker: 0.7}\n"), ("C524",)),
    Mutation(
        "release.yaml: attribute misspelt", append("corpus/release.yaml", "  attributes: {rang: 0.7}\n"), ("C524",)
    ),
    Mutation("release.yaml: key misspelt", replace("corpus/release.yaml", "least", "leest"), ("S104",)),
    Mutation("release.yaml: more than all", replace("corpus/release.yaml", "0.5", "5"), ("S104",)),
    Mutation(
        "links: a passage twice in a link",
        edit("corpus/links.json", lambda c: c["links"][0]["passages"].append(c["links"][0]["passages"][0])),
        ("C302",),
    ),
    Mutation(
        "links: one passage left", edit("corpus/links.json", lambda c: c["links"][0]["passages"].pop()), ("S104",)
    ),
    Mutation("links: emptied by an editor", write("corpus/links.json", ""), ("S102",)),
    Mutation(
        "coverage: end of a sentence moved", put_in("corpus/coverage/roll.json", "sentences", 3, end=66), ("C201",)
    ),
    Mutation(
        "coverage: a sentence twice",
        edit("corpus/coverage/roll.json", lambda c: c["sentences"].insert(3, c["sentences"][3])),
        ("C201",),
    ),
    # CITATION.cff
    *(
        Mutation(f"citation: {name}", replace(CITATION, old, new), (code,))
        for name, old, new, code in (
            ("version is a word", "version: 1.0.0", "version: first", "C523"),
            ("version left out", "version: 1.0.0\n", "", "C523"),
            ("version is a list", "version: 1.0.0", "version: [1.0.0]", "C126"),
            ("version before the release", "version: 1.0.0", "version: 0.9.0", "C522"),
            ("format left out", "cff-version: 1.2.0\n", "", "C126"),
            ("format is a number", "cff-version: 1.2.0", "cff-version: 12", "C126"),
            ("format misspelt", "cff-version", "cff_version", "C126"),
            ("message misspelt", "message", "mesage", "C126"),
            ("message empty", "message: Cite it.", "message: ''", "C126"),
            ("title left out", "title: Harbour\n", "", "C126"),
            ("authors misspelt", "authors:", "author:", "C126"),
            ("authors are words", "authors:\n  - {family-names: Berg, given-names: Anna}", "authors: Berg", "C126"),
            ("no authors", "authors:\n  - {family-names: Berg, given-names: Anna}", "authors: []", "C126"),
            (
                "author without a name",
                "{family-names: Berg, given-names: Anna}",
                "{orcid: 'https://orcid.org/0000-0002-1825-0097'}",
                "C126",
            ),
            ("ORCID cut off", "given-names: Anna}", "given-names: Anna, orcid: 0000-0002}", "C126"),
            (
                "address of an author without @",
                "given-names: Anna}",
                "given-names: Anna, email: anna.example.org}",
                "C126",
            ),
            ("DOI as an address", "license:", "doi: https://doi.org/10.5281/zenodo.1\nlicense:", "C126"),
            ("address without a scheme", "license:", "url: example.org\nlicense:", "C126"),
            ("kind unknown", "license:", "type: data\nlicense:", "C126"),
            ("day unquoted and impossible", "license:", "date-released: '2026-02-30'\nlicense:", "M201"),
            ("day to come", "license:", "date-released: '2126-02-03'\nlicense:", "M202"),
            ("day in words", "license:", "date-released: 3 February\nlicense:", "C126"),
            ("key twice", "license:", "title: Port\nlicense:", "S102"),
            ("a tab", "license:", "\tlicense:", "S102"),
        )
    ),
    Mutation("citation: emptied", write(CITATION, ""), ("C126",)),
    Mutation("citation: Latin-1", rewrite(CITATION, lambda t: t.replace("Berg", "Bärg").encode("latin-1")), ("S101",)),
    Mutation("citation: byte order mark", rewrite(CITATION, lambda t: "\ufeff" + t), ("S101",)),
    # Waivers.
    Mutation(
        "waiver: impossible last day",
        write("corpus/waivers.yaml", "waivers:\n- {code: P401, reason: Old., until: 2020-02-31}\n"),
        ("M201",),
    ),
    Mutation("waiver: no reason", write("corpus/waivers.yaml", "waivers:\n- {code: P401}\n"), ("S104",)),
    Mutation(
        "waiver: code misspelt", write("corpus/waivers.yaml", "waivers:\n- {code: P999, reason: No.}\n"), ("C603",)
    ),
    Mutation(
        "waiver: article misspelt",
        write("corpus/waivers.yaml", "waivers:\n- {code: P401, reason: No., articles: [harbor]}\n"),
        ("C602",),
    ),
    Mutation(
        "waiver: required key misspelt",
        write("corpus/waivers.yaml", "waivers:\n- {cod: P401, reason: No.}\n"),
        ("S104",),
    ),
    Mutation(
        "waiver: hidden by an error",
        lambda p: (
            p.write("corpus/waivers.yaml", "waivers:\n- {code: P401, reason: Old.}\n"),
            change_span(BEN, "Quay", 41, label="Quai")(p),
        ),
        ("P201",),
    ),
]
"""Mutations of adjudication against gold, heads and dates, independence, releases, CITATION.cff and waivers."""
