"""Every rule V has an example that fails, in a real repository; a corpus that may be released has no findings."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from annotate.dataset.folder import read_manifest
from annotate.errors import CannotRun
from annotate.findings import Rule
from annotate.release.candidate import Candidate, open_candidate
from annotate.release.rules import RULES, check_candidate
from tests.checks.test_severity import forget_words
from tests.release.conftest import VERSION, Maintained

BY_CODE = {rule.code: rule for rule in RULES}
NEXT, MAJOR = "1.1.0", "2.0.0"
LOG, LABELS, GATE = "corpus/CHANGELOG.md", "schema/labels.yaml", "corpus/release.yaml"
MANIFEST = f"releases/{VERSION}.json"


def check_rule(project: Maintained, version: str, rule: Rule) -> list[str]:
    """Return what one rule finds, as `file: message`."""
    with open_candidate(version, project.corpus.root, project.schema) as candidate:
        return [f"{finding.file}: {finding.message}" for finding in rule("", None, candidate)]


def redefine_label(project: Maintained) -> None:
    project.replace(LABELS, "definition: Who speaks.", "definition: Who speaks aloud.")


def move_between_splits(project: Maintained) -> None:
    project.write("corpus/splits/test.txt", "")
    project.write("corpus/splits/train.txt", "harbour\nmarket\n")


def show_labels(project: Maintained) -> None:
    old, new = ('"process": "single pass",\n"made_from": []', '"process": "corrected",\n"made_from": ["ben"]')
    project.replace("corpus/annotations/anna/market.json", old, new)


def empty_pass(project: Maintained) -> None:
    labels = project.corpus.read_annotation("ben", "harbour")
    project.corpus.write_annotation("ben", msgspec.structs.replace(labels, spans=(), relations=()))


def move_tag(project: Maintained) -> None:
    project.replace("corpus/articles/market.json", "Made up for tests.", "Made up.")
    project.commit()
    project.git("tag", "--force", f"v{VERSION}")


def tag_by_hand(project: Maintained) -> None:
    project.git("rm", "--quiet", MANIFEST)
    project.commit()
    project.git("tag", "--force", f"v{VERSION}")


def write_later_format(project: Maintained) -> None:
    project.replace(MANIFEST, "annotate release 1", "annotate release 2")
    project.commit()
    project.git("tag", "--force", f"v{VERSION}")


def halve_agreement(project: Maintained) -> None:
    for name, old in (("harbour", '{"id": "s5", "label": "Quay"'), ("market", '{"id": "s1", "label": "Load"')):
        path = project.path(f"corpus/annotations/ben/{name}.json")
        path.write_text("".join(line for line in path.read_text().splitlines(True) if old not in line))


def require_alpha(project: Maintained) -> None:
    project.write(GATE, "agreement: {least: 0.8, least_alpha: 0.667}\n")


def require_alpha_of_remarks(project: Maintained) -> None:
    project.write(GATE, "agreement: {least: 0.8, attributes: {remark: 0.667}}\n")


def confuse_ranks(project: Maintained) -> None:
    """Give each speaker of ben another rank than anna, and require an alpha."""
    require_alpha(project)
    path = project.path("corpus/annotations/ben/harbour.json")
    text = path.read_text()
    swapped = {"master": "hand", "hand": "master"}
    path.write_text(re.sub(r'(?<="rank": ")(master|hand)', lambda match: swapped[match[0]], text))


AGREEMENT_BLOCK = "<!-- generated: agreement -->\n\nVery good.\n\n<!-- /generated -->\n"


def label_once(project: Maintained, *names: str) -> None:
    """Promote the labels of anna, and leave out those of ben for some articles, by default all."""
    for name in ("harbour", "market"):
        project.path(f"corpus/annotations/gold/{name}.json").unlink()
    for name in names or ("harbour", "market"):
        project.path(f"corpus/annotations/ben/{name}.json").unlink()
    assert project.annotate("adjudicate", "promote", "anna").exit_code == 0


def show_agreement_of_one(project: Maintained) -> None:
    label_once(project)
    project.write("README.md", AGREEMENT_BLOCK)


def commit_link(project: Maintained) -> None:
    project.path("guidelines").mkdir(exist_ok=True)
    project.path("guidelines/notes.md").symlink_to("/etc/hostname")
    project.commit()


def commit_pointer(project: Maintained) -> None:
    project.write("guidelines/notes.md", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    project.commit()


def add_licence(project: Maintained) -> None:
    project.write("LICENSE", "Of the port.")
    project.git("add", "LICENSE")


Spoil = Callable[[Maintained], object]
CASES: list[tuple[str, str, Spoil, str]] = [
    ("V101", "0.9.0", lambda port: None, "0.9.0 is not higher than 1.0.0"),
    ("V101", VERSION, lambda port: port.git("tag", "v1.0.1"), "1.0.0 is not higher than 1.0.1"),
    (
        "V102",
        NEXT,
        redefine_label,
        "1.1.0 is too small (D103: the definition of the label Speaker changed); release it as 2.0.0",
    ),
    ("V103", NEXT, lambda port: None, "CITATION.cff: has the version 1.0.0, not 1.1.0"),
    ("V103", VERSION, lambda port: port.replace("CITATION.cff", "2026-03-01", "2026-03-02"), "has the day 2026-03-02"),
    (
        "V103",
        VERSION,
        lambda port: port.replace(LOG, "## 1", "## 1.5.0\n\n## 1"),
        "the newest entry is 1.5.0",
    ),
    ("V103", VERSION, lambda port: port.path("CITATION.cff").unlink(), "has the version None"),
    ("V104", NEXT, lambda port: None, "has no entry for 1.1.0"),
    ("V104", VERSION, lambda port: port.path(LOG).unlink(), "has no entry for 1.0.0"),
    ("V104", VERSION, lambda port: port.replace(LOG, "(2026-03-01)", "(not released)"), "the entry 1.0.0 has no day"),
    (
        "V104",
        VERSION,
        lambda port: port.replace(
            LOG, "Written", "<!-- draft: say in words what changed and why, then delete this line -->\nTold"
        ),
        "is a draft",
    ),
    ("V105", VERSION, lambda port: port.replace(LOG, "Articles: 2.", "Articles: 3."), "lacks 'Articles: 2.'"),
    ("V106", MAJOR, redefine_label, "the label Speaker was redefined since 1.0.0; raise the version to 2.0.0"),
    (
        "V106",
        NEXT,
        lambda port: port.replace(LABELS, "version: 1.0.0", "version: 3.0.0"),
        "use 1.1.0, or 1.0.0 if the inventory",
    ),
    ("V107", NEXT, lambda port: None, "nothing changed since 1.0.0; release 1.1.0 only if the toolkit builds"),
    ("V201", NEXT, lambda port: port.write("notes.txt", "x"), "notes.txt: is not committed"),
    ("V201", NEXT, redefine_label, "schema/labels.yaml: is not committed"),
    ("V202", VERSION, lambda port: None, "the tag v1.0.0 exists already"),
    ("V203", NEXT, move_tag, "corpus/articles/market.json: was changed under v1.0.0"),
    ("V203", NEXT, tag_by_hand, "the tag v1.0.0 has no manifest"),
    ("V203", NEXT, write_later_format, "under v1.0.0 has the format 'annotate release 2'"),
    ("V203", NEXT, lambda port: port.path(MANIFEST).unlink(), "differs from the file under v1.0.0"),
    (
        "V203",
        NEXT,
        lambda port: port.replace(LOG, "Written by a person", "Written by another"),
        "the entry 1.0.0 differs from the one under v1.0.0",
    ),
    ("V204", NEXT, move_between_splits, "corpus/splits/test.txt: was in test in 1.0.0 and is in train now"),
    ("V205", NEXT, commit_link, "guidelines/notes.md: is a link, which may lead out of the repository"),
    ("V206", NEXT, commit_pointer, "guidelines/notes.md: is a pointer of Git LFS and not the file"),
    ("V208", NEXT, empty_pass, "corpus/annotations/ben/harbour.json: is gone or has no labels, other than in 1.0.0"),
    (
        "V208",
        NEXT,
        lambda port: port.path("corpus/annotations/anna/market.json").unlink(),
        "corpus/annotations/anna/market.json: is gone or has no labels",
    ),
    ("V301", NEXT, lambda port: port.write("corpus/notes.orig", "x"), "corpus/notes.orig: C115: has no place"),
    ("V301", NEXT, show_labels, "corpus/annotations/gold/market.json: C124: is gold of the split test"),
    (
        "V302",
        NEXT,
        lambda port: port.replace("corpus/articles/market.json", "Made up for tests.", " "),
        "corpus/articles/market.json: does not state the rights",
    ),
    ("V302", NEXT, lambda port: port.replace("CITATION.cff", "CC-BY-4.0", ""), "CITATION.cff: names no licence"),
    ("V302", NEXT, lambda port: port.path("CITATION.cff").unlink(), "CITATION.cff: names no licence"),
    ("V306", NEXT, lambda port: port.replace(LABELS, "title: ", "title: My Corpus # "), "title: 'My Corpus' is still"),
    (
        "V306",
        NEXT,
        lambda port: port.replace("CITATION.cff", "title: Port news", "title: My Corpus"),
        "CITATION.cff: title: 'My Corpus' is still the text of the template; replace it",
    ),
    (
        "V306",
        NEXT,
        lambda port: port.replace("CITATION.cff", "The port office", "The authors of My Corpus"),
        "CITATION.cff: authors.1.name: 'The authors of My Corpus' is still",
    ),
    (
        "V306",
        NEXT,
        lambda port: port.replace("CITATION.cff", "title: Port news", "title: that of schema/labels.yaml"),
        "CITATION.cff: title: 'that of schema/labels.yaml' is still the text of the template; replace it",
    ),
    (
        "V306",
        NEXT,
        lambda port: port.replace("CITATION.cff", "name: The port office", "family-names: of a person"),
        "CITATION.cff: authors.1.family-names: 'of a person' is still the text of the template; replace it",
    ),
    (
        "V306",
        NEXT,
        lambda port: port.write(
            "corpus/statement.yaml", "limits: >-\n  The reports are of one harbour. The label\n  Quay occurs rarely.\n"
        ),
        "corpus/statement.yaml: limits: 'The reports are of one harbour. The label Quay",
    ),
    (
        "V306",
        NEXT,
        lambda port: port.write("CITATION.cff", "cff-version: 1.2.0\nversion: 1.0.0\n"),
        "CITATION.cff: has no title and no authors; add them",
    ),
    (
        "V307",
        NEXT,
        lambda port: forget_words(port),
        "corpus/annotations/anna/harbour.json: has errors (R105, R107), so the dataset leaves it out; correct it",
    ),
    ("V303", NEXT, halve_agreement, "agreement on Quay is 0.000, and 0.800 is needed"),
    ("V303", NEXT, lambda port: port.path(GATE).unlink(), "corpus/release.yaml: is missing"),
    (
        "V301",
        NEXT,
        lambda port: port.write(GATE, "agreement: {least: 0, labels: {Ship: 1}}"),
        "C524: names 'Ship', which is no label of the inventory",
    ),
    (
        "V301",
        NEXT,
        lambda port: port.write(GATE, "agreement: {least: 0, attributes: {speed: 1}}"),
        "C524: names 'speed', which is no attribute of the inventory",
    ),
    ("V303", NEXT, confuse_ranks, "agreement on attribute rank (alpha) is -0.500, and 0.667 is needed"),
    (
        "V305",
        NEXT,
        require_alpha_of_remarks,
        "attribute remark has no alpha (no matched spans with a value), so its threshold is not checked",
    ),
    ("V305", NEXT, label_once, "corpus/annotations: no article with gold was labelled by two annotators"),
    (
        "V304",
        NEXT,
        show_agreement_of_one,
        "README.md: shows another agreement",
    ),
    (
        "V304",
        NEXT,
        lambda port: port.write("README.md", AGREEMENT_BLOCK),
        "README.md: shows another agreement",
    ),
    (
        "V304",
        NEXT,
        lambda port: port.write("docs/explanation/corpus.md", AGREEMENT_BLOCK),
        "docs/explanation/corpus.md: shows another agreement",
    ),
    ("V403", NEXT, lambda port: None, "releases/1.1.0.json: is missing"),
    (
        "V403",
        VERSION,
        lambda port: port.replace("corpus/sources/port.txt", "The", "the"),
        "corpus/sources/port.txt: was changed since",
    ),
    ("V403", VERSION, add_licence, "LICENSE: was added since the manifest was written"),
    (
        "V403",
        VERSION,
        lambda port: port.replace("CITATION.cff", "The port office", "The office"),
        "in the dataset, the card differs",
    ),
]


@pytest.mark.parametrize(("code", "version", "spoil", "words"), CASES)
def test_rule_finds_its_example(released: Maintained, code: str, version: str, spoil: Spoil, words: str) -> None:
    spoil(released)
    messages = check_rule(released, version, BY_CODE[code])
    assert [message for message in messages if words in message], messages
    assert all("\n" not in message for message in messages)


def test_labels_with_errors_refuse_a_release_until_they_are_waived(port: Maintained) -> None:
    for annotator in ("anna", "ben"):
        forget_words(port, annotator)
    port.commit()
    checked = port.annotate("release", "check", "1.0.0")
    lines = [line for line in checked.output.splitlines() if "json: V30" in line]
    assert checked.exit_code == 1
    assert [line.partition(" has errors (R105, R107), so ")[0] for line in lines] == [
        f"corpus/annotations/{annotator}/harbour.json: V307" for annotator in ("anna", "ben")
    ]
    reason = "They were trainees then."
    port.write("corpus/waivers.yaml", f"waivers:\n  - {{code: V307, reason: {reason}}}\n")
    port.commit()
    port.prepare(VERSION)
    again = port.annotate("release", "check", VERSION)
    assert again.exit_code == 0, again.output
    assert f"2 findings of V307 waived: {reason}" in again.output
    port.finish(VERSION)
    folder = port.path(f"dist/release/{VERSION}")
    assert "| `ben` | `harbour` | `R105`, `R107` |" in (folder / "dataset" / "README.md").read_text()
    assert f"| `V307` | everything | waived | {reason} |" in (folder / "dataset" / "README.md").read_text()
    assert port.annotate("release", "verify", str(folder)).exit_code == 0


def test_a_release_without_texts_leaves_out_the_same(prepared: Maintained) -> None:
    forget_words(prepared, "ben")
    with open_candidate(VERSION, prepared.corpus.root, prepared.schema) as candidate:
        assert [(each.annotator, each.article) for each in candidate.left_out] == [("ben", "harbour")]
        for folder in (candidate.datasets.first, candidate.datasets.second):
            manifest = read_manifest(folder)
            assert manifest is not None
            assert manifest.passes_left_out == candidate.left_out
    assert check_rule(prepared, VERSION, BY_CODE["V301"]) == []
    assert check_rule(prepared, VERSION, BY_CODE["V401"]) == []


def test_one_cause_is_one_finding(released: Maintained) -> None:
    """Regression: 57 files that were not committed were 57 lines."""
    for number in range(57):
        released.write(f"notes/{number:02}.txt", "x")
    assert check_rule(released, NEXT, BY_CODE["V201"]) == [
        "notes/00.txt: is not committed (this file and 56 more, such as notes/01.txt, notes/02.txt); "
        "commit or remove it"
    ]
    cut = released.annotate("release", "cut", NEXT)
    assert cut.output.count(".txt: V201 ") == 1
    released.git("add", "--all")
    for number in range(57):
        released.write(f"corpus/sources/{number:02}.txt", "x")
    released.git("add", "--all")
    (added,) = check_rule(released, VERSION, BY_CODE["V403"])
    assert added.startswith("corpus/sources/00.txt: was added since the manifest was written (this file and 56 more, ")


def test_entry_that_is_missing_is_one_finding(released: Maintained) -> None:
    """Regression: V103 said to put the newest entry at the top, where there was none for the version."""
    codes = ("V103", "V104")
    messages = [message for code in codes for message in check_rule(released, NEXT, BY_CODE[code]) if LOG in message]
    assert messages == [f"{LOG}: has no entry for 1.1.0; `annotate release cut 1.1.0` drafts it"]


def test_labels_may_be_under_any_licence(released: Maintained) -> None:
    released.replace("CITATION.cff", "CC-BY-4.0", "MIT")
    assert check_rule(released, NEXT, BY_CODE["V302"]) == []


def test_texts_need_an_alpha_only_by_name(released: Maintained) -> None:
    require_alpha(released)
    assert check_rule(released, NEXT, BY_CODE["V303"]) == []
    assert check_rule(released, NEXT, BY_CODE["V305"]) == []


def test_card_and_page_have_the_agreement_on_attributes_the_weakest_first(released: Maintained) -> None:
    released.replace("corpus/annotations/ben/harbour.json", '"rank": "hand"', '"rank": "other"')
    with open_candidate(NEXT, released.corpus.root, released.schema) as candidate:
        card = str(candidate.agreement_table.render())
    table = card[card.index("| attribute |") :].split("\n\n")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines()[2:]]
    assert rows == ["| `rank`", "| `wording`", "| `least`", "| `most`", "| `remark`"]
    assert released.annotate("release", "page", "--out", "page.html").exit_code == 0
    page = released.path("page.html").read_text()
    table = page[page.index('id="attributes"') : page.index('id="relations"')]
    assert re.findall(r"<tr><td>(\w+)", table) == ["rank", "wording", "least", "most", "remark"]
    built = released.annotate("build", "--out", "data")
    assert built.exit_code == 0, built.output
    assert "| `rank` | `Speaker` | nominal | 2 | 0.50 " in released.path("data/README.md").read_text()
    assert "attribute: rank, of: Speaker, scale: nominal" in released.path("data/croissant.json").read_text()
    for header in ("| relation | anna | ben | F1, ends matched |", "| record | anchor | anna | ben | anchor exact |"):
        assert header in released.path("data/README.md").read_text()
    assert 'id="records"' in page


def test_agreement_is_not_rounded_to_the_threshold_that_it_misses(released: Maintained) -> None:
    """Regression: 0.9896 was rounded to 0.990, and reported as lower than 0.990."""
    released.write(GATE, "agreement: {least: 0.99}\n")
    row = SimpleNamespace(name="Quay", kind="label", overlap=SimpleNamespace(value=0.9896))
    with open_candidate(NEXT, released.corpus.root, released.schema) as candidate:
        vars(candidate)["agreement"] = SimpleNamespace(labels=[row], attributes=[])
        messages = [finding.message for finding in BY_CODE["V303"]("", None, candidate)]
    assert messages[0].startswith("agreement on Quay is 0.989, and 0.990 is needed; ")


@pytest.mark.parametrize("least", [".nan", ".inf", "1.0e+999", "0.8, labels: {Quay: .nan}"])
def test_gate_must_be_a_finite_number(released: Maintained, least: str) -> None:
    """Regression: no number is less than .nan, so that the rule had no finding."""
    released.write(GATE, f"agreement: {{least: {least}}}\n")
    with pytest.raises(CannotRun, match=r"release\.yaml: line 1: \S+ is not a finite number; fix the YAML"):
        check_rule(released, NEXT, BY_CODE["V303"])
    assert "is not a finite number" in released.annotate("check").output


def flip_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def check_spoilt_datasets(project: Maintained, code: str, spoil: Callable[[Candidate], object]) -> list[str]:
    """Return what a rule finds after the datasets of the candidate were built and spoilt."""
    with open_candidate(VERSION, project.corpus.root, project.schema) as candidate:
        assert candidate.datasets
        spoil(candidate)
        return [finding.message for finding in BY_CODE[code]("", None, candidate)]


def test_second_build_that_differs_is_found(released: Maintained) -> None:
    (message,) = check_spoilt_datasets(
        released, "V401", lambda candidate: flip_byte(candidate.datasets.second / "croissant.json")
    )
    assert "built a second time, differs from what the corpus builds now in croissant.json" in message


def test_tables_that_do_not_load_are_found(released: Maintained, tmp_path: Path) -> None:
    def spoil(candidate: Candidate) -> None:
        (candidate.datasets.first / "data" / "articles" / "test-00000-of-00001.parquet").write_bytes(b"PAR1")

    (message,) = check_spoilt_datasets(released, "V402", spoil)
    assert message.startswith("articles: cannot be loaded: ")


def test_environment_without_datasets_is_found(
    released: Maintained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "datasets.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (message,) = check_spoilt_datasets(released, "V402", lambda candidate: None)
    assert message.endswith("the library datasets is not installed: pip install 'contested-claims[dataset]'")


def test_every_rule_has_an_example() -> None:
    assert {code for code, *_ in CASES} | {"V401", "V402"} == set(BY_CODE)


def test_released_version_has_no_finding_but_its_tag(released: Maintained) -> None:
    result = released.annotate("release", "check", VERSION)
    assert (result.exit_code, result.output.splitlines()[0]) == (
        1,
        ".: V202 the tag v1.0.0 exists already; choose a higher version",
    )
    released.git("tag", "--delete", f"v{VERSION}")
    result = released.annotate("release", "check", VERSION)
    assert (result.exit_code, "No findings in version 1.0.0" in result.output) == (0, True), result.output


def test_corpus_with_errors_is_not_built(released: Maintained) -> None:
    released.replace("corpus/annotations/gold/market.json", '"1.0.0"', '"0.0.9"')
    with open_candidate(NEXT, released.corpus.root, released.schema) as candidate:
        codes = {finding.code for finding in check_candidate(candidate)}
        assert "datasets" not in vars(candidate)
    assert "V301" in codes
    assert not {code for code in codes if code.startswith("V4")}


def test_wrong_input_is_reported_in_one_line(released: Maintained, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    released.commit()
    released.git("clone", "--quiet", "--depth", "1", f"file://{released.root}", str(shallow))
    for place, version, words in (
        (released.root, "1.0", "1.0: is not a version; write three numbers"),
        (released.root, "v1.1.0", "v1.1.0: is not a version"),
        (shallow, NEXT, "is in a shallow clone, which lacks the earlier releases; run `git fetch --unshallow --tags`"),
    ):
        for command in ("check", "cut"):
            result = Maintained(place).annotate("release", command, version)
            assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
            assert words in result.output
    released.write(GATE, "agreement: {least: 2}\n")
    result = released.annotate("release", "check", NEXT)
    assert result.exit_code == 1
    assert "2 is more than 1; write a number of at least 0 and at most 1" in result.output


WAIVERS, REASON = "corpus/waivers.yaml", "The file is kept for the publisher."


def run_rules(project: Maintained, *codes: str) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Return code, severity and file of what rules find, and the codes of what is waived."""
    with open_candidate(NEXT, project.corpus.root, project.schema) as candidate:
        findings = list(check_candidate(candidate, [BY_CODE[code] for code in codes]))
        return [(f.code, f.severity, f.file) for f in findings], [finding.code for finding in candidate.waived]


