"""Counts by incident: which counts belong together, and where their bars are on the scale."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, Link, Passage, Span
from annotate.records import Mention
from annotate.release import page_incidents
from annotate.release.page_incidents import Claim, Incident, Scale, find_incidents, tells_disputes
from annotate.util.html import templates
from tests.agreement.helpers import annotation, span
from tests.conftest import ROOT, Project
from tests.factuality import Sentence
from tests.operations import LINEAR, count_calls

DENYING = load_inventory(ROOT / "tests" / "invalid" / "P304-nobody-claims-it" / "schema")
_REPORTER = DENYING.records["loads"].roles["reporter"]
WITH_ROLES = msgspec.structs.replace(
    DENYING,
    intervals=(msgspec.structs.replace(DENYING.intervals[0], claimants=("reporter", "denier", "speaker")),),
    records={
        **DENYING.records,
        "loads": msgspec.structs.replace(
            DENYING.records["loads"],
            roles={
                "quay": DENYING.records["loads"].roles["quay"],
                "reporter": msgspec.structs.replace(_REPORTER, when={"truth": ("there",)}),
                "denier": msgspec.structs.replace(_REPORTER, when={"truth": ("denied",)}),
                "speaker": msgspec.structs.replace(_REPORTER, when={"truth": ("supposed",)}),
            },
        ),
    },
)
"""The made-up inventory in which those who report, deny or suppose a load fill a role each."""


def find_claims(*truths: str) -> tuple[Incident, ...]:
    """The incidents of a text in which anna and ben count at one quay, each with a value of the attribute `truth`."""
    text = "anna: 12 sacks at the quay; ben: 40 sacks"
    first, second = truths
    made = annotation(
        span("a", "Speaker", 0, 4, text),
        span("l1", "Load", 6, 14, text, wording="at least", least=12, truth=first),
        span("q", "Quay", 18, 26, text),
        span("b", "Speaker", 28, 31, text),
        span("l2", "Load", 33, 41, text, wording="exact", least=40, most=40, truth=second),
        ("reported_by", "l1", "a"),
        ("reported_by", "l2", "b"),
        ("lies_at", "l1", "q"),
        ("lies_at", "l2", "q"),
        text=text,
    )
    return tuple(find_incidents(WITH_ROLES, [("a", made)], []))


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
    assert [(claim.sources, claim.low, claim.high) for claim in incident.claims] == [
        (("anna",), 12, None),
        (("ben",), 40, 40),
    ]
    passages = tuple(Passage(article="a", start=start, end=start + 8, text="") for start in (6, 33))
    link = Link(kind="same incident", passages=passages, note="")
    (linked,) = find_incidents(inventory, [("a", counted(inventory, *who))], [link])
    assert linked.is_contested
    other = msgspec.structs.replace(link, kind="disputes")
    assert len(find_incidents(inventory, [("a", counted(inventory, *who))], [other])) == 2


@pytest.mark.parametrize(
    ("truths", "standings", "is_contested", "has_several_claimants"),
    [
        (("there", "there"), ["claimed", "claimed"], True, True),
        (("there", "denied"), ["claimed", "denied"], True, False),
        (("denied", "denied"), ["denied", "denied"], True, False),
        (("there", "supposed"), ["claimed", "open"], False, False),
        (("supposed", "supposed"), ["open", "open"], False, False),
    ],
)
def test_who_denies_or_supposes_is_no_claimant(
    truths: tuple[str, str], standings: list[str], is_contested: bool, has_several_claimants: bool
) -> None:
    [incident] = find_claims(*truths)
    assert [(claim.standing, claim.value) for claim in incident.claims] == list(zip(standings, truths, strict=True))
    assert [claim.sources for claim in incident.claims] == [("anna",), ("ben",)]
    assert (incident.is_contested, incident.has_several_claimants) == (is_contested, has_several_claimants)
    # A source of any role says nothing about the incident.
    assert incident.words == ("the quay",)


DISPUTES = Sentence("Residents said the army killed five. The army denied the claim.")
DISPUTES.says("Residents", "said", "the army killed five")
DISPUTES.harm("killed five", "asserted", stated="exact", minimum=5, maximum=5)
DISPUTES.denial("The army", "denied", "the claim", "Content the army killed five")
OWN_DENIAL = Sentence("the army denied killing five").says("the army", "denied", "killing five", "denial")
OWN_DENIAL.harm("killing five", "denied").stance("the army", "denied", "deny", "truth", "killing five")


def test_who_disputes_a_claim_is_named_with_it(labels: Inventory) -> None:
    [incident] = find_incidents(labels, [("a", DISPUTES.annotation())], [])
    [claim] = incident.claims
    assert (claim.sources, claim.standing, claim.disputes) == (("Residents",), "claimed", ("disputed by The army",))
    assert (incident.is_contested, incident.is_disputed, incident.has_several_claimants) == (True, True, False)
    # Whoever disputes a count says nothing about the incident.
    assert incident.words == ()
    module = (
        templates()
        .get_template("release/incidents.html")
        .make_module({"scale": Scale([40]), "titles_of": lambda incident: ["A title"]})
    )
    page = str(module.draw_incident(incident))  # type: ignore[attr-defined]
    assert '<span class="several">disputed</span>' in page
    assert '</q> <small class="dispute">disputed by The army</small></p>' in page
    assert 'aria-label="Residents: killed five, exact 5, disputed by The army"' in page


def test_who_denies_by_the_cue_does_not_dispute_as_well(labels: Inventory) -> None:
    [incident] = find_incidents(labels, [("a", OWN_DENIAL.annotation())], [])
    [claim] = incident.claims
    assert (claim.sources, claim.standing, claim.disputes) == (("the army",), "denied", ())
    assert (incident.is_contested, incident.is_disputed) == (True, False)


def test_the_inventory_names_the_roles(labels: Inventory) -> None:
    """Without roles of claimants, nothing is said of counts: who counts is not guessed."""
    assert tells_disputes(labels)
    assert not tells_disputes(WITH_ROLES)
    unnamed = msgspec.structs.replace(
        labels, intervals=tuple(msgspec.structs.replace(each, claimants=()) for each in labels.intervals)
    )
    assert find_incidents(unnamed, [("a", DISPUTES.annotation())], []) == []


def test_only_claims_are_drawn() -> None:
    [incident] = find_claims("denied", "there")
    template = templates().get_template("release/incidents.html")
    module = template.make_module({"scale": Scale([40]), "titles_of": lambda incident: ["A title"]})
    page = str(module.draw_incident(incident))  # type: ignore[attr-defined]
    assert page.count("<circle") == 1
    assert 'aria-label="ben: 40 sacks, exact 40"' in page
    assert "anna" not in page.partition("<h4>Denied</h4>")[0]
    assert "at least 12<br><small>denied</small>" in page.partition("<h4>Denied</h4>")[2]
    [supposed] = find_claims("supposed", "supposed")
    page = str(module.draw_incident(supposed))  # type: ignore[attr-defined]
    assert "<svg" not in page
    assert page.count("<small>supposed</small>") == 2


def test_who_passes_a_claim_on_is_no_claimant(project: Project) -> None:
    """The nearest source claims; the one around it passes the claim on, as it does if the nearest has no name."""
    text = 'Ben says that Anna says "12 sacks", and that "9 sacks" were said.'
    parts: list[Span | tuple[str, str, str]] = [
        span("ben", "Speaker", 0, 3, text),
        span("says", "Verb", 4, 8, text),
        span("all", "Words", 14, 64, text),
        span("anna", "Speaker", 14, 18, text),
        span("said", "Verb", 19, 23, text),
        span("some", "Words", 24, 34, text),
        span("l1", "Load", 25, 33, text, wording="exact", least=12, most=12),
        span("nobody", "Verb", 60, 64, text),
        span("few", "Words", 45, 54, text),
        span("l2", "Load", 46, 53, text, wording="exact", least=9, most=9),
        ("speaker", "says", "ben"),
        ("words", "says", "all"),
        ("speaker", "said", "anna"),
        ("words", "said", "some"),
        ("words", "nobody", "few"),
    ]
    incidents = find_incidents(project.inventory, [("a", annotation(*parts, text=text))], [])
    claims = [claim for incident in incidents for claim in incident.claims]
    assert [(claim.sources, claim.relays, claim.source_text) for claim in claims] == [
        (("Anna",), ("Ben",), "Anna"),
        ((), ("Ben",), "a source without a name"),
    ]


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


def make_links(articles: int) -> list[Link]:
    """A link between the first count of each article and the second one of the next."""
    return [
        Link(
            kind="same incident",
            passages=(
                Passage(article=f"a{number}", start=6, end=14, text=""),
                Passage(article=f"a{number}", start=0, end=14, text=""),
                Passage(article=f"a{(number + 1) % articles}", start=33, end=34, text=""),
            ),
            note="",
        )
        for number in range(articles)
    ]


def test_links_are_looked_up_by_article(project: Project) -> None:
    """Regression: each count was compared with every link, so that the page of 4,000 articles took minutes."""
    inventory, calls = project.inventory, list[int]()
    for articles in (100, 200):
        labels = [(f"a{number}", counted(inventory)) for number in range(articles)]
        links = make_links(articles)
        calls.append(count_calls(lambda labels=labels, links=links: find_incidents(inventory, labels, links)))  # type: ignore[misc]
    assert calls[0] < calls[1] <= LINEAR * calls[0]


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 50), st.integers(1, 20)), max_size=8),
    st.lists(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 50), st.integers(1, 20)), max_size=3), max_size=6),
)
def test_a_link_binds_the_counts_whose_words_it_covers(
    anchors: list[tuple[int, int, int]], linked: list[list[tuple[int, int, int]]]
) -> None:
    claims = [
        Claim(
            f"a{article}",
            "claimed",
            "",
            (),
            (),
            (),
            Mention("m", "Load", start, start + length, "", (), {}),
            1,
            1,
            "",
            (),
        )
        for article, start, length in anchors
    ]
    links = [
        Link(
            kind="same incident",
            passages=tuple(
                Passage(article=f"a{article}", start=start, end=start + length, text="")
                for article, start, length in passages
            ),
            note="",
        )
        for passages in linked
    ]
    assert sorted(page_incidents._find_linked(claims, links)) == [
        (index, number)
        for index, claim in enumerate(claims)
        for number, link in enumerate(links)
        if any(
            passage.article == claim.article_id
            and passage.start < claim.anchor.end
            and claim.anchor.start < passage.end
            for passage in link.passages
        )
    ]
    others = [msgspec.structs.replace(link, kind="repeats") for link in links]
    assert list(page_incidents._find_linked(claims, others)) == []
