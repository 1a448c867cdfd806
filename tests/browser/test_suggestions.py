"""Suggestions in a real browser: an annotator's article starts from them, whichever way it is opened."""

import browser
import msgspec
import pytest

from annotate.corpus import encode_annotation
from annotate.labelstudio.projects import require_project
from tests.browser import SCREENS
from tests.browser.test_adjudication import regions, words
from tests.labelstudio.loop import push_bare
from tests.labelstudio.team import Team
from tests.service.suggesting import Running

pytestmark = pytest.mark.browser
LINE = '  - {id: machine, kind: model, training: none, since: "2026-01-01"}\n'


def test_an_annotator_corrects_suggestions(team: Team) -> None:
    """Anna submits one article as it was suggested, and one without a region; both are known as corrected."""
    team.project.replace("corpus/annotators.yaml", "annotators:\n", f"annotators:\n{LINE}")
    made = {
        article: msgspec.structs.replace(team.corpus.read_annotation("anna", article), annotator="machine")
        for article in ("harbour", "market")
    }
    folder = team.project.path("out")
    folder.mkdir()
    for article, annotation in made.items():
        (folder / f"{article}.json").write_bytes(encode_annotation(annotation))
    push_bare(team)
    team.run("people", "add", "anna")
    login = team.logins()["anna"]
    project = require_project(team.studio, team.state, team.title)
    with (
        Running(team, "--from", "out"),
        browser.signed_in(team.studio.url, login.email, login.password) as page,
    ):
        (number,) = [task["id"] for task in team.tasks() if task["data"]["article"] == "harbour"]
        browser.open_task(page, team.studio.url, project.id, number)
        page.wait_for_selector(".htx-highlight")
        assert regions(page) == words(made["harbour"])
        page.screenshot(path=SCREENS / "suggestions.png")
        browser.submit(page)
        browser.open_stream(page, team.studio.url, project.id)
        page.keyboard.press("Escape")
        page.wait_for_selector(".htx-highlight")
        assert regions(page) == words(made["market"])
        browser.click_words(page, "Two to 3 carts")
        page.keyboard.press("Backspace")
        page.wait_for_timeout(500)
        assert regions(page) == []
        browser.label(page, "5", "carts")
        browser.submit(page)
    team.clear_labels()
    team.run("pull")
    harbour, market = (team.corpus.read_annotation("anna", article) for article in ("harbour", "market"))
    assert (harbour.process, harbour.made_from) == (market.process, market.made_from) == ("corrected", ("machine",))
    assert harbour.origins == {"prediction": len(made["harbour"].spans)}
    assert [(span.label, span.text) for span in market.spans] == [("Quay", "carts")]
