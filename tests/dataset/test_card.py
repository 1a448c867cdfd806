"""The card: YAML that the Hub reads, the corpus's own numbers, and code that runs."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
import yaml

from annotate.corpus import Corpus
from annotate.dataset.build import build
from annotate.dataset.card_example import show_row
from annotate.dataset.citation import read_citation
from annotate.dataset.facts import FEW
from annotate.dataset.features import INTEGER, STRING, class_label, list_of
from annotate.dataset.folder import CARD, CROISSANT
from annotate.dataset.tables import table_features
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.records import Graph
from tests.conftest import ROOT, Project, annotate
from tests.dataset.conftest import Load


def made(project: Project, citation: Path | None = None) -> str:
    build(project.corpus, project.inventory, project.root / "out", citation)
    return (project.root / "out" / CARD).read_text("utf-8")


def metadata(card: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return found


def test_the_yaml_is_what_the_hub_reads(project: Project) -> None:
    from huggingface_hub import DatasetCard

    path = project.path("CITATION.cff")
    path.write_text(CFF)
    card = made(project, path)
    fields: dict[str, Any] = DatasetCard(card).data.to_dict()  # type: ignore[no-untyped-call]
    assert fields["pretty_name"] == "Port news"
    assert (fields["license"], fields["license_name"]) == ("other", "labels-cc-by-4.0")
    assert fields["language"] == ["en"]
    assert fields["size_categories"] == ["n<1K"]
    assert fields["annotations_creators"] == ["expert-generated"]
    assert [config["config_name"] for config in fields["configs"] if config.get("default")] == ["articles"]
    for config in fields["configs"]:
        for entry in config["data_files"]:
            assert (project.root / "out" / entry["path"]).is_file()


def test_annotators_are_listed_from_the_annotations(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    build(corpus, labels, tmp_path / "out")
    card = (tmp_path / "out" / CARD).read_text("utf-8")
    gold = list(corpus.gold())
    single = sum(one.process == "single pass" for one in gold)
    if single:
        assert f"{single} of {len(gold)} articles in a single pass" in card
    kinds = {corpus.read_annotators()[one.annotator].kind for one in gold if one.process == "single pass"}
    if kinds == {"model"} and single == len(gold):
        assert metadata(card)["annotations_creators"] == ["machine-generated"]
        assert "No person has labelled" in card


def test_counts_are_the_corpuss(project: Project) -> None:
    card = made(project)
    gold = [project.corpus.read_annotation(GOLD, name) for name in ("harbour", "market")]
    pieces = [span.label for annotation in gold for span in annotation.spans]
    spans = [mention.label for annotation in gold for mention in Graph(annotation, project.inventory).mentions]
    assert len(spans) == len(pieces) - 1
    assert f"2 articles, {len(spans)} spans ({len(pieces)} pieces) with" in card
    for name, label in project.inventory.spans.items():
        count = f"{spans.count(name)}{' (3 pieces)' * (name == 'Words')}"
        assert f"| `{name}` | {label.definition} | {count} |" in card


def test_what_gold_was_not_looked_through_for_is_told(project: Project) -> None:
    """Regression: a relation that a migration added had the count 0, as if it had been looked for."""
    project.replace("schema/labels.yaml", "version: 1.0.0", "version: 1.1.0")
    project.replace(
        "schema/labels.yaml",
        "    guideline: speech.md\n    joins",
        "    guideline: speech.md\n    since: 1.1.0\n    joins",
    )
    project.replace("corpus/annotations/gold/market.json", '"inventory": "1.0.0"', '"inventory": "1.1.0"')
    assert "| any | any | 1; looked for in 1 of 2 articles |" in made(project)


def test_limitations_name_rare_labels_and_rare_values(project: Project) -> None:
    """A relation that joins pieces is rare in any corpus; a value is told only if its attribute is not rare itself."""
    gold = project.corpus.read_annotation(GOLD, "harbour")
    speaker = next(span for span in gold.spans if span.id == "s1")
    more = [msgspec.structs.replace(speaker, id=f"m{index}") for index in range(FEW)]
    project.corpus.write_annotation(GOLD, msgspec.structs.replace(gold, spans=(*gold.spans, *more)))
    card = made(project)
    (rare,) = re.findall(r"examples each: (.*)\.\n", card)
    names = {*project.inventory.spans, *project.inventory.relations} - {"Speaker", "continues"}
    assert sorted(rare.split(", ")) == sorted(f"`{name}`" for name in names)
    assert f"- Fewer than {FEW} examples each of these values: `rank` `hand`, `other`.\n" in card


def test_versions_that_labels_were_last_looked_at_with(project: Project) -> None:
    """They are told, with counts, where they are not that of the inventory."""
    card = made(project)
    assert "Labels: inventory 1.0.0.\n" in card
    assert "inventory of own labels" not in card
    shutil.rmtree(project.path("out"))
    project.replace("schema/labels.yaml", "version: 1.0.0", "version: 1.10.0")
    project.replace("corpus/annotations/gold/market.json", '"inventory": "1.0.0"', '"inventory": "1.9.0"')
    project.replace("corpus/annotations/anna/market.json", '"inventory": "1.0.0"', '"inventory": "1.10.0"')
    card = made(project)
    assert "Labels: inventory 1.10.0, last looked at with 1.0.0 (1 article), 1.9.0 (1 article).\n" in card
    assert "| inventory of own labels |" in card
    (row,) = [line for line in card.splitlines() if line.startswith("| `anna` |")]
    assert row.endswith("| 1.0.0 (1), 1.10.0 (1) |")


def test_denied_counts_are_told_from_claimed_ones(project: Project) -> None:
    assert "Do not add their numbers" not in made(project)
    shutil.rmtree(project.path("out"))
    example = ROOT / "tests" / "invalid" / "P304-nobody-claims-it" / "schema" / "labels.yaml"
    shutil.copy(example, project.path("schema/labels.yaml"))
    project.replace(
        "corpus/annotations/gold/harbour.json", '"wording": "exact"', '"wording": "exact", "truth": "denied"'
    )
    card = made(project)
    loads = sum(span.label == "Load" for annotation in project.corpus.gold() for span in annotation.spans)
    assert (
        f"1 of {loads} spans labelled `Load` deny a claim. Do not add their numbers to those that are claimed." in card
    )


def test_a_card_names_no_label_of_another_corpus(project: Project, labels: Inventory) -> None:
    card = made(project)
    foreign = set(labels.spans) - set(project.inventory.spans) - {"Time", "Source"}
    assert not [name for name in foreign if re.search(rf"\b{name}\b", card)]


def run_code(folder: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the code of a card in its order, compare the values that it shows, and return the lines that have some."""
    import datasets

    card = (folder / CARD).read_text("utf-8")
    blocks = [code for code in re.findall(r"```python\n(.*?)```", card, re.DOTALL) if not code.startswith(">>>")]
    assert blocks[0].startswith("from datasets import load_dataset\n")
    assert '"path/to/this/folder"' in blocks[0]
    monkeypatch.setattr(datasets, "load_dataset", load)
    names: dict[str, Any] = {}
    checked = []
    for code in blocks:
        exec(code.replace("path/to/this/folder", str(folder)), names)  # noqa: S102 - our own card
        for line in code.splitlines():
            read, _, given = line.partition("  # ")
            if given and not given.endswith("…") and not re.match(r"\w+ = ", read):
                value = repr(eval(read, names))  # noqa: S307 - our own card
                assert value == given or given.startswith(f"{value}: ")
                checked.append(line)
    return checked


