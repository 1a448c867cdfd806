"""Pages of a corpus full of hostile values, in a browser: nothing runs, nothing loads, nothing opens."""

from pathlib import Path

import browser
import pytest
from playwright.sync_api import Dialog, Page, Request, sync_playwright

from tests.conftest import Project
from tests.hostile import HOSTILE, is_refused, list_fields, make_project, put, render_markdown

pytestmark = pytest.mark.browser

ACTIVE_PARTS = """() => [...document.querySelectorAll('*')].flatMap(part => {
  const tags = ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'BASE', 'FORM', 'LINK', 'VIDEO', 'AUDIO'];
  const isActive = ({name, value}) => name.startsWith('on')
    || (['href', 'src', 'action'].includes(name) && !/^(https?:|#|data:image\\/|classes\\.json$)/.test(value));
  return tags.includes(part.tagName) || [...part.attributes].some(isActive) ? [part.outerHTML.slice(0, 200)] : [];
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages, and the card as a site that shows raw HTML would render it."""
    from annotate.labelstudio.instructions import render_instructions

    root = tmp_path_factory.mktemp("pages")
    before, project = make_project(root / "before"), make_project(root / "after")
    make = HOSTILE["one line"]
    values = {field: make(f"m{number}x") for number, field in enumerate(list_fields(project))}
    kinds = ("CITATION.cff", "schema/labels.yaml", "corpus/articles/harbour.json", "corpus/statement.yaml")
    put(
        project,
        {
            field: value
            for field, value in values.items()
            if field.file in (*kinds, "corpus/annotations/gold/harbour.json", "corpus/annotations/anna/harbour.json")
            and (field.file == "CITATION.cff" or is_refused(project, field, value) is None)
        },
    )
    project.path("corpus/CHANGELOG.md").write_text(
        f"# Changes\n\n## 1.0.0 (2026-01-01)\n\n- {make('entry')}\n\n{make('more')}\n\n<img src=http://127.0.0.1:9/x>\n"
    )
    speech = project.path("guidelines/speech.md")
    speech.write_text(f"{speech.read_text()}\n\n{make('page')}\n\n![x](http://127.0.0.1:9/y.png)\n")
    _run(project, "generate")
    _run(project, "agree", "--samples", "0", "--format", "html", "--out", "agreement.html")
    _run(project, "diff", str(before.root), ".", "--format", "html", "--out", "difference.html")
    _run(project, "diff", str(before.root), ".", "--format", "md", "--out", "difference.md")
    _run(project, "release", "page", "--out", "release.html")
    _run(project, "build", "--out", "out")
    made = {name: project.path(f"{name}.html") for name in ("agreement", "difference", "release")}
    rendered = {
        "card": render_markdown(project.path("out/README.md").read_text("utf-8").split("---\n", 2)[2]),
        "changes": render_markdown(project.path("difference.md").read_text("utf-8")),
        "instructions": render_instructions(project.path("guidelines"), project.inventory),
    }
    for name, body in rendered.items():
        made[name] = project.path(f"{name}.html")
        made[name].write_text(f'<!DOCTYPE html><meta charset="utf-8"><title>{name}</title>{body}', "utf-8")
    return made


def _run(project: Project, *words: str) -> None:
    result = project.annotate(*words)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", ["agreement", "difference", "release", "card", "changes", "instructions"])
def test_nothing_runs_and_nothing_loads(pages: dict[str, Path], name: str) -> None:
    text = pages[name].read_text("utf-8")
    assert "alert(1)" in text  # the words are there
    requests: list[str] = []
    opened: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith(("file:", "data:image/")):
            requests.append(request.url)

    def note_dialog(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    def note_page(popup: Page) -> None:
        opened.append(popup.url)

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
        page = chromium.new_page()
        page.on("request", note_request)
        page.on("dialog", note_dialog)
        page.on("popup", note_page)
        page.goto(pages[name].as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        page.wait_for_timeout(200)
        assert (requests, opened) == ([], [])
        assert _active_parts(page) == []
        chromium.close()


def _active_parts(page: Page) -> list[str]:
    """Return what could run or load: elements, handlers, and addresses that are not of the web."""
    parts: list[str] = page.evaluate(ACTIVE_PARTS)
    return parts
