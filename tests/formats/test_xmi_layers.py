"""XMI: each value of each layer is taken, left out or reported, and no CAS ends in a traceback."""

import json
import random
from pathlib import Path

import cassis
import pytest
from lxml import etree

from annotate.errors import CannotRun
from annotate.formats import xmi
from annotate.formats.apply_mapping import map_document
from annotate.formats.document import AnnotationOrigin, AttributeItem, Item, RawDocument, SpanItem, UnreadableItem
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map
from tests.conftest import Project
from tests.formats.conftest import TEXT, codes, take_in, taken
from tests.mutations import ID, REFERENCES, VIEW, mutate_cas_element, mutate_type

SOFA, NULL = (f"{{http:///uima/cas.ecore}}{name}" for name in ("Sofa", "NULL"))
SEED, MUTATIONS = 20240131, 250


def feature(name: str, range_: str, *more: str) -> str:
    return (
        f"<featureDescription><name>{name}</name><description/><rangeTypeName>{range_}</rangeTypeName>"
        f"{''.join(more)}</featureDescription>"
    )


def declare(name: str, above: str, *features: str) -> str:
    return (
        f"<typeDescription><name>{name}</name><description/><supertypeName>{above}</supertypeName>"
        f"<features>{''.join(features)}</features></typeDescription>"
    )


ANNOTATION, BASE, TOP = "uima.tcas.Annotation", "uima.cas.AnnotationBase", "uima.cas.TOP"
STRING = "uima.cas.String"
ENDS = (feature("Governor", ANNOTATION), feature("Dependent", ANNOTATION))
TYPES = (
    "<?xml version='1.0' encoding='utf-8'?>"
    '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types>'
    + declare("my.Span", ANNOTATION, feature("label", STRING), feature("role", STRING))
    + declare("my.Relation", ANNOTATION, feature("label", STRING), feature("sure", "uima.cas.Boolean"), *ENDS)
    + declare(
        "my.Event",
        ANNOTATION,
        feature("arg", "uima.cas.FSArray", "<elementType>my.EventArgLink</elementType>"),
        feature("score", "uima.cas.Double"),
        feature("negated", "uima.cas.Boolean"),
        feature("tags", "uima.cas.StringArray"),
        feature("numbers", "uima.cas.IntegerArray"),
        feature("words", "uima.cas.StringList"),
        feature("type", STRING),
    )
    + declare("my.EventArgLink", TOP, feature("role", STRING), feature("target", ANNOTATION))
    + declare("my.Mention", ANNOTATION, feature("next", "my.Mention"))
    + declare("my.Chain", BASE, feature("first", "my.Mention"))
    + declare("my.About", BASE, feature("topic", STRING), feature("inner", "my.Inner"))
    + declare("my.Inner", TOP, feature("depth", "uima.cas.Integer"))
    + declare(
        "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token",
        ANNOTATION,
        feature("order", "uima.cas.Integer"),
        feature("marked", ANNOTATION),
    )
    + "</types></typeSystemDescription>"
)
ELEMENTS = """
<cas:NULL xmi:id="0"/>
<my:Span xmi:id="2" sofa="1" begin="3" end="7" label="Person" role="boss"/>
<my:Span xmi:id="3" sofa="1" begin="21" end="29" label="LOC"/>
<my:Relation xmi:id="4" sofa="1" begin="21" end="29" label="Near" sure="true" Governor="2" Dependent="3"/>
<my:Event xmi:id="5" sofa="1" begin="8" end="13" arg="6 7" score="0.5" negated="false" type="stay" numbers="1 2 3">
<tags>a b</tags><tags>c</tags><words>d</words></my:Event>
<my:EventArgLink xmi:id="6" role="Who" target="2"/>
<my:EventArgLink xmi:id="7" target="3"/>
<my:Mention xmi:id="8" sofa="1" begin="3" end="7" next="9"/>
<my:Mention xmi:id="9" sofa="1" begin="17" end="20"/>
<my:Chain xmi:id="10" sofa="1" first="8"/>
<my:About xmi:id="11" sofa="1" topic="harbour" inner="12"/>
<my:Inner xmi:id="12" depth="3"/>
<my:Span xmi:id="14" sofa="13" begin="0" end="4" label="Person"/>
<type:Token xmi:id="15" sofa="1" begin="3" end="7" order="0" marked="2"/>
"""
SOFAS = (
    f'<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text/plain" sofaString="{TEXT}"/>'
    '<cas:Sofa xmi:id="13" sofaNum="2" sofaID="other" mimeType="text/plain" sofaString="Anna wartet."/>'
    '<cas:View sofa="1" members="2 3 4 5 8 9 10 11 15"/><cas:View sofa="13" members="14"/>'
)


