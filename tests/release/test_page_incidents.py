"""Counts by incident: which counts belong together, and where their bars are on the scale."""

import msgspec

from annotate.inventory import Inventory
from annotate.model import Annotation, Link, Passage
from annotate.release.page_incidents import Scale, find_incidents
from annotate.util.html import templates
from tests.agreement.helpers import annotation, span
from tests.conftest import Project


def counted(inventory: Inventory, *relations: tuple[str, str, str]) -> Annotation:
    text = "anna: 12 sacks at the quay; ben: 40 sacks"
    return annotation(
        span("a", "Speaker", 0, 4, text),
        span("l1", "Load", 6, 14, text, wording="at least", least=12),
        span("q", "Quay", 18, 26, text),
        span("b", "Speaker", 28, 31, text),
        span("l2", "Load", 33, 41, text, wording="exact", least=40, most=40),
        *relations,
        text=text,
    )


def test_counts_of_one_place_are_one_incident(project: Project) -> None:
    inventory = project.inventory
    who = (("reported_by", "l1", "a"), ("reported_by", "l2", "b"))
    apart = find_incidents(inventory, [("a", counted(inventory, *who))], [])
    assert [(len(incident.claims), incident.is_contested) for incident in apart] == [(1, False), (1, False)]
    one_place = counted(inventory, *who, ("lies_at", "l1", "q"), ("lies_at", "l2", "q"))
    (incident,) = find_incidents(inventory, [("a", one_place)], [])
    assert (incident.words, incident.is_contested) == (("the quay",), True)
    assert [(claim.claimants, claim.low, claim.high) for claim in incident.claims] == [
        (("anna",), 12, None),
        (("ben",), 40, 40),
    ]
    passages = tuple(Passage(article="a", start=start, end=start + 8, text="") for start in (6, 33))
    link = Link(kind="same incident", passages=passages, note="")
    (linked,) = find_incidents(inventory, [("a", counted(inventory, *who))], [link])
    assert linked.is_contested
    other = msgspec.structs.replace(link, kind="disputes")
    assert len(find_incidents(inventory, [("a", counted(inventory, *who))], [other])) == 2


def test_scale_keeps_the_order_of_numbers_and_stays_in_the_drawing() -> None:
    scale = Scale([3000])
    positions = [dot for count in (0, 1, 9, 300, 3000) for dot in scale.bar(count, count).dots]
    assert positions == sorted(set(positions))
    assert len(positions) == 5
    assert 0 < positions[0] < positions[-1] < 100
    assert 5000 in scale.ticks()


def test_open_end_has_an_arrow_only_above() -> None:
    scale = Scale([3000])
    bars = [scale.bar(low, high) for low, high in ((5, None), (None, 5), (2, 3), (None, None))]
    assert [(bar.kind, len(bar.dots), bar.has_arrow) for bar in bars] == [
        ("open", 1, True),
        ("open", 1, False),
        ("range", 2, False),
        ("none", 0, False),
    ]


def test_bars_are_drawn_as_they_are_computed() -> None:
    """A dot a number, an arrow for an open upper end, and the label that says the same in words."""
    draw_bar = templates().get_template("release/incidents.html").make_module().draw_bar  # type: ignore[attr-defined]
    scale = Scale([3000])
    drawings = [str(draw_bar(scale.bar(low, high), "<who>")) for low, high in ((5, None), (None, 5), (2, 3))]
    assert [(svg.count("<circle"), svg.count("<path")) for svg in drawings] == [(1, 1), (1, 0), (2, 0)]
    assert all('aria-label="&lt;who&gt;"' in svg for svg in drawings)