def test_release_is_not_refused_for_what_the_corpus_waives(released: Maintained) -> None:
    notes, faulty = "corpus/notes.orig", "corpus/annotations/gold/market.json"
    released.write(notes, "x")
    assert run_rules(released, "V301") == ([("V301", "error", notes)], [])
    released.write(WAIVERS, f"waivers: [{{code: C115, reason: {REASON}, files: [notes.orig]}}]\n")
    assert run_rules(released, "V301") == ([], ["C115"])
    released.write(WAIVERS, f"waivers: [{{code: V301, reason: {REASON}, severity: warning}}]\n")
    assert run_rules(released, "V301") == ([("V301", "warning", notes)], [])
    released.replace(faulty, '"least": 2', '"least": 1')
    findings, _ = run_rules(released, "V301")
    assert set(findings) == {("V301", "warning", notes), ("V301", "error", faulty)}
    released.write(WAIVERS, f"waivers: [{{code: V301, reason: {REASON}}}]\n")
    assert run_rules(released, "V301") == ([("V301", "error", faulty)], ["V301"])


@pytest.mark.parametrize(
    ("waiver", "code", "severity"),
    [
        ("code: V205", "C603", "error"),
        ("code: V999", "C603", "error"),
        ("code: V301, articles: [market]", "C603", "error"),
        ("code: V303", "C602", "warning"),
        ("code: V303, until: 2020-01-01", "C601", "warning"),
    ],
)
def test_waivers_of_the_gate_are_checked_with_it(released: Maintained, waiver: str, code: str, severity: str) -> None:
    released.write(WAIVERS, f"waivers: [{{{waiver}, reason: x}}]\n")
    assert run_rules(released, "V301", "V303", "V205") == ([(code, severity, WAIVERS)], [])
    assert released.annotate("check", "--strict").exit_code == 0


