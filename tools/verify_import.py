"""Compare a corpus, or a dataset, with the files that it was made from. Nothing of the toolkit is imported here.

    annotate import --format brat FOLDER --map map.yaml --annotator anna --report json > report.jsonl
    python tools/verify_import.py brat FOLDER --map map.yaml --report report.jsonl --annotator anna --corpus corpus

    annotate convert export.json --out dist --map map.yaml --fix
    python tools/verify_import.py labelstudio export.json --map map.yaml --report dist/aside/000000.jsonl --corpus dist

`import_readers` has a reader for each format, written from the description of the format. `import_expected` applies
the map as docs/reference/interchange.md says. Each item must be in the corpus, be left out by the map, or be reported,
and the corpus must have nothing else. Spans are compared by label, words and place, relations by their ends, and
attributes and notes by their span. A place is the number of characters before the span that are not white space, in
normal form C, so that it does not depend on how the toolkit cuts and joins texts. The exit code is 1 if anything
differs.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from import_expected import Expected, Places, Record, make_records, sort_attributes, text_key
from import_readers import READERS, Document

SHOWN = 20
"""Number of differences to show."""
COUNTED = ("texts", "items", "taken", "left out", "reported", "spans")


@dataclass
class Article:
    """An article of the corpus: its id and a record for each of its spans."""

    id: str
    records: Counter[Record]


def read_corpus(corpus: Path, annotator: str) -> dict[str, list[Article]]:
    """Return the articles with labels by this annotator, by their texts."""
    articles = defaultdict[str, list[Article]](list)
    for path in sorted((corpus / "annotations" / annotator).glob("*.json")):
        annotation = json.loads(path.read_text(encoding="utf-8"))
        text = (corpus / "articles" / f"{annotation['article']}.txt").read_bytes().decode("utf-8")
        places = Places(text)
        spans = {}
        for span in annotation["spans"]:
            start, end = span["start"], span["end"]
            if text[start:end] != span["text"]:
                raise SystemExit(f"{path}: {span['id']} does not read its text")
            key = places.key(span["label"], start, end)
            spans[span["id"]] = (key, sort_attributes(span.get("attributes", {})), span.get("note", ""))
        relations = [
            (relation["label"], relation["head"], relation["tail"], relation.get("note", ""))
            for relation in annotation["relations"]
        ]
        articles[text_key(text)].append(Article(annotation["article"], make_records(spans, relations)))
    return articles


def read_dataset(folder: Path) -> dict[str, list[Article]]:
    """Return the articles of a dataset that `annotate convert` made, by their texts."""
    import pyarrow.parquet as parquet

    articles = defaultdict[str, list[Article]](list)
    for path in sorted((folder / "data" / "articles").glob("*.parquet")):
        table = parquet.read_table(path)
        features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
        span_type, relation_type = [features[name]["feature"] for name in ("spans", "relations")]
        labels, relation_labels = span_type["label"]["names"], relation_type["label"]["names"]
        for row in table.to_pylist():
            places, spans = Places(row["text"]), {}
            for index, span in enumerate(row["spans"]):
                key = places.key(labels[span["label"]], span["start"], span["end"])
                spans[str(index)] = (key, (), span["note"] or "")
            relations = [
                (
                    relation_labels[relation["label"]],
                    str(relation["head"]),
                    str(relation["tail"]),
                    relation["note"] or "",
                )
                for relation in row["relations"]
            ]
            articles[text_key(row["text"])].append(Article(row["id"], make_records(spans, relations)))
    return articles


class Report:
    """What an import reported with `--report json`.

    Args:
        path: The report.
        folder: The folder that was imported.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.lines = defaultdict[str, set[int | None]](set)
        """The file → its lines with errors."""
        self.articles = defaultdict[str, Counter[str]](Counter)
        """The file → the number of errors in each of its articles."""
        self.counts: dict[str, int] = {}
        for line in path.read_text(encoding="utf-8").split("\n") if path.is_file() else ():
            entry = json.loads(line or "{}")
            if "findings" in entry:
                self.articles[entry["file"]][entry["article"]] += 1
            elif "lines" in entry:
                self.counts = entry["lines"]
            elif entry.get("severity") == "error":
                file = Path(entry["file"])
                name = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
                self.lines[name].add(entry["line"])
                self.articles[name][entry["article"]] += 1


def compare(
    documents: Iterable[Document], names: dict[str, Any], corpus: dict[str, list[Article]], report: Report, pieces: str
) -> tuple[Counter[str], list[str]]:
    """Compare the documents with the corpus, and return counts and what differs."""
    totals: Counter[str] = Counter()
    differences: list[str] = []
    refused: Counter[str] = Counter()
    ids = {article.id for articles in corpus.values() for article in articles}
    remaining = {text: list(articles) for text, articles in corpus.items()}
    for document in documents:
        totals["texts"] += 1
        totals["items"] += len(document.items)
        has_lines = any(item.line for item in document.items)
        expected = Expected(document, names, report.lines[document.file] if has_lines else set())
        candidates = remaining.get(text_key(document.text), [])
        if not candidates:
            refused[document.file] += 1
            totals["reported"] += len(document.items)
            continue
        wanted = expected.records(document.text, pieces)
        equal = [index for index, article in enumerate(candidates) if article.records == wanted]
        article = candidates.pop(equal[0] if equal else 0)
        missing, added = wanted - article.records, article.records - wanted
        totals += expected.counts
        totals["spans"] += article.records.total()
        reported = 0 if has_lines else report.articles[document.file][article.id]
        totals["reported"] += reported
        totals["taken"] -= reported
        problems = [*expected.problems, *(f"not in the corpus: {record}" for record in missing)]
        if has_lines or len(problems) > reported:
            differences += [f"{document.file}: {problem}" for problem in problems]
        differences += [f"{document.file}: not in the file: {record}" for record in added]
    differences += [
        f"the corpus has a text that no file has: {text[:60]!r}" for text, articles in remaining.items() if articles
    ]
    for file, count in refused.items():
        if count != (found := len(report.articles[file].keys() - ids)):
            differences.append(f"{file}: {count} texts are not in the corpus, and {found} were reported")
    for name, ours in (("items", "read"), ("taken", "taken"), ("left out", "left_out"), ("reported", "reported")):
        if report.counts and report.counts[ours] != totals[name]:
            differences.append(f"{ours}: the import counts {report.counts[ours]:,}, this script {totals[name]:,}")
    return totals, differences


def main() -> int:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=READERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--map", type=Path, action="append", required=True, help="repeatable: a preset, then the map")
    parser.add_argument("--annotator", help="whose labels, in a corpus")
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--pieces", default="continues", help="the relation that joins the pieces of a span")
    parser.add_argument("--columns", help="for bio: the columns of the token and of its tags, such as 1,4 or 1,-1")
    options = parser.parse_args()
    sections = ("spans", "relations", "events", "attributes", "normalizations", "equivalences", "notes", "labels_from")
    names: dict[str, Any] = {section: {} for section in sections}
    for path in options.map:
        for section, entries in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            names[section] = {**names.get(section, {}), **entries} if isinstance(entries, dict) else entries
    options.names = names
    documents = READERS[options.format](options.folder, options)
    is_corpus = options.annotator is not None
    corpus = read_corpus(options.corpus, options.annotator) if is_corpus else read_dataset(options.corpus)
    totals, differences = compare(documents, names, corpus, Report(options.report, options.folder), options.pieces)
    print(", ".join(f"{totals[name]:,} {name}" for name in COUNTED))
    for difference in differences[:SHOWN]:
        print(difference[:400])
    print(f"{len(differences):,} differences" if differences else "no difference")
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
