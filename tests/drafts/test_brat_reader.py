"""An annotation.conf of brat becomes the draft of an inventory."""

import pytest

from annotate.drafts import InventoryDraft, draft_from_brat
from annotate.drafts.draft import DraftRelation
from annotate.errors import CannotRun

CONF = """
[entities]
# people and places
!Agent
\tPerson
\tFirm|FRM
\t\tBank
Place
Übersicht
---

[relations]
<Ends>=Person|Place
<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>
Lives_in\tArg1:Person, Arg2:Place
Lives_in\tArg1:Firm, Arg2:Place
Near\tArg1:<Ends>, Arg2:Place, <REL-TYPE>:symmetric
Same\tArg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric-transitive
Odd\tArg1:Unheard, Arg2:Person

[events]
Say\tSpeaker:Agent, Theme*:<EVENT>|<ENTITY>, Place?:Place
Meet\tWho{2-4}:Person, <SETTING>:x

[attributes]
Negated\tArg:<EVENT>
Certain\tArg:<EVENT>|Person, Value:high|not-high|niedrig
OnRelation\tArg:<RELATION>
"""


def relation(draft: InventoryDraft, id_: str) -> DraftRelation:
    return next(each for each in draft.relations if each.id == id_)


def test_entities_and_events_are_labels_of_one_layer() -> None:
    draft = draft_from_brat(CONF.replace("|niedrig", ""), "annotation.conf")
    assert [(label.id, label.shown_as, label.layer) for label in draft.labels] == [
        ("Person", "", "labels"),
        ("Firm", "", "labels"),
        ("Bank", "", "labels"),
        ("Place", "", "labels"),
        ("Ubersicht", "Übersicht", "labels"),
        ("Say", "", "labels"),
        ("Meet", "", "labels"),
    ]
    assert draft.label_map["spans"] == {
        "Person": {"label": "Person"},
        "Firm": {"label": "Firm"},
        "Bank": {"label": "Bank"},
        "Place": {"label": "Place"},
        "Übersicht": {"label": "Ubersicht"},
    }
    assert draft.label_map["events"] == {
        "Say": {
            "label": "Say",
            "roles": {
                "Speaker": {"relation": "speaker"},
                "Theme": {"relation": "theme"},
                "Place": {"relation": "place"},
            },
        },
        "Meet": {"label": "Meet", "roles": {"Who": {"relation": "who"}}},
    }
    assert draft.label_map["notes"] == {"AnnotatorNotes": {"to": "note"}}


def test_ends_are_types_and_those_below_them() -> None:
    draft = draft_from_brat(CONF, "annotation.conf")
    labels = ["Person", "Firm", "Bank", "Place", "Ubersicht"]
    lives_in = relation(draft, "lives_in")
    assert (lives_in.head, lives_in.tail, lives_in.shown_as) == (["Person", "Firm", "Bank"], ["Place"], "Lives_in")
    near = relation(draft, "near")
    assert near.head == near.tail == ["Person", "Place"]
    assert "Symmetric" in near.comment
    assert relation(draft, "same").head == labels
    speaker = relation(draft, "speaker")
    assert (speaker.head, speaker.tail) == (["Say"], ["Person", "Firm", "Bank"])
    theme = relation(draft, "theme")
    assert theme.tail == ["Say", "Meet", *labels]
    assert "Theme*" in theme.comment
    odd = relation(draft, "odd")
    assert (odd.head, odd.tail) == ([label.id for label in draft.labels], ["Person"])
    assert relation(draft, "continues").joins_pieces


def test_groups_are_relations_of_the_one_before() -> None:
    label_map = draft_from_brat(CONF, "annotation.conf").label_map
    assert label_map["equivalences"] == {"Same": {"relation": "same"}}
    assert label_map["relations"] == {
        "Lives_in": {"relation": "lives_in"},
        "Near": {"relation": "near"},
        "Same": {"relation": "same"},
        "Odd": {"relation": "odd"},
    }


def test_attributes_are_choices_also_flags() -> None:
    draft = draft_from_brat(CONF.replace("not-high", "non-hoch"), "annotation.conf")
    rows = [(each.id, each.shown_as, each.labels, [value.id for value in each.values]) for each in draft.attributes]
    assert rows == [
        ("negated", "Negated", ["Say", "Meet"], ["present"]),
        ("certain", "Certain", ["Say", "Meet", "Person"], ["high", "non-hoch", "niedrig"]),
    ]
    assert draft.label_map["attributes"] == {
        "OnRelation": None,
        "Negated": {"attribute": "negated", "flag": "present"},
        "Certain": {"attribute": "certain"},
    }