def test_release_is_cut_with_warnings_and_waived_findings(port: Maintained) -> None:
    port.write("corpus/notes.orig", "x")
    port.replace("corpus/annotations/anna/market.json", '"least": 2', '"least": 1')
    entries = f"{{code: V301, reason: {REASON}, severity: warning}}, {{code: P303, reason: Counts were rounded.}}"
    port.write(WAIVERS, f"waivers: [{entries}]\n")
    port.commit()
    port.prepare(VERSION)
    checked = port.annotate("release", "check", VERSION)
    done = port.annotate("release", "cut", VERSION)
    assert (checked.exit_code, done.exit_code) == (0, 0), done.output
    for output in (checked.output, done.output):
        assert "corpus/notes.orig: V301 C115: has no place in a corpus" in output
        assert "1 finding of P303 waived: Counts were rounded.\n" in output
    card = port.path(f"dist/release/{VERSION}/dataset/README.md").read_text()
    assert f"| `V301` | everything | warning | {REASON} |" in card
    assert port.annotate("release", "verify", f"dist/release/{VERSION}").exit_code == 0


def test_corpus_that_one_person_labelled_is_released_and_says_so(port: Maintained) -> None:
    label_once(port)
    port.path(GATE).unlink()
    port.annotate("coverage", "--write")
    port.commit()
    port.prepare(VERSION)
    done = port.annotate("release", "cut", VERSION)
    assert done.exit_code == 0, done.output
    assert "corpus/annotations: V305 no article with gold was labelled by two annotators" in done.output
    folder = port.path(f"dist/release/{VERSION}")
    words = "No article with gold was labelled by two annotators, so how far annotators agree is not known."
    card = (folder / "dataset" / "README.md").read_text()
    assert f"## Agreement\n\n{words}\n" in card
    assert "2 of 2 articles promoted: the labels of one annotator" in card
    assert "gold was adjudicated" not in card
    assert words in (folder / "page.html").read_text()
    assert words in (folder / "dataset" / "croissant.json").read_text()
    assert port.annotate("release", "verify", str(folder)).exit_code == 0


