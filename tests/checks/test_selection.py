"""A check of a change finds what the whole check finds since the change, and nothing that the whole check does not."""

import json
import random
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import annotate
from annotate.checks import files as checked_files
from annotate.checks.runner import ArticleChecker
from annotate.checks.selection import Selection, article_of, select_files
from annotate.corpus import Corpus
from annotate.findings import Finding
from annotate.inventory import load_inventory
from annotate.offsets import sha256
from annotate.util.folders import temporary_folder
from tests.checks.examples import EXAMPLES, lay_out
from tests.conftest import BASE, Project, read_files

INVENTORY = load_inventory(BASE / "schema")
RUN = (BASE.parent / "invalid" / "C703-span-deleted" / "corpus" / "annotators.yaml").read_text("utf-8")
MODEL = "ben"


def make_corpus(root: Path, copies: int) -> Corpus:
    """Write a corpus of copies of the made-up one, each from a source file of its own, and labels by a model."""
    base = BASE / "corpus"
    splits: dict[str, list[str]] = {"train": [], "test": []}
    links = []
    for number in range(copies):
        note = f"Note {number}.\n"
        for file, data in read_files(base).items():
            folder, _, name = file.rpartition("/")
            text = data.decode("utf-8")
            if file == "links.json":
                links += json.loads(text.replace('"harbour"', f'"harbour-{number}"'))["links"]
            elif folder == "sources":
                source = (base / "sources" / "port.txt").read_bytes().decode("utf-8")
                if name == "port.txt":
                    text += note
                else:
                    length = len(source) + len(note)
                    omitted = [*json.loads(text)["omitted"], {"start": len(source), "end": length, "reason": "a note"}]
                    lines = ",\n".join(json.dumps(entry) for entry in omitted)
                    text = f"{text[: text.index('[')]}[\n{lines}\n]\n}}\n"
                text = text.replace("port.txt", f"port-{number}.txt")
                text = text.replace(sha256(source), sha256(source + note))
                write(root / "sources" / name.replace("port", f"port-{number}"), text)
            elif folder == "splits":
                splits[name.removesuffix(".txt")] += [f"{article_id}-{number}" for article_id in text.split()]
            elif folder:
                source = (base / "sources" / "port.txt").read_bytes().decode("utf-8")
                for article_id in ("harbour", "market"):
                    text = text.replace(f'": "{article_id}"', f'": "{article_id}-{number}"')
                    name = name.replace(f"{article_id}.", f"{article_id}-{number}.")
                text = text.replace("port.txt", f"port-{number}.txt").replace(sha256(source), sha256(source + note))
                write(root / folder / name, text)
                if folder == "annotations/anna":
                    write(root / "annotations" / MODEL / name, text.replace('"anna"', f'"{MODEL}"'))
    for number in range(2):
        for name in ("harbour", "market"):
            gold = root / "annotations" / "gold" / f"{name}-{number}.json"
            write(gold, gold.read_text("utf-8").replace('["anna"]', f'["anna", "{MODEL}"]'))
            labels = json.loads(gold.read_bytes())
            fields = {"article": labels["article"], "annotators": ["anna", MODEL]}
            fields |= {"text_sha256": labels["text_sha256"], "agreed": {"spans": len(labels["spans"])}}
            write(root / "adjudication" / f"{name}-{number}.yaml", json.dumps(fields))
    write(root / "links.json", '{\n"links": [\n' + ",\n".join(map(json.dumps, links)) + "\n]\n}\n")
    for split, article_ids in splits.items():
        write(root / "splits" / f"{split}.txt", "".join(f"{article_id}\n" for article_id in article_ids))
    labels = [json.loads(path.read_bytes()) for path in (root / "annotations" / MODEL).iterdir()]
    counts = RUN.replace("articles: 1", f"articles: {len(labels)}")
    counts = counts.replace("spans: 2", f"spans: {sum(len(each['spans']) for each in labels)}")
    counts = counts.replace("relations: 0", f"relations: {sum(len(each['relations']) for each in labels)}")
    write(root / "annotators.yaml", counts)
    return Corpus(root)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