def test_what_is_left_out_is_said_once_a_kind() -> None:
    conf = CONF.replace("not-high|", "") + "[drawing]\nPerson\tbgColor:red\n"
    assert draft_from_brat(f"Early\n{conf}", "annotation.conf").notices == [
        "lines before the first section: 1 (line 1) left out; the sections are entities, relations, events, attributes",
        "lines of section [drawing]: 1 (line 31) left out; the sections are entities, relations, events, attributes",
        "further names of types: 1 (FRM) left out; a label has one name",
        "rules on overlaps: 1 (<OVERLAP>) left out; spans of all labels may overlap",
        "types without a definition: 1 (Unheard) left out; an end that has no other type may have any label",
        "settings of events: 1 (<SETTING>) left out; an inventory has no such setting",
        "attributes of relations: 1 (OnRelation) left out; relations of an inventory have none",
        "attributes of no label: 1 (OnRelation) left out; an attribute belongs to spans",
    ]


def test_a_relation_and_a_role_of_one_name_are_two_relations() -> None:
    draft = draft_from_brat("[entities]\nA\n[relations]\nof Arg1:A, Arg2:A\n[events]\nE of:A\n", "annotation.conf")
    assert [each.id for each in draft.relations] == ["of", "of_2", "continues"]
    assert draft.label_map["events"] == {"E": {"label": "E", "roles": {"of": {"relation": "of_2"}}}}


def test_the_section_of_spans_is_that_of_entities() -> None:
    draft = draft_from_brat(
        "\ufeff[spans]\r\nA\r\n[relations]\nR Arg1:A, Arg2:<RELATION>\nS Arg1:A\n", "annotation.conf"
    )
    assert [label.id for label in draft.labels] == ["A"]
    assert draft.label_map["relations"] == {"R": None, "S": None}


@pytest.mark.parametrize("conf", ["", "[entities]\n", "[entities]\n!A\n", "T1\tPerson 0 3\tAda\n", "[x]\nA\n"])
def test_a_configuration_without_types_makes_no_labels(conf: str) -> None:
    assert draft_from_brat(conf, "annotation.conf").labels == []


@pytest.mark.parametrize(
    ("conf", "error"),
    [
        ("[entities]\nA\n[relations]\nR Arg1:A; Arg2:A\n", "annotation.conf:4: 'Arg1:A; Arg2:A' is not NAME:TYPE"),
        ("[relations]\nR Arg1, Arg2:A\n", "annotation.conf:2: 'Arg1' is not NAME:TYPE"),
        ("[relations]\nR Arg1:|, Arg2:A\n", "annotation.conf:2: 'Arg1:|' is not NAME:TYPE"),
        ("[entities]\n!\n", "annotation.conf:2: has no name"),
        ("[entities]\n|\n", "annotation.conf:2: has no name"),
    ],
)
def test_a_faulty_line_is_named(conf: str, error: str) -> None:
    with pytest.raises(CannotRun) as caught:
        draft_from_brat(conf, "annotation.conf")
    assert str(caught.value).startswith(error)


def test_macros_are_written_out_in_their_order() -> None:
    macros = "<x>=<y>\n<y>=<x>|A\n<z>=B\n"
    draft = draft_from_brat(f"[entities]\n{macros}A\nB\nC\n[relations]\nR Arg1:<y>|<z>, Arg2:<x>\n", "annotation.conf")
    (relation, _) = draft.relations
    assert (relation.head, relation.tail) == (["A", "B"], ["A"])


def test_macros_and_types_are_bounded() -> None:
    macros = "".join(f"<m{chr(97 + number)}>=<m{chr(98 + number)}>|<m{chr(98 + number)}>\n" for number in range(25))
    with pytest.raises(CannotRun, match="too long with its macros"):
        draft_from_brat(f"[entities]\nA\n[relations]\n{macros}R Arg1:<ma>, Arg2:A\n", "annotation.conf")
    entities = "".join(f"A{number}\n" for number in range(1001))
    relations = "".join(f"R{number} Arg1:<ANY>, Arg2:<ANY>\n" for number in range(100))
    with pytest.raises(CannotRun, match="its attributes and relations name 1001 labels up to 200 times"):
        draft_from_brat(f"[entities]\n{entities}[relations]\n{relations}", "annotation.conf")


def test_types_below_each_other_end() -> None:
    draft = draft_from_brat("[entities]\nA\n B\n  A\n[relations]\nR Arg1:A, Arg2:B\n", "annotation.conf")
    assert relation(draft, "r").head == ["A", "B"]