def make_xmi(elements: str = ELEMENTS, sofas: str = SOFAS) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" xmlns:my="http:///my.ecore" '
        'xmlns:type="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore" xmi:version="2.0">'
        f"{elements}{sofas}</xmi:XMI>"
    )


def write_cas(folder: Path, text: str, types: str = TYPES) -> None:
    (folder / "TypeSystem.xml").write_text(types)
    (folder / "doc.xmi").write_text(text)


MAP = """
spans:
  Person: {label: Speaker}
  LOC: {label: Quay}
  Event: {label: Load}
  Mention: {label: Speaker}
  Chain: null
  About: null
  Inner: null
  other/Span: null
  other/Sofa: null
relations:
  Near: {relation: lies_at}
  Who: {relation: lies_at}
  arg: null
  next: null
attributes:
  role: {attribute: rank, values: {boss: master}}
  Event.type: null
  Relation.sure: null
  score: null
  negated: null
  tags: null
  words: null
  numbers: null
labels_from: {Span: label, Relation: label}
"""


def count_lines(project: Project, others: Path, text: str, map_: str) -> dict[str, int]:
    write_cas(others, text)
    project.path("map.yaml").write_text(map_)
    result = take_in(project, "xmi")
    assert result.exit_code in (0, 1), result.output
    lines: dict[str, int] = json.loads(result.stdout.splitlines()[-1])["lines"]
    assert lines["read"] == lines["taken"] + lines["left_out"] + lines["reported"]
    return lines


def test_a_map_names_every_value(project: Project, others: Path) -> None:
    write_cas(others, make_xmi())
    project.path("map.yaml").write_text(MAP)
    result = take_in(project, "xmi")
    assert result.exit_code == 0, result.output
    annotation = taken(project, "doc")
    assert [(span.label, span.text, span.attributes) for span in annotation.spans] == [
        ("Speaker", "Anna", {"rank": "master"}),
        ("Speaker", "Anna", {}),
        ("Load", "waits", {}),
        ("Speaker", "the", {}),
        ("Quay", "Old Pier", {}),
    ]
    texts = {span.id: span.text for span in annotation.spans}
    assert sorted(
        (relation.label, texts[relation.head], texts[relation.tail]) for relation in annotation.relations
    ) == [
        ("lies_at", "Anna", "Old Pier"),
        ("lies_at", "waits", "Anna"),
    ]


def test_what_no_map_names_is_reported(project: Project, others: Path) -> None:
    """Only the token, which every text has, is left out without being named, and so are its features."""
    lines = count_lines(project, others, make_xmi(), "spans: {}\n")
    assert (lines["taken"], lines["left_out"]) == (0, 3)
    assert lines["read"] == count_values(etree.fromstring(make_xmi().encode()))