WAIVERS = """waivers:
  - {code: S107, reason: An editor.}
  - {code: T105, reason: Pasted., articles: [harbour-0, market-1]}
  - {code: C102, severity: error, reason: All are needed.}
  - {code: P301, reason: Noted., annotators: [anna]}
  - {code: C703, reason: Corrected.}
"""
REPLACEMENTS = (
    ("single pass", "corrected"),
    ("single pass", "adjudicated"),
    ("adjudicated", "promoted"),
    ('"made_from": []', '"made_from": ["ben"]'),
    ('"made_from": []', '"made_from": ["nobody"]'),
    ('"annotator": "anna"', '"annotator": "ben"'),
    ('"annotator": "anna"', '"annotator": "carla"'),
    ('"made_from": []', '"made_from": [],\n"origins": {"prediction": 2}'),
    ('"least": 40', '"least": 41'),
    ("crates", "boxes"),
    ("market", "marke\u200bt"),
    ('"spans": [', '"spans":  ['),
    ('"label": "Verb"', '"label": "Verbs"'),
    ('"relations": [', '"relations": [,'),
    ('"id": "s2"', '"id": "s1"'),
    ('"inventory": "1.0.0"', '"inventory": "0.1.0"'),
    ('"start": 1', '"start": 2'),
    ('"anna", "ben"]', '"anna", "carla"]'),
    ('"spans": 1', '"spans": 2'),
    ("port-0.txt", "port-1.txt"),
    ('"text_sha256": "e', '"text_sha256": "f'),
    ("harbour-0\n", ""),
    ("harbour-0\n", "harbour-0\nharbour-1\nelsewhere\n"),
    ("disputes", "same event"),
    ('"article": "harbour-0"', '"article": "harbour-1"'),
)


def edit(corpus: Corpus, chance: random.Random) -> set[str]:
    """Change something in a corpus, and return the paths of the files that may differ, relative to it."""
    existing = sorted(file for file in read_files(corpus.root) if "/" in file or not file.endswith(".yaml"))
    file = chance.choice(existing)
    kind = chance.randrange(7)
    if kind == 0:
        (corpus.root / file).unlink()
    elif kind == 1:  # a file where it does not belong, or in place of another one
        other = chance.choice([each for each in existing if each.rpartition("/")[0] == file.rpartition("/")[0]])
        name = chance.choice([other, f"{file.rpartition('/')[0]}/new.{file.rpartition('.')[2]}".lstrip("/")])
        (corpus.root / name).write_bytes((corpus.root / file).read_bytes())
        file = name
    elif kind == 2:
        copy = f"annotations/{chance.choice(['gold', 'anna', 'ben', 'carla'])}/{file.rpartition('/')[2]}"
        if file.startswith("annotations/"):
            data = (corpus.root / file).read_bytes()
            (corpus.root / copy).parent.mkdir(exist_ok=True)
            (corpus.root / copy).write_bytes(data)
            file = copy
    elif kind == 3:  # all labels of an annotator or all of a kind, which asks other things of all articles
        folder = chance.choice(["annotations/gold", "annotations/anna", "coverage", "splits", "adjudication"])
        changed = {f"{folder}/{path.name}" for path in (corpus.root / folder).glob("*.*")}
        kept = chance.choice([*sorted(changed), ""])
        for name in changed - {kept}:
            (corpus.root / name).unlink()
        return changed - {kept}
    else:
        for _ in range(20):
            old, new = chance.choice(REPLACEMENTS)
            text = (corpus.root / file).read_bytes().decode("utf-8", "replace")
            if old in text:
                write(corpus.root / file, text.replace(old, new, 1))
                break
            file = chance.choice(existing)
    return {file}


def test_the_corpus_of_these_tests_has_copies_and_no_other_findings(tmp_path: Path) -> None:
    assert {finding.code for finding in check(make_corpus(tmp_path, 3))} == {"C114"}


def check(corpus: Corpus, **options: object) -> list[Finding]:
    return annotate.check(corpus, INVENTORY, workers=1, **options)  # type: ignore[arg-type]


def is_subsequence(part: Collection[Finding], whole: Collection[Finding]) -> bool:
    rest = iter(whole)
    return all(finding in rest for finding in part)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(seed=46, earlier=1, later=3, has_waivers=False)  # the last gold is removed