def test_agreement_is_measured_on_the_part_that_two_have_labelled(released: Maintained) -> None:
    label_once(released, "market")
    with open_candidate(NEXT, released.corpus.root, released.schema) as candidate:
        assert candidate.agreement is not None
        assert candidate.agreement.annotators == ("anna", "ben")
        assert list(candidate.agreement.articles) == ["harbour"]
        note = candidate.agreement_table.tables[0].note
    assert note.startswith(
        "Between `anna` and `ben`, on 1 article that two of them or more have labelled. 1 of the 2 articles with gold"
        " is among these. How far annotators agree on the other 1 is not known. F1: "
    )
    assert check_rule(released, NEXT, BY_CODE["V305"]) == []
    halved = released.path("corpus/annotations/ben/harbour.json")
    halved.write_text("".join(line for line in halved.read_text().splitlines(True) if '"label": "Quay"' not in line))
    assert "agreement on Quay is 0.000" in check_rule(released, NEXT, BY_CODE["V303"])[0]
    assert released.annotate("release", "page", "--out", "page.html").exit_code == 0
    assert "on 1 article, among them 1 of the 2 with gold. " in released.path("page.html").read_text()


def test_first_release_may_have_any_version(port: Maintained) -> None:
    for version in ("0.1.0", "3.0.0"):
        assert check_rule(port, version, BY_CODE["V106"]) == []


