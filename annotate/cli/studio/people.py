"""`annotate studio people`: annotators as users of a server."""

from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import FILE_TO_WRITE, corpus_option, schema_option
from annotate.cli.studio.common import connect, dir_option, show_progress, title_option
from annotate.cli.terminal import count_noun, echo, echo_cut_lines, echo_lines, show_status
from annotate.errors import CannotRun, Refused

if TYPE_CHECKING:
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State


@click.group("people", invoke_without_command=True)
@corpus_option
@schema_option
@title_option
@dir_option
@click.pass_context
def people(ctx: click.Context, corpus: str, schema: str, title: str | None, folder: str | None) -> None:
    """List the annotators on the server by pseudonym, with their user numbers and progress.

    \b
    annotate studio people
    annotate studio people add anna ben
    annotate studio people remove anna
    annotate studio people reset-password ben
    annotate studio people export people.json
    """
    if ctx.invoked_subcommand:
        return
    from annotate.labelstudio.recovery import AnnotatorsByLogin, recover_projects_unless_locked
    from annotate.labelstudio.status import STAGES, read_status

    inventory = annotate.load_inventory(schema)
    with connect(corpus, folder) as (studio, state):
        store = annotate.Corpus(corpus)
        recover_projects_unless_locked(store, studio, state, title or inventory.title, "people")
        removed = state.removed_annotators(studio.address.name)
        with show_progress("counting") as progress:
            annotators_by_login = AnnotatorsByLogin(store, studio, state)
            labelling = read_status(studio, state, title or inventory.title, annotators_by_login, progress)
    user_ids = {annotator: user_id for user_id, annotator in annotators_by_login.items()}
    annotators = list(dict.fromkeys([*user_ids, *labelling.annotators]))
    for annotator in annotators:
        counts = labelling.counts(annotator)
        user = f"user {user_ids[annotator]}" if annotator in user_ids else "no user yet"
        user += ", removed" if annotator in removed else ""
        echo(f"{annotator}: {user}; {', '.join(f'{counts[stage]} {stage}' for stage in STAGES)}")
    if not annotators:
        echo("no annotators yet; create users with `annotate studio people add ID`")


@people.command("add")
@corpus_option
@dir_option
@click.argument("annotators", metavar="ID…", nargs=-1, required=True)
def add(corpus: str, folder: str | None, annotators: tuple[str, ...]) -> None:
    """Create users for annotators.

    ID is an annotator of annotators.yaml. The login and the password are random. Existing users are left alone; one who
    was removed may log in again. The logins are in people-logins.json in the folder, which only you can read. Give each
    annotator theirs. A model, and an annotator whose `until` is in the past, gets no user.

    On another machine than that of earlier users, run `annotate studio people import` first, so that nobody becomes a
    second user.

    \b
    annotate studio people add anna ben
    """
    from annotate.labelstudio.annotators import LOGINS_FILE, add_users, has_login, require_people
    from annotate.labelstudio.lock import lock_folder

    store = annotate.Corpus(corpus)
    names = require_people(store, annotators)
    with connect(corpus, folder) as (studio, state), lock_folder(state, "people add"):
        users = add_users(store, studio, state, names)
        server = studio.address.name
        back = {user.user_id: user.annotator for user in users if user.annotator in state.removed_annotators(server)}
        if back:
            _change_access(studio, state, enabled=back)
        elsewhere = [user.annotator for user in users if not has_login(state, server, user.annotator)]
    for user in users:
        status = " again" if user.user_id in back else "" if user.is_new else " already"
        echo(f"{user.annotator}: user {user.user_id}{status}")
    for annotator in elsewhere:
        echo(f"{annotator}: the login is not in this folder, but where the user was created")
    echo(f"logins and passwords: {state.folder / LOGINS_FILE}")


@people.command("remove")
@corpus_option
@schema_option
@title_option
@dir_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.argument("annotator", metavar="ID")
def remove(corpus: str, schema: str, title: str | None, folder: str | None, yes: bool, annotator: str) -> None:
    """Take away the login of an annotator.

    The articles that they have not finished are listed. Their labels stay on the server and in the corpus, and
    `annotate studio pull` still knows who they are. `annotate studio people add ID` gives the login back. On a server
    that was not started here, an administrator has to deactivate the user; the command says where.

    \b
    annotate studio people remove anna
    annotate studio people remove anna --yes
    """
    from annotate.labelstudio.holders import list_held_articles
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.recovery import recover_projects

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    base_title = title or inventory.title
    with connect(corpus, folder) as (studio, state), lock_folder(state, "people remove"):
        recover_projects(store, studio, state, base_title)
        server = studio.address.name
        user_id = next((user for user, name in state.annotators(server).items() if name == annotator), None)
        if user_id is None:
            hint = "see `annotate studio people`; on another machine, run `annotate studio pull` first"
            raise CannotRun(repr(annotator), "is not a user of this server", hint)
        if not yes and not _confirm(f"Take away the login of {annotator}? Their labels stay"):
            raise Refused(annotator, "was not removed", "answer y, or use --yes")
        with show_progress("reading tasks") as progress:
            held = list(list_held_articles(studio, state, base_title, [annotator], progress))
        _change_access(studio, state, disabled={user_id: annotator})
    echo(f"{annotator}: user {user_id} removed; the labels stay")
    unfinished = [each.article_id for each in held if not each.is_done]
    lines = (f"unfinished: {article_id}" for article_id in unfinished)
    echo_cut_lines(lines, "article", remedy="`annotate studio status --all` lists them")
    if unfinished:
        those = count_noun(len(unfinished), "article")
        echo(f"give {those} to others: `annotate studio assign ANNOTATOR… --each N`, with the N that you assigned with")
    entry = store.read_annotators().get(annotator)
    if entry is not None and entry.until is None:
        echo(f"write `until` of {annotator} into {store.annotators_path}, so that everyone knows")