def count_values(root: etree._Element) -> int:
    """Count what a file says, in its XML alone: items, texts that are not the article's, and the values of features.

    A link is no item: it is the value of the feature that refers to it. What nothing refers to counts as one.
    """
    elements = {
        element.get(ID): element
        for element in root.iter(etree.Element)
        if element.get(ID) and element.tag not in (VIEW, SOFA, NULL)
    }
    nulls = {element.get(ID) for element in root.iter(NULL)}
    listed = [id_ for view in root.iter(VIEW) for id_ in view.get("members", "").split() if id_ not in nulls]
    reached, queue = set(listed), list(dict.fromkeys(listed))
    total = len(list(root.iter(SOFA))) - 1
    while queue:
        element = elements[queue.pop()]
        is_link = element.tag.endswith("}EventArgLink") and element.get(ID) not in listed
        total += not is_link
        for name, value in element.attrib.items():
            refs = [ref for ref in value.split() if ref not in nulls] if name in REFERENCES else []
            queue += [ref for ref in refs if ref not in reached]
            reached.update(refs)
            if name in (ID, "begin", "end", "sofa", "Governor", "Dependent") or (
                is_link and name in ("role", "target")
            ):
                continue
            total += len(refs) if name in REFERENCES else len(value.split()) if name == "numbers" else 1
        total += len([child for child in element if child.get(ID) is None])
    return total + len(elements.keys() - reached)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("  About: null\n", "F205 the map has no entry for spans of type 'About'"),
        ("  other/Span: null\n", "F205 the map has no entry for spans of type 'other/Span'"),
        ("  other/Sofa: null\n", "F205 the map has no entry for spans of type 'other/Sofa'"),
        ("  next: null\n", "F205 the map has no entry for relation of type 'next'"),
        ("  arg: null\n", "F205 the map has no entry for relation of type 'arg'"),
        ("  score: null\n", "F205 the map has no entry for attribute 'score'"),
        ("  Event.type: null\n", "F205 the map has no entry for attribute 'type'"),
        ("  Relation.sure: null\n", "F205 the map has no entry for attribute 'sure'"),
    ],
)
def test_one_name_that_the_map_lacks(project: Project, others: Path, entry: str, says: str) -> None:
    write_cas(others, make_xmi())
    assert entry in MAP
    project.path("map.yaml").write_text(MAP.replace(entry, ""))
    result = project.annotate(
        "import", "others", "--format", "xmi", "--annotator", "anna", "--corpus", "new", "--map", "map.yaml"
    )
    assert result.exit_code == 1
    assert says in result.output


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("  About: null\n", "  About: {label: Quay}\n", "F208", "About x11 has no offsets in the article's text"),
        ("  other/Span: null\n", "  other/Span: {label: Quay}\n", "F208", "has no offsets in the article's text"),
        ("Relation.sure: null", "sure: {attribute: rank}", "F208", "relations have no attributes, so none has rank"),
        ("  numbers: null", "  numbers: {attribute: least}", "F208", "least has a value already, 1"),
        (
            "  negated: null",
            "  negated: {attribute: wording}",
            "F209",
            "'false' is not a value of wording; choose from exact, ",
        ),
        ("  score: null", "  score: {attribute: wording}", "F209", "'0.5' is not a value of wording"),
    ],
)
def test_what_a_corpus_cannot_have_is_reported(
    project: Project, others: Path, old: str, new: str, code: str, says: str
) -> None:
    write_cas(others, make_xmi())
    assert old in MAP
    project.path("map.yaml").write_text(MAP.replace(old, new))
    result = take_in(project, "xmi")
    assert code in codes(result)
    assert says in result.output


def test_full_name_tells_layers_with_the_same_name_apart(project: Project, others: Path) -> None:
    """A project has a layer `Token` of its own; the tokens that tools add to every text stay out."""
    own = declare("my.Token", ANNOTATION, feature("order", "uima.cas.Integer"))
    token = '<my:Token xmi:id="16" sofa="1" begin="14" end="16" order="7"/>'
    sofas = SOFAS.replace('10 11 15"', '10 11 15 16"')
    write_cas(others, make_xmi(ELEMENTS + token, sofas), TYPES.replace("</types>", f"{own}</types>"))
    map_ = MAP.replace("  Event: {label: Load}", "  Event: null\n  my.Token: {label: Load}")
    project.path("map.yaml").write_text(map_.replace("  Event.type: null", "  my.Token.order: null"))
    result = take_in(project, "xmi")
    assert result.exit_code == 0, result.output
    assert [span.text for span in taken(project, "doc").spans if span.label == "Load"] == ["at"]