@pytest.mark.parametrize("options", [[], ["--without-text"]])
def test_code_of_the_card_runs(options: list[str], tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    built = annotate("build", *options, "--out", str(tmp_path / "out"))
    assert built.exit_code == 0, built.output
    lines = run_code(tmp_path / "out", load, monkeypatch)
    assert len(lines) >= 3
    assert not [line for line in lines if "None" in line]


def test_code_of_a_card_without_records_runs(tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay_out(tmp_path)
    cases: list[tuple[list[str], str]] = [
        ([], "span[\"text\"]  # 'Anna Berg'"),
        (["--without-text"], 'span["start"], span["end"]  # (0, 9)'),
    ]
    for options, words in cases:
        built = annotate("build", *options, "--out", "out", cwd=root)
        assert built.exit_code == 0, built.output
        assert run_code(root / "out", load, monkeypatch) == [words, 'span["label"]  # 0: Label']


def test_a_copy_without_text_says_so_first(tmp_path: Path) -> None:
    for is_open in (False, True):
        assert annotate("build", *["--without-text"] * is_open, "--out", str(tmp_path / "out")).exit_code == 0
        body = (tmp_path / "out" / CARD).read_text("utf-8").split("---\n", 2)[2]
        second = body.strip().split("\n\n")[1]
        assert second.startswith("> **This copy has no words of the articles.**") is is_open
        assert ("annotate hydrate path/to/this/folder --texts" in body) is is_open


def test_order_of_the_card(tmp_path: Path) -> None:
    """What the data are, who labelled and what they are for, how to load them, the tables; then all else."""
    assert annotate("build", "--out", str(tmp_path / "out")).exit_code == 0
    body = (tmp_path / "out" / CARD).read_text("utf-8").split("---\n", 2)[2]
    first = body.partition("\n## ")[0]
    points = ["Size", "Who labelled", "For", "Not for", "Rights", "Splits"]
    assert re.findall(r"^- \*\*(.*?):\*\*", first, re.MULTILINE) == points
    assert "6 models labelled, 1 model adjudicated, no person took part." in first
    titles = re.findall(r"^## (.*)$", body, re.MULTILINE)
    assert titles == [
        *("Load", "Tables", "Labels", "Splits", "Who labelled", "Agreement", "Limitations", "Data statement"),
        *("Rights", "Contact and upkeep", "Waived checks", "Citation", "Columns"),
    ]
    for anchor in re.findall(r"\]\(#([\w-]+)\)", body):
        assert anchor in {title.lower().replace(" ", "-") for title in titles}


def test_unknown_fields_are_not_stated(project: Project) -> None:
    card = made(project)
    for name in ("For", "Not for", "Repository", "DOI", "Contact", "Takedown", "Funding", "Ethics", "Maintenance"):
        assert f"- **{name}:** not stated\n" in card


def test_known_fields_are_shown_and_escaped(project: Project) -> None:
    path = project.path("CITATION.cff")
    dataset = "https://huggingface.co/datasets/harbour/port"
    contact = "contact:\n  - {given-names: Ana, family-names: <b>Berg, email: ana@harbour.example}\n"
    path.write_text(f"{CFF}repository: {dataset}\ndoi: 10.5281/zenodo.1\n{contact}")
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.1.0 (not released)\n")
    project.path("corpus/statement.yaml").write_text("takedown: Write to us <script>.\nfunding: None.\n")
    card = made(project, path)
    for line in (
        "- **Version:** 1.1.0",
        "- **Released:** not stated",
        "- **Repository:** [https://example.org/port](https://example.org/port)",
        f"- **Dataset:** [{dataset}]({dataset})",
        "- **DOI:** [10.5281/zenodo.1](https://doi.org/10.5281/zenodo.1)",
        "- **Contact:** Ana \\<b\\>Berg (ana@harbour.example)",
        "- **Takedown:** Write to us \\<script\\>.",
        "- **Funding:** None.",
    ):
        assert f"{line}\n" in card
    assert "The entry is that of version 1.0.0; these data are version 1.1.0." in card
    assert '# or "harbour/port"\n' in card
    project.path("corpus/statement.yaml").write_text("contact: The editors.\n")
    assert "- **Contact:** The editors.\n" in made(project, path)


def test_a_person_who_adjudicates_the_labels_of_models_is_named(project: Project) -> None:
    """Regression: the card said that no person had taken part, since only those who labelled were looked at."""
    anna = "annotators:\n- {id: anna, kind: model, training: none, since: '2026-01-01'}\n"
    zoe = "- {id: zoe, kind: person, training: none, since: '2026-01-01'}\n"
    project.path("corpus/annotators.yaml").write_text(anna + zoe)
    assert "no person took part" in made(project)
    for name in ("harbour", "market"):
        gold = project.corpus.read_annotation(GOLD, name)
        project.corpus.write_annotation(GOLD, msgspec.structs.replace(gold, annotator="zoe"))
    card = made(project)
    assert "1 model labelled, 1 person adjudicated. " in card
    assert metadata(card)["annotations_creators"] == ["expert-generated", "machine-generated"]
    assert "No person has labelled" not in card


def test_the_rows_of_the_card_are_those_that_load(
    corpus: Corpus, labels: Inventory, tmp_path: Path, load: Load
) -> None:
    build(corpus, labels, tmp_path / "out")
    blocks = r"```python\n>>> (load_dataset\(.*?\)\[\d+\])\n(.*?)\n```"
    calls = re.findall(blocks, (tmp_path / "out" / CARD).read_text("utf-8"), re.DOTALL)
    tables = table_features(labels)
    assert len(calls) == len(tables)
    for (call, text), features in zip(calls, tables.values(), strict=True):
        row = eval(call, {"load_dataset": load, "dataset": str(tmp_path / "out")})  # noqa: S307 - our own card
        assert show_row(row, features) == text


def test_a_row_is_shown_with_the_names_of_its_classes() -> None:
    features = {
        "a": class_label(["x", "y"]),
        "b": list_of({"c": class_label(["p"]), "t": STRING}),
        "n": INTEGER,
        "e": STRING,
    }
    text = show_row({"a": 1, "b": [{"c": 0, "t": "é" * 101}] * 3, "n": 5, "e": None}, features)
    assert '"a": 1,  # y' in text
    assert "# c: p" in text or "# p" in text
    assert "# and 1 more" in text
    assert "é" * 100 + "…" in text


CFF = """\
cff-version: 1.2.0
message: Cite it.
title: "Port & news: a corpus"
authors:
  - family-names: Doe
    given-names: Jane
  - name: The Harbour Office
version: 1.0.0
license: CC-BY-4.0
date-released: 2026-03-04
repository-code: https://example.org/port
keywords: [Ports, port news]
"""


def test_the_citation_is_made_from_the_cff(project: Project) -> None:
    path = project.path("CITATION.cff")
    path.write_text(CFF)
    card = made(project, path)
    assert "@misc{port-news-2026," in card
    assert "  author = {Doe, Jane and {The Harbour Office}}," in card
    assert "  title = {{Port \\& news: a corpus}}," in card
    assert "  year = {2026}," in card
    assert metadata(card)["tags"] == ["ports", "port-news"]


@pytest.mark.parametrize(
    ("named", "name", "words", "link"),
    [
        ("license: CC-BY-4.0", "cc-by-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        (
            "license: cc-by-nc-sa-3.0",
            "cc-by-nc-sa-3.0",
            "CC BY-NC-SA 3.0",
            "https://creativecommons.org/licenses/by-nc-sa/3.0/",
        ),
        ("license: CC0-1.0", "cc0-1.0", "CC0-1.0", "https://spdx.org/licenses/CC0-1.0.html"),
        ("license: MIT\nlicense-url: https://example.org/mit", "mit", "MIT", "https://example.org/mit"),
        ("license: [MIT, ODbL-1.0]", "mit-or-odbl-1.0", "MIT OR ODbL-1.0", "https://spdx.org/licenses/"),
    ],
)
def test_the_licence_is_the_one_of_the_cff(project: Project, named: str, name: str, words: str, link: str) -> None:
    path = project.path("CITATION.cff")
    path.write_text(CFF.replace("license: CC-BY-4.0", named))
    card, fields = made(project, path), metadata(made(project, path))
    assert [fields[key] for key in ("license", "license_name", "license_link")] == ["other", f"labels-{name}", link]
    assert f"- **Rights:** Labels and guidelines: [{words}]({link}). Texts: Made up for tests. See " in card
    assert f"licensed under [{words}]({link}). That licence does not cover the texts of the articles" in card
    document = json.loads((project.root / "out" / CROISSANT).read_text("utf-8"))
    assert document["license"][0] == link
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    alone = metadata((project.root / "open" / CARD).read_text("utf-8"))["license"]
    assert alone == ("other" if "OR" in words else name)


@pytest.mark.parametrize("named", [None, "", "license: []", "license: ' '", "license: {name: MIT}"])
def test_card_states_no_licence_unless_one_is_named(project: Project, named: str | None) -> None:
    """Regression: the labels of every corpus were published under CC BY 4.0."""
    path = project.path("CITATION.cff")
    path.write_text(CFF.replace("license: CC-BY-4.0", named or ""))
    card = made(project, None if named is None else path)
    assert [value for key, value in metadata(card).items() if key.startswith("license")] == ["unknown"]
    assert "- **Rights:** No licence is stated for the labels. Texts: Made up for tests. See " in card
    assert "CC BY" not in card
    document = json.loads((project.root / "out" / CROISSANT).read_text("utf-8"))
    assert "license" not in document
    assert "No licence is stated for the labels; of the articles' texts: " in document["description"]


def test_without_a_cff_there_is_no_citation(project: Project) -> None:
    assert "bibtex" not in made(project)


@pytest.mark.parametrize("text", ["a: [", "- x\n", "title: t\nauthors: me\n"])
def test_a_broken_cff_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(text)
    with pytest.raises(CannotRun, match=re.escape(str(path))):
        read_citation(path)


def test_tables_survive_bars_in_definitions(project: Project) -> None:
    project.replace("schema/labels.yaml", "master: commands", 'master: "commands | orders"')
    assert "commands \\| orders" in made(project)


def test_the_yaml_of_the_features_is_that_of_datasets(corpus: Corpus, labels: Inventory, tmp_path: Path) -> None:
    """The Hub's viewer uses it: `datasets` writes the same for the Parquet files, and reads it back."""
    from datasets import DatasetInfo, Features

    made = build(corpus, labels, tmp_path / "out")
    found = metadata((tmp_path / "out" / CARD).read_text("utf-8"))["dataset_info"]
    assert [info["config_name"] for info in found] == list(table_features(labels))
    for info in found:
        (table,) = [table for table in made.tables if table.config == info["config_name"]]
        features = Features.from_arrow_schema(pq.read_schema(tmp_path / "out" / table.file))
        assert info["features"] == features._to_yaml_list()
        read = DatasetInfo._from_yaml_dict(info)
        assert read.features == features
        assert read.splits["test"].num_examples == table.rows
        assert info["download_size"] == (tmp_path / "out" / table.file).stat().st_size


def test_a_stale_card_does_not_load(project: Project, load: Load) -> None:
    out = project.root / "out"
    build(project.corpus, project.inventory, out)
    card = (out / CARD).read_text("utf-8")
    stale = card.replace("num_examples: 1\n", "num_examples: 7\n", 1)
    assert stale != card
    (out / CARD).write_text(stale)
    with pytest.raises(Exception, match="num_examples=7"):
        load(str(out))


def test_the_rights_in_the_texts_are_those_that_articles_state(project: Project) -> None:
    texts = {}
    for article_id in ("harbour", "market"):
        path = project.path(f"corpus/articles/{article_id}.json")
        texts[article_id] = path.read_text("utf-8")
        path.write_text(
            re.sub('"rights": "[^"]*"', '"rights": "CC0 1.0; invented for this corpus."', texts[article_id])
        )
    card = made(project)
    assert "No licence is stated for the labels. Texts: CC0 1.0; invented for this corpus. See [Rights]" in card
    assert "| CC0 1.0; invented for this corpus. | 2 |" in card
    assert "publishers'" not in card
    assert "language_creators" not in metadata(card)
    assert "source_datasets" not in metadata(card)
    project.replace("corpus/articles/market.json", "CC0 1.0; invented for this corpus.", "CC BY 4.0; by the authors")
    assert "Texts: the rights that each article states. See [Rights]" in made(project)
    description = json.loads((project.root / "out" / "croissant.json").read_text("utf-8"))["description"]
    assert description.endswith("CC BY 4.0; by the authors. CC0 1.0; invented for this corpus.")


def test_publishers_are_counted_where_articles_name_them(project: Project) -> None:
    for article_id in ("harbour", "market"):
        path = project.path(f"corpus/articles/{article_id}.json")
        path.write_text(re.sub('"publisher": [^,]*,', '"publisher": null,', path.read_text("utf-8")))
    assert "| publisher | articles |" not in made(project)
    project.replace("corpus/articles/market.json", '"publisher": null', '"publisher": "The Port"')
    card = made(project)
    assert "| The Port | 1 |" in card
    assert "| not named | 1 |" in card


def test_the_data_statement_gives_fields_of_the_hub(project: Project) -> None:
    project.path("corpus/statement.yaml").write_text("language_creators: [found]\nsource_datasets: [original]\n")
    fields = metadata(made(project))
    assert (fields["language_creators"], fields["source_datasets"]) == (["found"], ["original"])


def lay_out(folder: Path) -> Path:
    """Lay out a corpus of one article with one span, without relations and records."""
    root = folder / "new"
    (folder / "a.txt").write_text("Anna Berg left.\n")
    annotate("init", str(root), "--template", "empty")
    annotate("add", str(folder / "a.txt"), cwd=root)
    (root / "corpus/annotators.yaml").write_text(
        "annotators:\n- {id: anna, kind: person, training: none, since: '2026-01-01'}\n"
    )
    article = Corpus(root / "corpus").read_article("a")
    gold = {
        "article": "a",
        "annotator": "anna",
        "process": "single pass",
        "made_from": [],
        "inventory": "0.1.0",
        "text_sha256": article.text_sha256,
        "spans": [{"id": "s1", "label": "Label", "start": 0, "end": 9, "text": "Anna Berg", "attributes": {}}],
        "relations": [],
    }
    (root / "corpus/annotations/gold/a.json").write_text(json.dumps(gold))
    annotate("check", "--fix", cwd=root)
    return root


def test_a_corpus_without_relations_or_records_has_no_words_on_them(tmp_path: Path) -> None:
    root = lay_out(tmp_path)
    built = annotate("build", "--out", "out", cwd=root)
    assert built.exit_code == 0, built.output
    card = (root / "out" / CARD).read_text("utf-8")
    assert "1 article, 1 span with 1 label. Labels: inventory 0.1.0." in card
    assert "### Relations" not in card
    assert "fills the role" not in card
