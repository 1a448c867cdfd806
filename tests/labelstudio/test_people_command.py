"""`annotate studio people` and `assign` on a real server: users, projects, progress; no login is printed."""

import re
import shutil
import stat
from collections.abc import Iterator

import httpx
import pytest

from annotate.labelstudio import client
from annotate.labelstudio.annotators import LOGINS_FILE, Login
from annotate.labelstudio.client import Studio
from annotate.labelstudio.holders import list_held_articles
from annotate.labelstudio.http import LOCAL
from annotate.labelstudio.journal import PullJournal
from annotate.labelstudio.location import record_named_folder
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.projects import annotator_title, assigned_annotators, labelling_titles, require_project
from annotate.labelstudio.state import State
from tests.checks.test_severity import forget_words
from tests.conftest import Project
from tests.labelstudio.loop import write
from tests.labelstudio.team import VERB, Team

pytestmark = pytest.mark.server


@pytest.fixture
def team(project: Project, started: State, studio: Studio) -> Team:
    return Team(project, started, studio)


def test_users_are_created_once_and_listed_by_pseudonym(team: Team) -> None:
    assert team.run("people").stdout == "no annotators yet; create users with `annotate studio people add ID`\n"
    first = team.run("people", "add", "anna", "ben").stdout
    assert re.fullmatch(rf"anna: user \d+\nben: user \d+\nlogins and passwords: .*{LOGINS_FILE}\n", first)
    again = team.run("people", "add", "ben", "anna").stdout
    assert re.match(r"ben: user \d+ already\nanna: user \d+ already\n", again)
    assert stat.S_IMODE((team.state.folder / LOGINS_FILE).stat().st_mode) == 0o600
    assert sorted(team.state.annotators(LOCAL).values()) == ["anna", "ben"]
    team.state.save_annotators(LOCAL, {})  # as after an interruption: the login is there, the number is not
    assert team.run("people", "add", "anna", "ben").stdout == first
    login = team.logins()["anna"]
    assert repr(login) == repr(Login("x", "y")) == "Login(…)"
    team.run("people", "add", "anna", "carla", code=2)


def test_only_one_command_adds_people(team: Team) -> None:
    """Two commands that write the list of logins at once would lose each other's changes."""
    with lock_folder(team.state, "pull"):
        assert "`annotate studio pull` is running" in team.run("people", "add", "anna", code=2).stderr
    assert not (team.state.folder / LOGINS_FILE).exists()
    team.run("people", "add", "anna")


def test_invitation_is_renewed_after_use(team: Team) -> None:
    """The server's log contains the invitation that was used."""
    team.run("people", "add", "anna")
    with team.api() as api:
        before = api.get("/api/invite").json()["token"]
    team.run("people", "add", "ben")
    with team.api() as api:
        assert api.get("/api/invite").json()["token"] != before


def test_assigned_projects_and_progress(team: Team) -> None:
    team.run("people", "add", "anna", "ben")
    team.run("assign", "anna", "--articles", "harbour")
    told = team.run("assign", "anna", "ben").stdout
    assert re.match(r"anna: 1 article new, http.*\nben: 2 articles new, http", told)
    assert labelling_titles(team.state, LOCAL, team.title) == [f"{team.title}: anna", f"{team.title}: ben"]
    for annotator in ("anna", "ben"):
        tasks = team.studio.list_tasks(
            require_project(team.studio, team.state, annotator_title(team.title, annotator)).id
        )
        assert [(task["predictions"], task["annotations"]) for task in tasks] == [([], []), ([], [])]
    team.work("anna", "harbour", "annotations/", [VERB])
    team.work("anna", "market", "annotations/", [], was_cancelled=True)
    team.work("ben", "harbour", "drafts", [VERB])
    ben = team.studio.list_tasks(require_project(team.studio, team.state, annotator_title(team.title, "ben")).id)
    assert [task["annotations"] for task in ben] == [[], []]
    table = team.run("status").stdout
    assert re.search(r"article +anna +ben", table)
    assert re.search(r"harbour +done +draft *\n +market +skipped +left", table)
    listed = team.run("people").stdout
    assert re.search(r"anna: user \d+; 1 done, 0 draft, 1 skipped, 0 left\n", listed)
    assert re.search(r"ben: user \d+; 0 done, 1 draft, 0 skipped, 1 left\n", listed)


def test_pull_takes_the_projects_of_all_annotators(team: Team) -> None:
    """Without a title: the shared project if it exists, and each annotator's own, but not the adjudication."""
    team.clear_labels()
    team.run("people", "add", "anna", "ben")
    team.run("assign", "anna", "ben")
    team.work("anna", "market", "annotations/", [])
    team.work("ben", "harbour", "annotations/", [VERB])
    team.project.replace("schema/labels.yaml", f"title: {team.project.inventory.title}", f"title: {team.title}")
    folder = ["--dir", str(team.state.folder)]
    done = team.project.annotate("studio", "pull", *folder)
    assert done.exit_code == 0, done.output
    written = {line for line in done.stdout.splitlines() if line.startswith("written: ")}
    assert written == {"written: annotations/anna/market.json", "written: annotations/ben/harbour.json"}
    assert "@" not in done.output + done.stderr
    again = team.project.annotate("studio", "pull", *folder)
    assert (again.exit_code, "written: " in again.stdout) == (0, False)


