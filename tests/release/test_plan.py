"""The smallest version that changes allow, and the changes that force it."""

import json

import pytest

from tests.release.conftest import VERSION, Maintained


def test_first_release_has_the_version_of_the_inventory(port: Maintained) -> None:
    done = port.annotate("release", "plan")
    assert (done.exit_code, done.output) == (
        0,
        "1.0.0 is the first release: there is no tag and no committed manifest, and the inventory is 1.0.0. "
        "Any other version may be used.\n"
        "  Articles: 2.\n  Gold spans: 10 (11 pieces).\n  Gold relations: 6.\n",
    )


def test_nothing_changed(released: Maintained) -> None:
    assert released.annotate("release", "plan").output == "Nothing changed since 1.0.0; there is nothing to release.\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "smallest", "code"),
    [
        ("corpus/annotations/gold/harbour.json", '"rank": "hand"', '"rank": "other"', "1.0.1", "D301"),
        ("corpus/annotations/gold/market.json", '"label": "Load"', '"label": "Quay"', "1.1.0", "D206"),
        ("schema/labels.yaml", "definition: Who speaks.", "definition: Who shouts.", "2.0.0", "D103"),
    ],
)
def test_plan_names_what_forces_it(
    released: Maintained, file: str, old: str, new: str, smallest: str, code: str
) -> None:
    released.replace(file, old, new)
    for since in ([], ["--since", f"v{VERSION}"], ["--since", f"dist/release/{VERSION}"]):
        done = released.annotate("release", "plan", "--format", "json", *since)
        plan = json.loads(done.output)
        assert (plan["last"], plan["smallest"], plan["reasons"][0]["code"]) == (VERSION, smallest, code)
        assert plan["reasons"][0]["level"] == plan["level"]
    text = released.annotate("release", "plan").output
    assert text.startswith(f"{smallest} is the smallest version after {VERSION}: a {plan['level']} change.\n  {code} ")


def test_unknown_version_of_the_corpus_is_one_line(released: Maintained) -> None:
    for since in ("v9.9.9", "dist/release"):
        done = released.annotate("release", "plan", "--since", since)
        assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output


def test_guidelines_alone_are_a_patch(released: Maintained) -> None:
    """The archive of a release has them, so `plan` must not say that nothing changed."""
    released.write("guidelines/labels/load.md", "# Load\n\nWhat a ship carries.\n")
    released.write("guidelines/.hidden.md", "x")
    released.write("LICENSE", "Of the port.\n")
    released.replace("CITATION.cff", "The port office", "The harbour office")
    for since in ([], ["--since", f"v{VERSION}"], ["--since", VERSION], ["--since", f"dist/release/{VERSION}"]):
        done = released.annotate("release", "plan", *since)
        assert done.output == (
            "1.0.1 is the smallest version after 1.0.0: a patch change.\n"
            "  D303 patch: files differ: 1 citation file changed, 1 guidelines file added, 1 licence file added\n"
            "  Guidelines: 1 pages added.\n"
        )
    released.commit()
    cut = released.annotate("release", "cut", "1.0.1")
    assert "prepared" in cut.output
    assert "- Guidelines: 1 pages added." in released.path("corpus/CHANGELOG.md").read_text()


def test_citation_that_cut_has_dated_is_no_change(released: Maintained) -> None:
    released.replace("CITATION.cff", "version: 1.0.0", "version: 1.0.1")
    assert released.annotate("release", "plan").output == "Nothing changed since 1.0.0; there is nothing to release.\n"
