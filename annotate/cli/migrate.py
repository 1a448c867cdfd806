"""`annotate migrate`: another version of the inventory, in the corpus and in the live projects together."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import connect, dir_option, show_progress
from annotate.cli.terminal import echo, show_status
from annotate.errors import CannotRun, Refused
from annotate.util.files import remove_leftovers

if TYPE_CHECKING:
    from annotate.labelstudio.client import Studio
    from annotate.migration.transaction import MigrationJournal


@click.command("migrate")
@click.argument("file", required=False, type=click.Path())
@click.option("--plan", "plan_only", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--undo", is_flag=True, help="Undo the last migration.")
@click.option("--resume", is_flag=True, help="Continue an interrupted migration; this is also done without the option.")
@click.option("--no-server", is_flag=True, help="Change only inventory and corpus, and no project.")
@corpus_option
@schema_option
@guidelines_option
@click.option(
    "--title", "titles", multiple=True, help="Title of a project to migrate; may be repeated.  [default: all projects]"
)
@click.option("--leave-others", is_flag=True, help="Leave out the projects that --title does not name.")
@dir_option
def command(
    file: str | None,
    plan_only: bool,
    undo: bool,
    resume: bool,
    no_server: bool,
    corpus: str,
    schema: str,
    guidelines: str,
    titles: tuple[str, ...],
    leave_others: bool,
    folder: str | None,
) -> None:
    """Rename, merge, split, drop and add labels, attributes, values and relations as FILE says.

    The inventory, every file that names a label as data (annotations, decisions, coverage, the rules of the baseline,
    tables and practice texts of the guidelines), and all projects of the corpus change together or not at all. The
    projects include those of single annotators and of the adjudication, with annotations, drafts and predictions. Where
    the corpus never had a label server, and the environment names none, only files change. Sentences that still name an
    old label are listed. If another program changes one of these files meanwhile, none is written. Run an interrupted
    migration again to continue it. If the inventory has the new version already, only annotation files of the corpus
    change that came later and are older.

    Labels that are there get the default of an added attribute. After an addition each annotation keeps the version of
    the inventory that someone looked at it with, so that `annotate agree` leaves it out for what was added.

    Exit code 0: done; 1: refused, and nothing was changed; 2: could not run.

    \b
    annotate migrate to-0.2.0.yaml --plan
    annotate migrate to-0.2.0.yaml
    annotate migrate --undo
    """
    from annotate.labelstudio.client import has_server
    from annotate.labelstudio.location import open_state
    from annotate.labelstudio.lock import MIGRATION_FOLDER, lock_folder
    from annotate.migration.files import Folders
    from annotate.migration.plan import plan_migration, plan_older_files
    from annotate.migration.projects import choose_projects
    from annotate.migration.steps import load_migration
    from annotate.migration.transaction import begin_migration, complete_migration, read_journal, undo_migration
    from annotate.util.lock import writing_to

    migration = load_migration(file) if file else None
    state, store = open_state(corpus, folder), annotate.Corpus(corpus)
    with lock_folder(state, "migrate"), ExitStack() as stack:
        if not plan_only:
            stack.enter_context(writing_to(corpus, schema))
            remove_leftovers(Path(guidelines))
        phase, journal = read_journal(state) or (None, None)
        if undo and journal is None:
            raise CannotRun(state.folder / MIGRATION_FOLDER, "has no journal", "there is no migration to undo")
        is_interrupted = phase in ("forward", "back")
        is_late, notes = False, list[str]()
        if migration is not None and not (undo or is_interrupted):
            labels = annotate.load_inventory(schema)
            # The inventory was migrated already, and the projects with it. Only files of the corpus may be older.
            is_late = labels.version == migration.new_version
        if journal and (undo or is_interrupted):
            needs_server = bool(journal.projects)
        else:
            needs_server = not (no_server or is_late) and has_server(state)
            if migration is not None and not (needs_server or no_server or is_late):
                echo("this corpus has no label server: only its files change")
        studio = _connect(stack, corpus, folder) if needs_server else None
        if phase is not None and journal is not None and (undo or phase == "back"):
            with show_progress("undoing") as progress:
                undo_migration(state, phase, journal, studio, progress)
            restored = f"inventory {journal.migration.old_version} is restored"
            echo(f"undone: {restored if journal.changes_inventory else f'{len(journal.files)} files are restored'}")
            return
        if phase == "forward" and journal is not None:
            if plan_only or migration not in (None, journal.migration):
                raise CannotRun(state.folder, "another migration was interrupted", "run `migrate --resume`, or --undo")
        else:
            if migration is None:
                problem = "nothing was interrupted" if resume else "is missing"
                raise CannotRun("FILE", problem, "name a migration file")
            projects = choose_projects(studio, state, store, labels.title, titles, leave_others) if studio else []
            folders = Folders(store, Path(schema), Path(guidelines) if Path(guidelines).is_dir() else None)
            with show_status("planning"):
                if is_late:
                    plan = plan_older_files(store, Path(schema), labels, migration)
                else:
                    plan = plan_migration(folders, migration, studio, state, projects)
            journal = plan.journal
            for effect in (*plan.corpus_effects, *plan.project_effects):
                echo(str(effect))
            if plan_only:
                _show_notes(plan.notes)
                echo(f"to change: {_describe_counts(journal)}")
                return
            notes = plan.notes
            begin_migration(state, journal)
        with show_progress("migrating") as progress:
            complete_migration(state, journal, store, Path(schema), studio, progress)
    echo(f"migrated to inventory {journal.migration.new_version}: {_describe_counts(journal)}")
    _show_notes(notes)
    _show_reminders(journal)


_DOCUMENT = "say so in corpus/CHANGELOG.md and under `process` in corpus/statement.yaml"


def _connect(stack: ExitStack, corpus: str, folder: str | None) -> "Studio":
    """Connect to the server; raise CannotRun with a hint at `--no-server` if there is none."""
    try:
        return stack.enter_context(connect(corpus, folder))[0]
    except CannotRun as error:
        if isinstance(error, Refused):
            raise
        hint = f"{error.hint}, or give --no-server if no project has these labels"
        raise CannotRun(error.where, error.problem, hint) from error


def _show_notes(notes: list[str]) -> None:
    """Print what a person must look at."""
    for note in notes:
        echo(note)


def _describe_counts(journal: "MigrationJournal") -> str:
    return ", ".join(f"{count} {kind}" for kind, count in journal.counts().items())


def _show_reminders(journal: "MigrationJournal") -> None:
    """Print what is left to do by hand: document what nobody looked at, and set up adjudications again after a split.

    A default is a value that no annotator chose, and a split gives spans a label that no annotator chose. An exception
    of a split cannot name spans of the tab `agreed`.
    """
    for step in journal.migration.steps:
        if step.default is not None:
            problem = f"`{step.names[0]}` is `{step.default}` in labels that nobody looked at for it"
            echo(f"{problem}; {_DOCUMENT}")
        elif step.kind == "split":
            echo(f"`{step.names[0]}` was split into {', '.join(step.into)} by the migration file; {_DOCUMENT}")
    if any(step.kind == "split" for step in journal.migration.steps):
        for project in journal.projects:
            if project.is_gold:
                problem = f"project {project.project_id}: its tab `agreed` has the default of what was split"
                echo(f"{problem}; set it up again with `annotate studio adjudicate --from …`")
