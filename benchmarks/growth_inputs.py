"""Small corpora and files for the cases of benchmarks/growth.py that are about one article, or one file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Corpus, encode_annotation, encode_article, encode_source, sort_annotation
from annotate.inventory import load_inventory
from annotate.model import GOLD, Annotation, Article, Relation, SourceFile, SourceRange, Span
from annotate.offsets import sha256

LABELS = """\
version: 0.1.0
title: Made up
about: Made-up articles.
language: en
layers:
  things: {title: Things, definition: Things.}
spans:
  Thing: {layer: things, alone: true, definition: A thing., color: "#1f6fb4", guideline: page.md}
  Part: {layer: things, alone: true, definition: A part of a thing., color: "#0b8f6a", guideline: page.md}
  Claim: {layer: things, definition: What is said of a thing., color: "#c80317", guideline: page.md}
  Toll: {layer: things, alone: true, definition: How many people., color: "#7a3fc1", guideline: page.md}
attributes:
  least: {labels: [Toll], type: integer, required: false, definition: The lower number.}
  most: {labels: [Toll], type: integer, required: false, definition: The upper number.}
  wording:
    labels: [Toll]
    type: choice
    required: true
    definition: How the words give the number.
    values: {exact: one number, vague: no number}
intervals:
  - {label: Toll, minimum: least, maximum: most, wording: wording, readings: {exact: both, vague: none}}
relations:
  part_of: {definition: From a Part to what it belongs to., head: [Part], tail: [Thing, Part], guideline: page.md}
  about: {definition: From a Claim to a Thing., head: [Claim], tail: [Thing], per_head: {least: 1}, guideline: page.md}
  continues: {definition: From a later piece to the piece before it., joins_pieces: true, guideline: page.md}
records:
  parts: {anchor: Part, definition: One row a Part., roles: {whole: {relation: part_of}}}
