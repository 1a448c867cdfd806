"""A watch in the tests: run once or in a process of its own, and what it shows on the server."""

import subprocess
import sys
import time
from typing import Any

from click.testing import Result

from annotate.labelstudio.projects import annotator_title, require_project
from tests.labelstudio.team import Team

WORDS = {
    "id": "w",
    "from_name": "speech",
    "to_name": "text",
    "type": "labels",
    "value": {"start": 79, "end": 92, "text": '"at the pier"', "labels": ["Words"]},
}
SAYS = {"type": "relation", "from_id": "v", "to_id": "w", "direction": "right", "labels": ["words"]}


def watch(team: Team, *words: str) -> Result:
    done = team.annotate("watch", "--once", *words)
    assert done.exit_code == 0, done.output
    return done


def tasks(team: Team, annotator: str = "") -> dict[str, dict[str, Any]]:
    """Article → task, of an annotator's own project or of the shared one."""
    title = annotator_title(team.title, annotator) if annotator else team.title
    project = require_project(team.studio, team.state, title)
    return {task["data"]["article"]: task for task in team.studio.list_tasks(project.id)}


def correct(team: Team, annotator: str, article: str, items: list[Any]) -> None:
    """Change what the annotator submitted."""
    (annotation,) = tasks(team, annotator)[article]["annotations"]
    with team.api() as api:
        assert api.patch(f"/api/annotations/{annotation['id']}/", json={"result": items}).status_code == 200


class Running:
    """A watch in a process of its own."""

    def __init__(self, team: Team) -> None:
        self.log = team.project.path("watch.log")
        words = ["studio", "watch", "--every", "1", "--dir", str(team.state.folder), "--title", team.title]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "annotate", *words], cwd=team.project.root, stdout=log, stderr=log
            )

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 120
        while words not in self.log.read_text("utf-8"):
            assert time.monotonic() < deadline, self.log.read_text("utf-8")
            time.sleep(0.2)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)
