"""`annotate studio pull`: labels from a server into the corpus."""

from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.findings_output import echo_findings, show_commands
from annotate.cli.options import corpus_option, schema_option, text_or_github_option
from annotate.cli.studio.common import connect, describe_finding, dir_option, map_option, show_progress, title_option
from annotate.cli.terminal import MAX_SHOWN, count_noun, echo, echo_cut_lines

if TYPE_CHECKING:
    from annotate.label_map import LabelMap
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State


@click.command("pull")
@corpus_option
@schema_option
@title_option
@dir_option
@click.option("--annotator", metavar="ID", help="Annotator that the server's user is, by the id in annotators.yaml.")
@click.option("--user", type=int, help="The server's number of that user, if several are not identified yet.")
@click.option(
    "--all", "everything", is_flag=True, help="Pull every task, not only those that changed, and show every line."
)
@click.option(
    "--fix",
    is_flag=True,
    help="Pull every task, move spans whose words fit at exactly one other place, and trim white space at their ends.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Pull every task, and replace labels in the corpus that were not pulled from the same user.",
)
@map_option
@text_or_github_option
@click.pass_context
def pull(
    ctx: click.Context,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str | None,
    annotator: str | None,
    user: int | None,
    everything: bool,
    fix: bool,
    replace: bool,
    map_: str | None,
    format_: str,
) -> None:
    """Pull what was submitted into the corpus, one file for each annotator and article.

    Of more than 20 lines of a kind, such as findings with one code, the numbers come first, and the first 20 are shown
    unless --all is given. With --format github, each finding is a workflow command, which GitHub shows at its file.

    Only changes since the last pull are fetched. Items that cannot be taken are listed, counted, and kept in the
    folder, where `annotate studio status` finds them. A relation without a name gets it if the labels of its ends allow
    exactly one; these are counted. A file that another program changes meanwhile is left alone. To
    resume an interrupted pull, run it again.

    A project that was made elsewhere needs a map, as `annotate init --from-studio` writes it. Nothing is changed on the
    server.

    Labels in the corpus that were not pulled from the same user, such as imported ones, are kept and listed (L110).

    Labels that were pulled before and deleted on the server stay in the corpus. Each annotator and article gets a line,
    which does not change the exit code. A file is also kept if all labels of its annotation were deleted.

    Exit code 0: pulled; 1: refused, items are quarantined, or a file was left alone; 2: could not run, or a project
    does not exist any more. What was fetched of such a project before is taken. Tasks that are no article of the corpus
    give exit code 1 once, and again if their labels change.

    \b
    annotate studio pull --annotator anna
    annotate studio pull
    annotate studio pull --all
    annotate studio pull --fix
    """
    from annotate.label_map import find_map
    from annotate.labelstudio.annotators import identify_user
    from annotate.labelstudio.config import read_config_version
    from annotate.labelstudio.config_drift import find_drift, has_own_config
    from annotate.labelstudio.journal import PullJournal, fetch_changes
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.projects import MissingProject, labelling_titles, refuse_training_title, require_project
    from annotate.labelstudio.pull import Pull, list_unknown_tasks
    from annotate.labelstudio.pulled_files import describe_reassigned
    from annotate.labelstudio.quarantine import iterate_quarantine
    from annotate.labelstudio.recovery import recover_projects, recover_users
    from annotate.labelstudio.results import Mapper, describe_diagnoses
    from annotate.labelstudio.rules import relation_named
    from annotate.service.memory import find_own_writes

    if title:
        refuse_training_title(title)
    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    label_map = find_map(map_, "labelstudio", inventory)
    mapper = Mapper(inventory, fix_offsets=fix, label_map=label_map)
    with connect(corpus, folder) as (studio, state), lock_folder(state, "pull"):
        server, journal = studio.address.name, PullJournal(state)
        if annotator and user is not None:
            before = state.annotators(server)
            identify_user(store, state, server, (), annotator, user)
            for line in describe_reassigned(store, state, server, before):
                echo(line, err=True)
        recover_projects(store, studio, state, title or inventory.title)
        projects, missing = [], list[MissingProject]()
        for name in [title] if title else labelling_titles(state, server, inventory.title):
            try:
                projects.append(require_project(studio, state, name))
            except MissingProject as error:
                missing.append(error)
        if missing and not (projects or journal.page_paths()):
            _show_deleted(studio, state, store, title or inventory.title, label_map, everything)
            raise missing[0]
        versions: dict[int, str | None] = {}
        for project in projects:
            is_own = label_map is None or has_own_config(state, server, project.id)
            versions[project.id] = read_config_version(project.config) if is_own else None
            drift = find_drift(state, server, project, inventory, label_map)
            if drift:
                echo(drift, err=True)
        earlier = list_unknown_tasks(state)
        pulling = Pull(store, state, server, mapper, studio.has_task, studio.existing_tasks, replace)
        fetched = 0
        with show_progress("fetching tasks") as progress:
            for project in projects:
                fetched += sum(
                    fetch_changes(
                        studio,
                        journal,
                        project.id,
                        inventory=versions[project.id],
                        everything=everything or fix or replace,
                        own_writes=find_own_writes(state, server, project.id),
                        progress=progress,
                        on_page=pulling.take_page,
                    )
                )
        recovered = recover_users(store, studio, state, journal.user_ids(server))
        if annotator and user is None:
            identify_user(store, state, server, journal.user_ids(server), annotator, user)
        with show_progress("taking labels") as progress:
            result = pulling.take_rest(progress)
        _show_deleted(studio, state, store, title or inventory.title, label_map, everything)
        quarantined, repeated = sum(1 for _ in iterate_quarantine(state)), len(earlier & list_unknown_tasks(state))
    named = sum(finding.code == relation_named.code for finding in result.findings)
    for user_id, name in recovered.items():
        echo(f"{name}: user {user_id}, by the login", err=True)
    counts = f"{len(result.written)} written, {len(result.unchanged)} unchanged"
    summary = f"{counts}, {count_noun(result.quarantined, 'item')} quarantined"
    if max(len(result.written), len(result.left_alone)) > MAX_SHOWN:
        echo(summary)
    findings = [each for each in result.findings if each.code != relation_named.code]
    if format_ == "github":
        show_commands(findings, store.root)
    else:
        echo_findings(findings, describe_finding, everything)
    written = (f"written: annotations/{name}.json" for name in result.written)
    echo_cut_lines(written, "file", everything, remedy="git status names them")
    problem = "was changed by another program while it was pulled, and was left alone"
    left_alone = (f"{path}: {problem}; pull again" for path in result.left_alone)
    echo_cut_lines(left_alone, "file", everything, err=True)
    echo(summary)
    if mapper.left_out:
        names = ", ".join(f"{name} × {count:,}" for name, count in sorted(mapper.left_out.items()))
        echo(f"left out by the map: {names}")
    if named:
        echo(f"named {count_noun(named, 'relation')} by their ends")
    echo(f"{fetched} tasks fetched; {describe_diagnoses(mapper.diagnoses)}")
    if quarantined:
        have = "has" if quarantined == 1 else "have"
        where = f"{count_noun(quarantined, 'annotation')} {have} quarantined items"
        known = f", {repeated} of which are tasks of no article that an earlier pull reported" if repeated else ""
        echo(f"{where}{known}; `annotate studio status` lists them", err=True)
    if missing:
        raise missing[0]
    if quarantined > repeated or result.left_alone:
        ctx.exit(1)


def _show_deleted(
    studio: "Studio",
    state: "State",
    corpus: "annotate.Corpus",
    title: str,
    label_map: "LabelMap | None",
    show_all: bool,
) -> None:
    """Print a line for each annotator and article whose labels were deleted on the server."""
    from annotate.labelstudio.deleted_labels import find_deleted_labels

    deleted = find_deleted_labels(studio, state, corpus, title, label_map.fields if label_map else None)
    echo_cut_lines(map(str, deleted), "line", show_all, err=True)
