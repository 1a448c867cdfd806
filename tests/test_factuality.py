"""Who claims, denies, speaks of or disputes harm: each row of the table of stances in the guidelines for casualties."""

import pytest

from annotate.columns import Documents
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.record_columns import Graphs
from annotate.records import Graph
from tests.factuality import Sentence

ROLES = ("claimant", "denier", "speaker", "disputed_by")


TABLE: dict[str, tuple[Sentence, dict[str, list[str]]]] = {
    "asserted, no stance": (
        Sentence("the army killed five, residents said")
        .says("residents", "said", "the army killed five")
        .harm("killed five", "asserted"),
        {"claimant": ["residents 1"]},
    ),
    "denied by its own cue": (
        Sentence("the army denied killing five")
        .says("the army", "denied", "killing five", "denial")
        .harm("killing five", "denied")
        .stance("the army", "denied", "deny", "truth", "killing five"),
        {"denier": ["the army 1"], "disputed_by": ["the army 1"]},
    ),
    "neither confirmed nor denied": (
        Sentence("the army does not deny killing five")
        .says("the army", "does not deny", "killing five", "denial", "negative")
        .harm("killing five", "uncommitted")
        .stance("the army", "does not deny", "comment", "truth", "killing five"),
        {"speaker": ["the army 1"]},
    ),
    "admitted": (
        Sentence("the army admitted killing five")
        .says("the army", "admitted", "killing five")
        .harm("killing five", "asserted")
        .stance("the army", "admitted", "support", "truth", "killing five"),
        {"claimant": ["the army 1"]},
    ),
    "not confirmed": (
        Sentence("the army could not confirm that five were killed")
        .says("the army", "could not confirm", "five were killed", "assertion", "negative")
        .harm("five were killed", "uncommitted")
        .stance("the army", "could not confirm", "comment", "truth", "five were killed"),
        {"speaker": ["the army 1"]},
    ),
    "an accusation, which denies that the conduct is right": (
        Sentence("residents accuse the army of killing five")
        .says("residents", "accuse", "the army of killing five", "accusation")
        .harm("killing five", "asserted")
        .stance("residents", "accuse", "deny", "conduct", "the army of killing five"),
        {"claimant": ["residents 1"]},
    ),
    "another's claim, denied with its words": (
        Sentence("the army denied residents' claims that it killed five")
        .says("residents'", "claims", "it killed five")
        .harm("killed five", "asserted")
        .stance("the army", "denied", "deny", "truth", "it killed five"),
        {"claimant": ["residents' 1"], "disputed_by": ["the army 1"]},
    ),
    "another's claim, denied by words that stand for it": (
        Sentence("Residents said the army killed five. The army denied the claim.")
        .says("Residents", "said", "the army killed five")
        .harm("killed five", "asserted")
        .denial("The army", "denied", "the claim", "Content the army killed five"),
        {"claimant": ["Residents 1"], "disputed_by": ["The army 1"]},
    ),
    "denied by the text, what was reported has no words": (
        Sentence("the army did not kill five, as was reported").harm("did not kill five", "denied"),
        {},
    ),
    "denied by the text, within what was reported": (
        Sentence("the army did not kill five, as was reported")
        .says(None, "was reported", "the army did not kill five")
        .harm("did not kill five", "denied"),
        {},
    ),
    "a count, denied by words that stand for the count itself": (
        Sentence("Residents said five were killed. The army called the figure false.")
        .says("Residents", "said", "five were killed")
        .harm("five were killed", "asserted")
        .denial("The army", "false", "the figure", "Casualty five were killed"),
        {"claimant": ["Residents 1"], "disputed_by": ["The army 1"]},
    ),
    "a denial of several claims": (
        Sentence("Police said five died. Medics stated nine died. The mayor denied those claims.")
        .says("Police", "said", "five died")
        .says("Medics", "stated", "nine died")
        .harm("five died", "asserted")
        .denial("The mayor", "denied", "those claims", "Content nine died", "Content five died"),
        {"claimant": ["Police 1"], "disputed_by": ["The mayor 1"]},
    ),
    "passed on": (
        Sentence("The agency reported that residents said five were killed.")
        .says("The agency", "reported", "residents said five were killed")
        .says("residents", "said", "five were killed")
        .harm("five were killed", "asserted"),
        {"claimant": ["residents 1", "The agency 2"]},
    ),
    "a denial, passed on": (
        Sentence("The agency reported that the army denied killing five.")
        .says("The agency", "reported", "the army denied killing five")
        .says("the army", "denied", "killing five", "denial")
        .harm("killing five", "denied"),
        {"denier": ["the army 1", "The agency 2"]},
    ),
    "whoever denies that it was said claims nothing, nor does whoever passes that on": (
        Sentence("The agency reported that the mayor denied that residents said five were killed.")
        .says("The agency", "reported", "the mayor denied that residents said five were killed")
        .says("the mayor", "denied", "residents said five were killed", "denial")
        .says("residents", "said", "five were killed")
        .harm("five were killed", "asserted")
        .stance("the mayor", "denied", "deny", "truth", "residents said five were killed"),
        {"claimant": ["residents 1"], "disputed_by": ["the mayor 1"]},
    ),
    "of two at one distance, one passes it on, and nobody farther out does": (
        Sentence("The agency reported that police stated and the mayor denied that residents said five were killed.")
        .says("The agency", "reported", "police stated and the mayor denied that residents said five were killed")
        .says("police", "stated", "residents said five were killed")
        .says("the mayor", "denied", "residents said five were killed", "denial")
        .says("residents", "said", "five were killed")
        .harm("five were killed", "asserted"),
        {"claimant": ["residents 1", "police 2"]},
    ),
    "whoever did not say it does not pass it on": (
        Sentence("The agency did not mention that residents said five were killed.")
        .says("The agency", "did not mention", "residents said five were killed", "assertion", "negative")
        .says("residents", "said", "five were killed")
        .harm("five were killed", "asserted"),
        {"claimant": ["residents 1"]},
    ),
    "a denial of none is a claim, and disputes the words": (
        Sentence("The army denied that nobody was killed.")
        .says("The army", "denied", "nobody was killed", "denial")
        .harm("nobody was killed", "asserted")
        .stance("The army", "denied", "deny", "truth", "nobody was killed"),
        {"claimant": ["The army 1"], "disputed_by": ["The army 1"]},
    ),
}