def test_pages_of_identified_users_are_taken_during_the_fetch(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait in the journal from the first one on that has an unidentified user."""
    monkeypatch.setattr(client, "PAGE_SIZE", 1)
    shutil.rmtree(team.corpus.root / "annotations" / "anna")
    team.push()
    team.run("people", "add", "anna", "ben")
    team.work("anna", "harbour", "annotations/", [VERB], project=team.title)
    team.work("ben", "market", "annotations/", [], project=team.title)
    known = team.state.annotators(LOCAL)
    ben = next(number for number, name in known.items() if name == "ben")
    team.state.save_annotators(LOCAL, {number: name for number, name in known.items() if name != "ben"})
    team.project.replace("corpus/annotators.yaml", "id: ben, kind: person", "id: ben, kind: model")  # no one by a login
    refused = team.run("pull", code=1)
    assert f"user {ben} of the server: is not known as an annotator" in refused.stderr
    assert (team.corpus.annotated_ids("anna"), team.corpus.annotated_ids("ben")) == (["harbour"], [])
    assert len(PullJournal(team.state).page_paths()) == 1
    team.project.replace("corpus/annotators.yaml", "id: ben, kind: model", "id: ben, kind: person")
    named = team.run("pull", "--annotator", "ben").stdout
    assert "written: annotations/ben/market.json\n1 written, " in named
    assert PullJournal(team.state).page_paths() == []


def test_server_hides_no_project(team: Team) -> None:
    """As documented, any user can open another's project, and finds the labels there."""
    team.run("people", "add", "anna", "ben")
    team.run("assign", "anna", "ben")
    team.work("anna", "harbour", "annotations/", [VERB])
    number = require_project(team.studio, team.state, annotator_title(team.title, "anna")).id
    with team.session("ben") as browser:
        answer = browser.get("/api/tasks", params={"project": number, "fields": "all"})
    assert [len(task["annotations"]) for task in answer.json()["tasks"]] == [1, 0]


def test_impossible_assignments_are_reported(team: Team) -> None:
    team.run("assign", "anna", "carla", code=2)
    team.run("assign", "anna", "--articles", "lighthouse", code=2)
    assert assigned_annotators(team.state, LOCAL, team.title) == []
    team.title = "x" * 46
    assert "has 52 characters" in team.run("assign", "anna", code=2).stderr


def test_one_annotators_mistake_stops_no_assignment(team: Team) -> None:
    forget_words(team.project)
    assigned = team.run("assign", "ben")
    assert "2 warnings (2 errors in the labels of anna count as warnings); see `annotate check`" in assigned.stderr
    assert assigned_annotators(team.state, LOCAL, team.title) == ["ben"]


def test_assign_refuses_a_corpus_with_errors(team: Team) -> None:
    team.corpus.root.joinpath("articles", "harbour.txt").write_text("Other words.")
    refused = team.run("assign", "anna", "ben", code=1)
    assert "articles/harbour.json: T103 " in refused.stderr
    assert refused.stderr.count("in the corpus; fix them, or assign with --no-check") == 1
    assert refused.stdout == ""
    assert team.studio.find_projects(annotator_title(team.title, "anna")) == []
    assert assigned_annotators(team.state, LOCAL, team.title) == []
    team.run("assign", "anna", "--no-check")
    assert assigned_annotators(team.state, LOCAL, team.title) == ["anna"]


def test_models_and_people_who_left_get_no_user(team: Team) -> None:
    team.project.replace("corpus/annotators.yaml", "id: ben, kind: person", "id: ben, kind: model")
    team.project.replace("corpus/annotators.yaml", 'since: "2026-01-01"', 'since: "2026-01-01", until: "2026-02"')
    for words in (["people", "add"], ["assign"]):
        model = team.run(*words, "ben", code=2).stderr
        assert "annotators.yaml: lists 'ben' as a model, which gets no account; push its labels with" in model
        left = team.run(*words, "anna", code=2).stderr
        assert "annotators.yaml: says that 'anna' left (until: 2026-02); remove `until` there if anna is back" in left
    assert not (team.state.folder / LOGINS_FILE).exists()


@pytest.fixture
def home(project: Project, started: State, studio: Studio) -> Iterator[Team]:
    """A team whose folder is that of the running server, with its database."""
    made, before = Team(project, started, studio), {path.name for path in started.folder.iterdir()}
    record_named_folder(started.folder)
    made.state = started
    yield made
    for path in started.folder.glob("*.json"):
        if path.name not in before:
            path.unlink()


def can_log_in(team: Team, annotator: str) -> bool:
    login = team.logins()[annotator]
    with httpx.Client(base_url=team.studio.url, trust_env=False, timeout=60) as browser:
        browser.get("/user/login/")
        form = {"email": login.email, "password": login.password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post("/user/login/", data=form).status_code == 302


def test_someone_leaves_and_comes_back(home: Team) -> None:
    """The login and the session end; labels and pseudonym stay; others get the articles that are left."""
    home.run("people", "add", "anna", "ben")
    home.run("assign", "anna", "ben", "--each", "1")
    owner = next(name for name, count in held(home).items() if "harbour" in count)
    other = "ben" if owner == "anna" else "anna"
    with home.session(owner) as browser:
        assert browser.get("/api/projects/").status_code == 200
        assert "not removed" in home.run("people", "remove", owner, code=1).stderr
        removed = home.run("people", "remove", owner, "--yes").stdout
        assert browser.get("/api/projects/").status_code == 401
    assert re.match(rf"{owner}: user \d+ removed; the labels stay\nunfinished: harbour\n", removed)
    assert not can_log_in(home, owner)
    assert can_log_in(home, other)
    assert re.search(rf"{owner}: user \d+, removed; 0 done", home.run("people").stdout)
    assert owner in home.state.annotators(LOCAL).values()
    home.run("assign", other, "--each", "1")
    assert held(home)[other] == ["harbour", "market"]
    again = home.run("people", "add", owner).stdout
    assert re.match(rf"{owner}: user \d+ again\n", again)
    assert can_log_in(home, owner)
    home.run("people", "remove", "carla", code=2)


def test_password_is_reset_while_the_server_runs(home: Team) -> None:
    home.run("people", "add", "anna", "ben")
    before = home.logins()
    home.run("people", "reset-password", "anna")
    after = home.logins()
    assert (after["anna"].email, after["ben"]) == (before["anna"].email, before["ben"])
    assert after["anna"].password != before["anna"].password
    assert can_log_in(home, "anna")
    home.run("people", "reset-password", "carla", code=2)


def held(team: Team) -> dict[str, list[str]]:
    """Return the articles in the project of each annotator."""
    owners = assigned_annotators(team.state, LOCAL, team.title)
    articles: dict[str, list[str]] = {owner: [] for owner in owners}
    for each in list_held_articles(team.studio, team.state, team.title, owners):
        articles[each.annotator].append(each.article_id)
    return {owner: sorted(ids) for owner, ids in articles.items()}


def test_overlap_is_balanced_and_kept(team: Team) -> None:
    """Any two of three annotators have each article; further articles are balanced with those before."""
    team.project.replace(
        "corpus/annotators.yaml",
        "annotators:\n",
        'annotators:\n  - {id: carla, kind: person, training: none, since: "2026-01-01"}\n',
    )
    write(team, 4)
    names = ("anna", "ben", "carla")
    planned = team.run("assign", *names, "--each", "2", "--seed", "7", "--plan", "--no-check").stdout
    assert "6 articles to assign; 0 by all; nothing was changed" in planned
    assert re.search(r"anna +0 +4 +4 *\n +ben +0 +4 +4 *\n +carla +0 +4 +4 *\n", planned)
    assert re.search(r"anna, ben +2 *\n +anna, carla +2 *\n +ben, carla +2 *\n", planned)
    assert team.studio.find_projects(annotator_title(team.title, "anna")) == []
    team.run("assign", *names, "--each", "2", "--seed", "7", "--no-check")
    first = held(team)
    assert [len(first[name]) for name in names] == [4, 4, 4]
    write(team, 7)
    team.run("assign", *names, "--each", "2", "--seed", "7", "--no-check")
    second = held(team)
    assert all(set(first[name]) < set(second[name]) for name in names)
    assert [len(second[name]) for name in names] == [6, 6, 6]
    nothing = team.run("assign", *names, "--each", "2", "--seed", "7", "--no-check").stdout
    assert nothing.count(": 0 articles new") == 3
    with_shared = team.run("assign", *names, "--each", "2", "--shared", "2", "--plan", "--no-check").stdout
    assert "2 articles to assign; 2 by all" in with_shared


def test_assignment_by_list_and_by_split(team: Team) -> None:
    path = team.project.path("assigned.csv")
    path.write_text("article;annotators\nharbour;anna, ben\nmarket;ben\n")
    team.run("assign", "--list", str(path))
    assert held(team) == {"anna": ["harbour"], "ben": ["harbour", "market"]}
    split, (article,) = next((name, ids) for name, ids in team.corpus.splits().items() if ids == ["market"])
    team.run("assign", "anna", "--split", split)
    assert held(team)["anna"] == ["harbour", article]
    assert "choose from" in team.run("assign", "anna", "--split", "none", code=2).stderr
    for words in (
        [],
        ["anna", "--shared", "1"],
        ["anna", "--list", "x.csv"],
        ["anna", "--split", "a", "--articles", "b"],
    ):
        team.run("assign", *words, code=2)