def test_descriptions_of_layers_are_left_out(project: Project, others: Path) -> None:
    """INCEpTION adds the layers and tag sets of a project to every text; they are no labels."""
    name = "de.tudarmstadt.ukp.clarin.webanno.api.type.LayerDefinition"
    types = declare(name, BASE, feature("name", STRING), feature("above", BASE))
    layer = '<api:LayerDefinition xmlns:api="http:///de/tudarmstadt/ukp/clarin/webanno/api/type.ecore" '
    layer += 'xmi:id="16" sofa="1" name="my.Span" above="11"/>'
    sofas = SOFAS.replace('10 11 15"', '10 11 15 16"')
    before = count_lines(project, others, make_xmi(), MAP)
    write_cas(others, make_xmi(ELEMENTS + layer, sofas), TYPES.replace("</types>", f"{types}</types>"))
    result = take_in(project, "xmi", "--plan")
    lines = json.loads(result.stdout.splitlines()[-1])["lines"]
    assert lines == {**before, "read": before["read"] + 3, "left_out": before["left_out"] + 3}


def test_layers_with_the_names_of_an_export_are_read_as_any_other(project: Project, others: Path) -> None:
    own = "webanno.custom."
    types = TYPES.replace("my.Span", f"{own}Span").replace("my.Relation", f"{own}Relation")
    text = make_xmi().replace('xmlns:my="', 'xmlns:custom="http:///webanno/custom.ecore" xmlns:my="')
    write_cas(others, text.replace("my:Span", "custom:Span").replace("my:Relation", "custom:Relation"), types)
    project.path("map.yaml").write_text(MAP)
    assert take_in(project, "xmi").exit_code == 0
    assert [relation.label for relation in taken(project, "doc").relations] == ["lies_at", "lies_at"]


def test_a_label_without_a_value_is_the_layer(project: Project, others: Path) -> None:
    write_cas(others, make_xmi().replace(' label="LOC"', ""))
    project.path("map.yaml").write_text(MAP)
    result = take_in(project, "xmi")
    assert "the map has no entry for spans of type 'Span'" in result.output


def test_what_is_in_no_view_is_reported(project: Project, others: Path) -> None:
    lines = count_lines(project, others, make_xmi().replace("8 9 10 11 15", "8 9 10 15"), MAP)
    assert lines["reported"] == 2  # About, and the structure that only it refers to