@people.command("reset-password")
@corpus_option
@dir_option
@click.argument("annotators", metavar="ID…", nargs=-1, required=True)
@click.pass_context
def reset_password(ctx: click.Context, corpus: str, folder: str | None, annotators: tuple[str, ...]) -> None:
    """Give annotators new passwords.

    This works on a server that was started here, which goes on running. The passwords are in people-logins.json in the
    folder. Other logins stay as they are. If others may have seen a login, run `annotate studio reset-credentials`,
    which renews tokens, too.

    Exit code 0: done; 1: the server does not have a user any more; 2: could not run.

    \b
    annotate studio people reset-password anna
    """
    from annotate.labelstudio.annotators import LOGINS_FILE
    from annotate.labelstudio.credentials import reset_passwords
    from annotate.labelstudio.http import LOCAL
    from annotate.labelstudio.lock import lock_folder

    with connect(corpus, folder) as (studio, state), lock_folder(state, "people reset-password"):
        if studio.address.name != LOCAL:
            problem = "was not started here, so that its passwords cannot be reset here"
            hint = f"run `label-studio reset_password` where it runs, with the login in {LOGINS_FILE}"
            raise CannotRun(studio.url, problem, hint)
        with show_status("renewing"):
            missing = reset_passwords(state, annotators)
    renewed = [annotator for annotator in dict.fromkeys(annotators) if annotator not in missing]
    if renewed:
        echo(f"logins and passwords of {', '.join(renewed)}: {state.folder / LOGINS_FILE}")
    for annotator in missing:
        echo(f"{annotator}: has the server's own login, or no user any more", err=True)
    if missing:
        ctx.exit(1)


@people.command("export")
@corpus_option
@dir_option
@click.argument("file", type=FILE_TO_WRITE)
def export(corpus: str, folder: str | None, file: str) -> None:
    """Write FILE for another machine.

    It has what the other machine cannot learn from the server: which user each annotator is, whose logins were taken
    away, which articles are hidden gold, and which inventories earlier configs had. It has no logins and no passwords.
    Keep it from annotators, because of the hidden gold.

    \b
    annotate studio people export people.json
    """
    from annotate.labelstudio.people_file import export_people

    with connect(corpus, folder) as (studio, state):
        count = export_people(studio, state, file)
    echo(f"written: {file}, {count_noun(count, 'annotator')}", err=file == "/dev/stdout")


@people.command("import")
@corpus_option
@dir_option
@click.option("--server", "address", metavar="URL", help="The server in FILE that this one is, if FILE has several.")
@click.argument("file", type=click.Path())
def import_(corpus: str, folder: str | None, address: str | None, file: str) -> None:
    """Read FILE of another machine.

    What it has is added to what is known here. Each user is checked against the server and annotators.yaml. If one does
    not fit, or FILE contradicts what is known here, nothing is imported. Differences in who has a login are listed.

    \b
    annotate studio people import people.json
    """
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.people_file import import_people

    with connect(corpus, folder) as (studio, state), lock_folder(state, "people import"):
        result = import_people(annotate.Corpus(corpus), studio, state, file, address)
    for annotator in result.new:
        echo(f"{annotator}: imported")
    for annotator in result.known:
        echo(f"{annotator}: known already")
    if result.hidden_articles:
        echo(f"hidden gold: {count_noun(result.hidden_articles, 'article')} imported")
    if result.config_versions:
        echo(f"earlier configs: {result.config_versions} imported")
    echo_lines(result.notes, err=True)


def _confirm(question: str) -> bool:
    """Return whether the answer is yes; no answer, as where no one can answer, is no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False


def _change_access(
    studio: "Studio", state: "State", *, enabled: dict[int, str] | None = None, disabled: dict[int, str] | None = None
) -> None:
    """Let annotators log in, or not any more, and remember it; on a server elsewhere, say where that is done.

    Raises:
        Refused: An annotator has the server's own login, or no user any more.
    """
    from annotate.labelstudio.credentials import change_logins
    from annotate.labelstudio.http import LOCAL

    on, off, server = enabled or {}, disabled or {}, studio.address.name
    if server == LOCAL:
        with show_status("changing logins"):
            answer = change_logins(state, enabled=on, disabled=off)
        for user_id, annotator in {**on, **off}.items():
            if user_id not in answer.emails:
                hint = "see `annotate studio people`"
                raise Refused(annotator, "has the server's own login, or no user any more", hint)
    else:
        for user_id, annotator in {**on, **off}.items():
            tick = "tick" if user_id in on else "untick"
            page = f"{studio.url}/admin/users/user/{user_id}/change/"
            echo(f"{annotator}: an administrator of the server has to {tick} Active on {page}")
    removed = [name for name in state.removed_annotators(server) if name not in on.values()]
    state.save_removed_annotators(server, list(dict.fromkeys([*removed, *off.values()])))