def test_inventory_ahead_of_the_first_release(port: Maintained) -> None:
    """Once the inventory is later than the release, it has versions of its own: annotations cannot go back."""
    port.git("tag", "v0.1.0")
    redefine_label(port)
    assert "since 1.0.0; raise the version above 1.0.0" in check_rule(port, "0.2.0", BY_CODE["V106"])[0]
    port.replace(LABELS, "version: 1.0.0", "version: 1.1.0")
    assert check_rule(port, "0.2.0", BY_CODE["V106"]) == []
    port.replace(LABELS, "version: 1.1.0", "version: 0.2.0")
    assert check_rule(port, "0.2.0", BY_CODE["V106"]) == []
    assert "use a version after 1.0.0" in check_rule(port, "0.3.0", BY_CODE["V106"])[0]


def test_guidelines_that_contradict_the_inventory_stop_a_release(port: Maintained) -> None:
    port.write("guidelines/README.md", "<!-- generated: labels -->\n<!-- /generated -->\n")
    assert port.annotate("generate", "--fix").exit_code == 0
    (unwritten,) = check_rule(port, VERSION, BY_CODE["V301"])
    assert unwritten.startswith("guidelines/cargo.md: C506: still asks for the test to apply")
    redefine_label(port)
    found = check_rule(port, VERSION, BY_CODE["V301"])
    problem = "C503: does not say what labels.yaml says (this file and speech.md); run `annotate generate`"
    assert any(problem in line for line in found), found