def roles_in_graph(made: Annotation, inventory: Inventory) -> dict[str, list[str]]:
    [record] = Graph(made, inventory).records()["casualty_claims"]
    return {role: [f"{filler.mention.text} {filler.distance}" for filler in record.roles[role]] for role in ROLES}


def roles_in_columns(made: Annotation, inventory: Inventory) -> dict[str, list[str]]:
    graphs = Graphs(Documents.from_annotations([made], inventory).canonical())
    anchors = graphs.mentions_labelled("Casualty")
    texts, first_spans = graphs.documents.spans.texts, graphs.mentions.first_spans
    roles = {}
    for role in ROLES:
        fillers = graphs.fillers(anchors, inventory.records["casualty_claims"].roles[role])
        roles[role] = [
            f"{texts[first_spans[mention]]} {distance}"
            for mention, distance in zip(fillers.mentions.tolist(), fillers.distances.tolist(), strict=True)
        ]
    return roles


@pytest.mark.parametrize("row", TABLE)
def test_each_source_fills_the_role_that_the_guidelines_give_it(row: str, labels: Inventory) -> None:
    sentence, expected = TABLE[row]
    made = sentence.annotation()
    every = {role: expected.get(role, []) for role in ROLES}
    assert roles_in_graph(made, labels) == every
    assert roles_in_columns(made, labels) == every


def test_a_dispute_names_the_stance_by_which_it_was_found(labels: Inventory) -> None:
    sentence, _ = TABLE["another's claim, denied by words that stand for it"]
    graph = Graph(sentence.annotation(), labels).records()
    [record], [stance] = graph["casualty_claims"], graph["stances"]
    [filler] = record.roles["disputed_by"]
    assert filler.through == stance.anchor.id
    [claim] = stance.roles["claim"]
    assert (claim.mention.text, claim.distance, claim.through) == ("the army killed five", 1, "Target the claim")
