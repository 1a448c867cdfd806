"""Takes a picture of the labelling screen: the project's first task, with a region selected that has attributes.

The server must be up and the corpus pushed (`annotate studio up && annotate studio push --show gold`).

    python tools/screenshot.py --out docs/labelling-screen.png
"""

import argparse
import sys
from pathlib import Path

import browser

from annotate import inventory
from annotate.errors import CannotRun
from annotate.labelstudio import client, projects, server
from annotate.labelstudio.config import control_name
from annotate.labelstudio.location import open_state

ROOT = Path(__file__).parents[1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--dir", help="the server's folder; by default that of the corpus")
    arguments.add_argument("--out", default="docs/labelling-screen.png", help="the picture")
    arguments.add_argument("--schema", default=str(ROOT / "schema"))
    arguments.add_argument("--task", type=int, default=1, help="which task, counted from 1")
    arguments.add_argument("--instructions", action="store_true", help="show the instructions instead")
    given = arguments.parse_args()
    state, loaded = open_state(ROOT / "corpus", given.dir), inventory.load_inventory(given.schema)
    with client.Studio(client.find_server(state)) as studio:
        project = projects.require_project(studio, state, loaded.title)
        task = studio.list_tasks(project.id)[given.task - 1]
    # The label with the most attributes shows most of the screen.
    label = max(loaded.spans, key=lambda name: len(loaded.attributes_of(name)))
    first = loaded.attributes_of(label)[0].name
    items = task["predictions"][0]["result"] if task.get("predictions") else []
    regions = [item["id"] for item in items if item.get("from_name") == control_name(label, first)]
    login = server.load_credentials(state)
    with browser.signed_in(studio.url, login.username, login.password) as page:
        browser.open_task(page, studio.url, project.id, task["id"])
        if given.instructions:
            page.get_by_role("button", name="Instructions").click()
            page.wait_for_timeout(800)
        elif regions:
            page.wait_for_selector(".htx-highlight")
            page.wait_for_selector(".relations-overlay g")
            browser.select_region(page, regions[0])
        page.screenshot(path=given.out)
    print(given.out)


if __name__ == "__main__":
    try:
        main()
    except CannotRun as error:
        sys.exit(str(error))
