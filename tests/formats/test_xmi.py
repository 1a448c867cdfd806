"""XMI: offsets, type systems and layers, of an export and of INCEpTION."""

import json
import re
from pathlib import Path

import cassis
import pytest

from annotate.formats import xmi
from tests.conftest import Project
from tests.formats.conftest import TEXT, codes, take_in, taken
from tests.strategies import to_utf16


def test_xmi_counts_utf16_units(project: Project) -> None:
    """After the ship, which is two units, offsets differ by one from ours."""
    assert project.annotate("export", "--format", "xmi", "--out", "out").exit_code == 0
    text = project.path("corpus/articles/harbour.txt").read_text("utf-8")
    file = project.path("out/harbour.xmi").read_text("utf-8")
    span = project.corpus.read_annotation("gold", "harbour").spans[-1]
    assert (span.start, to_utf16(text, span.start)) == (94, 95)
    assert f'begin="95" end="{span.end + 1}" label="Load" spanId="s10"' in file


def test_control_character_is_refused(project: Project) -> None:
    spans = '"text": "said"}'
    project.replace("corpus/annotations/gold/harbour.json", spans, '"text": "said", "note": "a\\u0001b"}')
    result = project.annotate("export", "--format", "xmi", "--out", "out")
    assert result.exit_code == 2
    assert "article harbour: holds a control character, which XML cannot carry; export it as jsonl" in result.output


def test_type_system_has_the_ends_of_relations(project: Project) -> None:
    types = xmi.type_system(project.inventory)
    relation = types.get_type(xmi.RELATION)
    ends = {name: relation.get_feature(name).rangeType.name for name in ("Governor", "Dependent")}
    assert ends == {"Governor": xmi.SPAN, "Dependent": xmi.SPAN}


def inception(folder: Path) -> None:
    """Layers of INCEpTION's own and of a project, with tokens, as a server exports them."""
    types = cassis.TypeSystem()
    token = types.create_type("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token", "uima.tcas.Annotation")
    person = types.create_type("webanno.custom.Person", "uima.tcas.Annotation")
    types.create_feature(person, "role", "uima.cas.String")
    place = types.create_type("webanno.custom.LOC", "uima.tcas.Annotation")
    near = types.create_type("webanno.custom.Near", "uima.tcas.Annotation")
    for end in ("Governor", "Dependent"):
        types.create_feature(near, end, "uima.tcas.Annotation")
    cas = cassis.Cas(types)
    cas.sofa_string, cas.sofa_mime = TEXT, "text/plain"
    who, where = person(begin=2, end=6, role="boss"), place(begin=20, end=28)
    cas.add_all([token(begin=2, end=6), who, where, near(begin=20, end=28, Governor=who, Dependent=where)])
    (folder / "TypeSystem.xml").write_text(types.to_xml())
    (folder / "doc.xmi").write_text(cas.to_xmi())


def test_layers_of_inception(project: Project, others: Path) -> None:
    inception(others)
    result = take_in(project, "xmi")
    assert result.exit_code == 0, result.output
    annotation = taken(project, "doc")
    assert [(one.label, one.text, one.attributes) for one in annotation.spans] == [
        ("Speaker", "Anna", {"rank": "master"}), ("Quay", "Old Pier", {}),
    ]  # fmt: skip
    assert [(one.label, one.head, one.tail) for one in annotation.relations] == [
        ("lies_at", annotation.spans[0].id, annotation.spans[1].id)
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<xmi:XMI", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><xmi:XMI', "declares entities"),
        ('begin="3"', 'begin="1"', "has an invalid offset"),
        ("</xmi:XMI>", "", "is not a CAS of this type system"),
        ("custom:Person", "custom:Ghost", "is not a CAS of this type system"),
        ('Governor="', 'Governor="99', "but no item has this xmi:id; fix it"),
        ('Dependent="', 'Dependent="x', "Dependent of Near "),
        ('members="', 'members="77 ', "members of View is '77', but no item has this xmi:id"),
    ],
)
def test_broken_xmi_is_refused(project: Project, others: Path, old: str, new: str, says: str) -> None:
    inception(others)
    project.replace("others/doc.xmi", old, new)
    result = take_in(project, "xmi")
    assert result.exit_code == 1
    assert codes(result) == ["F103"]
    assert says in result.output
    assert json.loads(result.stdout.splitlines()[-1])["lines"]["reported"] == 1


def test_dangling_reference_is_reported_with_its_line(project: Project, others: Path) -> None:
    inception(others)
    data = (others / "doc.xmi").read_text()
    (others / "doc.xmi").write_text(re.sub('Governor="[0-9]+"', 'Governor="999999"', data.replace("><", ">\n<")))
    result = take_in(project, "xmi")
    finding = json.loads(result.stdout.splitlines()[0])
    line = (others / "doc.xmi").read_text().split("\n")[finding["line"] - 1]
    assert "custom:Near" in line
    assert re.search("Governor of Near [0-9]+ is '999999', but", finding["message"])


@pytest.mark.parametrize("types", [None, "<a", '<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>'])
def test_broken_type_system_is_one_line(project: Project, others: Path, types: str | None) -> None:
    inception(others)
    (others / "TypeSystem.xml").unlink()
    if types:
        (others / "TypeSystem.xml").write_text(types)
    result = take_in(project, "xmi")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith("annotate: others/TypeSystem.xml: ")