"""
ANNOTATORS = ("anna", "ben")

Range = tuple[str, int, int]
"""The label of a span and its code points, half open."""


class Labels(NamedTuple):
    """The labels of one annotator: spans, and relations by the places of their ends in the list of spans."""

    spans: Sequence[Span]
    relations: Sequence[tuple[str, int, int]] = ()


def make_spans(text: str, ranges: Iterable[Range], **attributes: Any) -> list[Span]:
    """Make spans `s0`, `s1` and so on, with the words of the text."""
    return [
        Span(id=f"s{index}", label=label, start=start, end=end, text=text[start:end], attributes=attributes)
        for index, (label, start, end) in enumerate(ranges)
    ]


def write_project(folder: Path, annotators: Iterable[str] = ANNOTATORS, labels: str = LABELS) -> Corpus:
    """Write schema, guidelines and an empty corpus with people."""
    (folder / "schema").mkdir(parents=True)
    (folder / "schema" / "labels.yaml").write_text(labels, "utf-8")
    (folder / "guidelines").mkdir()
    (folder / "guidelines" / "page.md").write_text("# Page\n\nA page.\n")
    for name in ("articles", "sources"):
        (folder / "corpus" / name).mkdir(parents=True)
    people = "".join(
        f'  - {{id: {name}, kind: person, training: none, since: "2026-01-01"}}\n' for name in (*annotators, "judge")
    )
    (folder / "corpus" / "annotators.yaml").write_text(f"annotators:\n{people}")
    return Corpus(folder / "corpus")


def write_article(corpus: Corpus, article_id: str, text: str, labels: Mapping[str, Labels]) -> None:
    """Write an article, its source, and the labels of each annotator."""
    inventory = load_inventory(corpus.root.parent / "schema")
    name, digest = f"{article_id}.txt", sha256(text)
    article = Article(
        id=article_id, title="Made up", language="en", author=None, publisher=None, date=None, rights="Made up.",
        source=SourceRange(file=name, sha256=digest, start=0, end=len(text)), text_sha256=digest, text=text,
    )  # fmt: skip
    corpus.source_path(name).write_text(text, "utf-8", newline="")
    record = SourceFile(file=name, sha256=digest, boundaries="One file, one article.", omitted=())
    corpus.source_record_path(name).write_bytes(encode_source(record))
    corpus.text_path(article_id).write_text(text, "utf-8", newline="")
    corpus.article_path(article_id).write_bytes(encode_article(article))
    for who, made in labels.items():
        relations = tuple(
            Relation(label=label, head=f"s{head}", tail=f"s{tail}") for label, head, tail in made.relations
        )
        annotation = Annotation(
            article=article_id, annotator="judge" if who == GOLD else who,
            process="adjudicated" if who == GOLD else "single pass", made_from=ANNOTATORS if who == GOLD else (),
            inventory=inventory.version, text_sha256=digest, spans=tuple(made.spans), relations=relations,
        )  # fmt: skip
        corpus.annotation_path(who, article_id).parent.mkdir(parents=True, exist_ok=True)
        corpus.annotation_path(who, article_id).write_bytes(encode_annotation(sort_annotation(annotation)))


def write_small(
    folder: Path, text: str, ranges: Sequence[Range], relations: Sequence[tuple[str, int, int]] = ()
) -> None:
    """Write a project with one article, which gold and two annotators labelled alike."""
    labels = Labels(make_spans(text, ranges), relations)
    write_article(write_project(folder), "one", text, dict.fromkeys((GOLD, *ANNOTATORS), labels))


def count_words(number: int, word: str = "word") -> tuple[str, list[tuple[int, int]]]:
    """Return a text of so many words, ten on a line, and the range of each word."""
    words = [f"{word}{index}" for index in range(number)]
    parts, ranges, at = list[str](), list[tuple[int, int]](), 0
    for index, one in enumerate(words):
        ranges.append((at, at + len(one)))
        parts.append(one + ("\n" if index % 10 == 9 else " "))
        at += len(one) + 1
    return "".join(parts).rstrip(), ranges


def encode_task(
    number: int, text: str, regions: Sequence[tuple[str, int, int, str]], relations: Sequence[tuple[str, int, int]] = ()
) -> dict[str, Any]:
    """Return a task of an export of Label Studio.

    Args:
        number: The id of the task.
        text: Its text.
        regions: Label, start, end and quoted words of each region.
        relations: The label of each relation, and the places of its ends in the list of regions.
    """
    items: list[dict[str, Any]] = [
        {
            "id": f"r{index}", "from_name": "things", "to_name": "text", "type": "labels", "origin": "manual",
            "value": {"start": start, "end": end, "text": words, "labels": [label]},
        }
        for index, (label, start, end, words) in enumerate(regions)
    ]  # fmt: skip
    items += (
        {"from_id": f"r{head}", "to_id": f"r{tail}", "type": "relation", "direction": "right", "labels": [label]}
        for label, head, tail in relations
    )
    annotation = {
        "id": number, "completed_by": 1, "result": items, "was_cancelled": False, "ground_truth": False,
        "created_at": "2026-01-02T03:04:05.678901Z", "updated_at": "2026-01-02T03:04:05.678901Z",
        "lead_time": 1.0, "task": number, "project": 1,
    }  # fmt: skip
    data = {"text": text, "article": f"made-{number:06}", "title": "Made up", "language": "en"}
    return {"id": number, "annotations": [annotation], "predictions": [], "data": data, "meta": {}}


def write_export(folder: Path, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Write a project and an export of these tasks."""
    write_project(folder)
    (folder / "export.json").write_bytes(msgspec.json.encode(tasks))


def write_brat(folder: Path, text: str, lines: Sequence[str]) -> None:
    """Write a project, a folder of brat with one text, and the map of its labels."""
    write_project(folder)
    (folder / "brat").mkdir()
    (folder / "brat" / "one.txt").write_text(text, "utf-8", newline="")
    (folder / "brat" / "one.ann").write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="")
    spans = "".join(f"  {name}: {{label: {name}}}\n" for name in ("Thing", "Part", "Claim"))
    (folder / "map.yaml").write_text(f"spans:\n{spans}relations:\n  part_of: {{relation: part_of}}\n")


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))