def test_an_item_that_only_another_refers_to_has_no_offsets(project: Project, others: Path) -> None:
    """Its offsets are not converted: 8 to 9 would be words of the article, but not the right ones."""
    lines = count_lines(project, others, make_xmi().replace("5 8 9 10", "5 8 10"), MAP)
    assert lines["reported"] == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('role="boss"', 'rank="boss"', "Span 2: the type system gives my.Span no feature rank"),
        ("my:Inner", "my:Outer", "Outer 12: the type system has no type my.Outer"),
        ('score="0.5"', 'score="half"', "score of Event 5 is 'half', which is not a number"),
        ('sure="true"', 'sure="yes"', "sure of Relation 4 is 'yes', which is neither true nor false"),
        ('arg="6 7"', 'arg="6 77"', "arg of Event 5 is '77', but no item has this xmi:id"),
        ('xmi:id="9"', 'xmi:id="8"', "Mention 8 has the xmi:id of Mention 8"),
        ('xmi:id="9"', "", "Mention has no xmi:id that is a number"),
        ('<my:Mention xmi:id="9" sofa="1"', '<my:Mention xmi:id="9"', "Mention 9 has no sofa"),
        ('members="2 3', 'members="2 2 3', "Span 2 is listed twice as a member"),
        (
            "<cas:View sofa=",
            '<cas:View sofa="1" members="2"/><cas:View sofa=',
            "View has the sofa '1', which another one has",
        ),
        ('sofaID="other"', 'sofaID="_InitialView"', "Sofa 13 has the sofaID '_InitialView', which another one has"),
        ('numbers="1 2 3"', 'numbers="1 two 3"', "numbers of Event 5 is '1 two 3', which is not a number"),
        ('xmi:id="3" sofa="1"', 'xmi:id="3" sofa="13"', "Span 3 has the sofa '13' but is in the view of '1'"),
        ("<tags>c</tags>", "<tags>c</tags>lost words", "Event 5 holds text, which is no value of a feature"),
        ("<tags>c</tags>", "<tags><deep>c</deep></tags>", "tags of Event 5 holds elements"),
    ],
)
def test_fault_names_file_line_and_element(project: Project, others: Path, old: str, new: str, says: str) -> None:
    assert old in make_xmi()
    write_cas(others, make_xmi().replace(old, new))
    result = take_in(project, "xmi")
    assert (result.exit_code, codes(result)) == (1, ["F103"])
    assert says in result.output
    assert json.loads(result.stdout.splitlines()[0])["line"] > 1


@pytest.mark.parametrize(
    ("declared", "encoding", "says"),
    [
        ("UTF-8", "latin-1", "it is not UTF-8 at byte "),
        ("UTF-16", "utf-16", "it is not UTF-8 at byte 0; convert it first"),
        ("ISO-8859-1", "latin-1", "it is not UTF-8 at byte "),
        ("ISO-8859-1", "utf-8", "it declares the encoding ISO-8859-1; convert it to UTF-8 first"),
    ],
)
def test_file_in_another_encoding_is_refused(
    project: Project, others: Path, declared: str, encoding: str, says: str
) -> None:
    """Read as UTF-8, a text in the encoding that it declares would have other characters, without a word."""
    text = make_xmi().replace("UTF-8", declared).replace(TEXT, "é Anna waits at the Old Pier.")
    write_cas(others, "")
    (others / "doc.xmi").write_bytes(text.encode(encoding))
    result = take_in(project, "xmi")
    assert (result.exit_code, codes(result)) == (1, ["F103"])
    assert says in result.output


def test_type_system_whose_feature_has_no_range_is_one_line(project: Project, others: Path) -> None:
    types = TYPES.replace(
        "<name>score</name><description/><rangeTypeName>uima.cas.Double</rangeTypeName>", "<name>score</name>"
    )
    assert types != TYPES
    write_cas(others, make_xmi(), types)
    result = take_in(project, "xmi")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "score of my.Event has no rangeTypeName" in result.output


def test_a_kind_of_strings_is_read_as_a_string(project: Project, others: Path) -> None:
    kind = declare("my.Kind", STRING).replace("<features></features>", "<allowedValues/>")
    types = TYPES.replace(feature("topic", STRING), feature("topic", "my.Kind")).replace("</types>", f"{kind}</types>")
    write_cas(others, make_xmi(), types)
    (raw,) = xmi.read(others)
    assert "harbour" in [item.value for item in raw.items if isinstance(item, AttributeItem)]