@given(st.integers(0, 2**32), st.integers(0, 4), st.integers(1, 3), st.booleans())
def test_what_a_change_causes_is_found(seed: int, earlier: int, later: int, has_waivers: bool) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    with temporary_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        corpus = make_corpus(folder / "corpus", 3)
        if has_waivers:
            write(corpus.waivers_path, WAIVERS)
        for _ in range(earlier):
            edit(corpus, chance)
        before = check(corpus, use_cache=True)
        changed = set[str]().union(*(edit(corpus, chance) for _ in range(later)))
        paths = [corpus.root / file for file in changed]

        after, part = check(corpus), check(corpus, files=paths)
        assert is_subsequence(part, after)
        assert {finding for finding in after if finding not in before} <= set(part)
        assert check(corpus, files=paths, use_cache=True) == part  # with what the check before the change knew
        assert check(corpus, files=paths, use_cache=True) == part
        assert check(corpus, use_cache=True) == after
        assert check(corpus, files=paths, use_cache=True) == part
        articles = {article_of(file) for file in changed}
        gone = [article_id for article_id in articles if article_id and not list(corpus.root.rglob(f"{article_id}.*"))]
        if None not in articles and not gone:
            assert check(corpus, articles=articles) == part


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_what_an_example_breaks_is_found(example: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    lay_out(example, root)
    corpus, inventory, guidelines = Corpus(root / "corpus"), load_inventory(root / "schema"), root / "guidelines"
    old, new = read_files(BASE), read_files(root)
    files = [file for file in old.keys() | new.keys() - {"removed.txt"} if old.get(file) != new.get(file)]
    changed = [root / file for file in files if file.startswith(("corpus/", "schema/", "guidelines/"))]
    before = annotate.check(Corpus(BASE / "corpus"), INVENTORY)
    after = annotate.check(corpus, inventory, folders=[guidelines])
    part = annotate.check(corpus, inventory, folders=[guidelines], files=changed)
    assert is_subsequence(part, after)
    assert {finding for finding in after if finding not in before} <= set(part)


def test_the_rules_look_at_changed_labels_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is read once. The cost of an article that was not changed is to read it."""
    reads, labelled, counts = list[str](), list[str](), list[int]()
    read_file, check_labels = checked_files.read_file, ArticleChecker.check_labels

    def note_read(root: str, file: str, article_id: str | None) -> object:
        reads.append(file)
        return read_file(root, file, article_id)

    def note_labels(checker: ArticleChecker, article_id: str, *rest: object) -> object:
        labelled.append(article_id)
        return check_labels(checker, article_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(checked_files, "read_file", note_read)
    monkeypatch.setattr(ArticleChecker, "check_labels", note_labels)
    for copies in (2, 4):
        corpus = make_corpus(tmp_path / str(copies), copies)
        reads.clear()
        labelled.clear()
        check(corpus, articles=["harbour-0"])
        assert labelled == ["harbour-0"] * 3  # gold, anna and the model
        assert len(reads) == len(set(reads))
        counts.append(len(reads))
    assert counts[1] <= 2.3 * counts[0]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["corpus/articles/a.txt", "corpus/annotations/anna/b.json"], ({"a", "b"}, False)),
        (["corpus/coverage/a.json", "corpus/adjudication/c.yaml"], ({"a", "c"}, False)),
        (["corpus/splits/test.txt", "corpus/links.json", "corpus/sources/a.txt.json"], (set(), True)),
        (["corpus/articles/a.md", "corpus/annotations/a.json", "corpus/annotations/x/y/a.json"], (set(), False)),
        (["corpus/articles/.a.json", "corpus/articles/a", "corpus/CHANGELOG.md"], (set(), False)),
        (["corpus/articles/../articles/a.txt"], ({"a"}, False)),
        (["corpus/articles/a.txt", "corpus/annotators.yaml"], None),
        (["corpus/waivers.yaml"], None),
        (["corpus"], None),
        (["schema/labels.yaml"], None),
        (["guidelines/labels/gone.md"], None),
    ],
)
def test_files_belong_to_articles(
    files: list[str], expected: tuple[set[str], bool] | None, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    selection = select_files(Corpus("corpus"), files, "schema", ["guidelines"])
    assert selection == (Selection(frozenset(expected[0]), expected[1]) if expected else None)


def test_a_file_from_elsewhere_is_an_error(project: Project) -> None:
    result = project.annotate("check", "--files", "corpus/articles/harbour.txt", "../secret.json", "--strict")
    assert result.exit_code == 2
    assert "../secret.json: is not in corpus, and not in its schema or guidelines; name files of" in result.output


def test_the_command_takes_files_up_to_the_next_option(project: Project) -> None:
    project.replace("corpus/annotations/anna/market.json", '"spans": [', '"spans":  [')
    files = ("corpus/articles/harbour.txt", "corpus/annotations/gold/harbour.json")
    clean = project.annotate("check", "corpus", "--files", *files, "--strict", "--no-cache")
    assert (clean.exit_code, clean.output.count("the change of corpus")) == (0, 1)
    assert project.annotate("check", "--strict", "--files", *files, "corpus/articles/market.json").exit_code == 1
    assert project.annotate("check", "--strict", "--files", *files, "--article", "mark*").exit_code == 1
    assert project.annotate("check", "--files").exit_code == 2


def test_an_unknown_article_is_an_error(project: Project) -> None:
    result = project.annotate("check", "--article", "harbor")
    assert result.exit_code == 2
    assert "has no article 'harbor' (did you mean 'harbour'?); name articles" in result.output


def test_labels_of_a_deleted_article_are_found(project: Project) -> None:
    for ending in ("json", "txt"):
        project.path(f"corpus/articles/harbour.{ending}").unlink()
    findings = annotate.check(project.corpus, project.inventory, articles=["harbour"])
    assert {finding.code for finding in findings} >= {"C103", "C106", "C110"}


@pytest.mark.parametrize(("folder", "code"), [("annotations/gold", "C102"), ("coverage", "C205"), ("splits", "C108")])
def test_the_first_of_a_kind_asks_for_more_of_all_articles(folder: str, code: str, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, 2)
    first, *others = sorted((corpus.root / folder).iterdir())
    for path in others:
        path.unlink()
    if folder == "splits":
        first.write_text("harbour-0\n")
    after = [finding for finding in check(corpus) if finding.code == code]
    assert len(after) == 3
    assert [finding for finding in check(corpus, files=[first]) if finding.code == code] == after
    assert [finding for finding in check(corpus, articles=["harbour-0"]) if finding.code == code] == after
    other = [finding.article for finding in check(corpus, articles=["market-1"]) if finding.code == code]
    assert other == ["market-1"]


def test_labels_of_others_are_checked_if_a_waiver_has_no_effect(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, 2)
    write(corpus.waivers_path, "waivers:\n  - {code: S107, reason: An editor.}\n")
    path = corpus.annotation_path("anna", "market-1")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"spans": [', b'"spans":  ['))
    assert "C602" not in {finding.code for finding in check(corpus, articles=["harbour-0"])}
    path.write_bytes(data)
    assert "C602" in {finding.code for finding in check(corpus, articles=["market-1"])}


def test_labels_of_a_model_are_counted_as_the_whole_check_counts_them(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, 2)
    path = corpus.annotation_path(MODEL, "market-1")
    labels = json.loads(path.read_bytes())
    write(path, json.dumps({**labels, "spans": labels["spans"][:-1]}))
    for options in ({}, {"articles": ["harbour-0"]}, {"articles": ["market-1"]}):
        assert "C703" in {finding.code for finding in check(corpus, **options)}
    write(path, json.dumps({**labels, "spans": [], "text_sha256": "0" * 64}))  # refused, and so not counted
    for options in ({}, {"articles": ["harbour-0"]}, {"articles": ["market-1"]}):
        assert "C703" not in {finding.code for finding in check(corpus, **options)}


def test_an_article_of_which_only_decisions_are_left_can_be_named(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", 3)
    write(corpus.adjudication_path("gone"), "article: gone\n")
    part = [finding for finding in check(corpus, articles=["gone"]) if finding.article == "gone"]
    assert part
    assert part == [finding for finding in check(corpus) if finding.article == "gone"]