def collect_values(others: Path, ranges: dict[str, list[object]], is_shared: bool) -> dict[str, list[object]]:
    """Write arrays and lists, inline or as structures of their own, and return what is read of each feature."""
    types = cassis.TypeSystem()
    layer = types.create_type("my.Layer", ANNOTATION)
    for name in ranges:
        types.create_feature(layer, name, f"uima.cas.{name}", multipleReferencesAllowed=is_shared)
    span = layer(begin=0, end=4)
    for name, values in ranges.items():
        if name.endswith("Array"):
            span[name] = types.get_type(f"uima.cas.{name}")(elements=values)
            continue
        span[name] = types.get_type(f"uima.cas.Empty{name}")()
        for value in reversed(values):
            span[name] = types.get_type(f"uima.cas.NonEmpty{name}")(head=value, tail=span[name])
    cas = cassis.Cas(types)
    cas.sofa_string = "Anna waits."
    cas.add(span)
    write_cas(others, cas.to_xmi(), types.to_xml())
    (raw,) = xmi.read(others)
    read: dict[str, list[object]] = {}
    for item in raw.items:
        if isinstance(item, AttributeItem):
            read.setdefault(item.name, []).append(item.value)
    assert len(raw.items) == 1 + sum(map(len, read.values()))
    return read


@pytest.mark.parametrize("is_shared", [False, True])
def test_arrays_and_lists_give_each_value(others: Path, is_shared: bool) -> None:
    ranges: dict[str, list[object]] = {
        "StringArray": ["x y", "z"],
        "IntegerArray": [1, 2],
        "ByteArray": [1, 255],
        "StringList": ["x y", "z"],
        "IntegerList": [1, 2],
    }
    assert collect_values(others, ranges, is_shared) == ranges
    converted: dict[str, list[object]] = {"BooleanArray": [True, False], "FloatArray": [0.5], "FloatList": [1.5]}
    read = collect_values(others, converted, is_shared)
    assert read == {"BooleanArray": ["true", "false"], "FloatArray": ["0.5"], "FloatList": ["1.5"]}


def test_an_id_that_two_spans_of_an_export_have_is_reported(project: Project) -> None:
    """The second span keeps its own attributes; they do not land on the first."""
    assert project.annotate("export", "--format", "xmi", "--out", "others").exit_code == 0
    project.replace("others/harbour.xmi", 'spanId="s2"', 'spanId="s1"')
    items = next(raw.items for raw in xmi.read(project.path("others")) if raw.article_id == "harbour")
    assert [item.why for item in items if isinstance(item, UnreadableItem)] != []
    refs = [item.ref for item in items if isinstance(item, SpanItem)]
    assert len(refs) == len(set(refs))
    assert "s2" not in refs


def read_all(folder: Path) -> list[RawDocument]:
    try:
        return list(xmi.read(folder))
    except CannotRun:
        return []


def account(raw: RawDocument, label_map: LabelMap, inventory: Inventory) -> None:
    origin = AnnotationOrigin("anna", "single pass", (), inventory.version)
    mapped = map_document(raw, label_map, inventory, origin, Details())
    counts = mapped.counts
    assert counts.read == counts.taken + counts.left_out + counts.reported
    assert min(counts) >= 0
    assert counts.reported <= len(mapped.findings)


def test_mutated_structure_is_accounted_for(project: Project, others: Path) -> None:
    """Each file is refused in one line, or each of its values is counted once."""
    chance, label_map, read = random.Random(SEED), identity_map(project.inventory), list[tuple[Item, ...]]()  # noqa: S311
    for number in range(MUTATIONS):
        root = etree.fromstring(make_xmi().encode())
        types = etree.fromstring(TYPES.encode())
        for _ in range(chance.choice([1, 1, 2])):
            mutate_cas_element(root, chance)
        if number % 4 == 0:
            mutate_type(types, chance)
        write_cas(others, etree.tostring(root, encoding="unicode"), etree.tostring(types, encoding="unicode"))
        for raw in read_all(others):
            account(raw, label_map, project.inventory)
            if raw.refusal:
                assert not any(word in raw.refusal.message for word in ("\n", "__init__", "object has no", "int()"))
            else:
                read.append(raw.items)
                assert len(raw.items) == count_values(root) or number % 4 == 0, (number, etree.tostring(root))
    assert len(read) > MUTATIONS / 4
