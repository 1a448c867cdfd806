"""`annotate studio migrate`: another version of the inventory, in the corpus and in the live project together."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import corpus_option, schema_option
from annotate.cli.studio.common import connected, dir_option, progress, refusals, title_option, working
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.inventory import Inventory
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.migrate import Journal
    from annotate.labelstudio.migration import Migration
    from annotate.labelstudio.state import State
    from annotate.store import Corpus


@click.command("migrate")
@click.argument("file", required=False, type=click.Path())
@click.option("--plan", "plan_only", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--undo", is_flag=True, help="Put everything back as it was before the last migration.")
@click.option("--resume", is_flag=True, help="Go on after an interruption; done anyway where there was one.")
@click.option("--no-server", is_flag=True, help="Change inventory and corpus alone: there is no project.")
@corpus_option
@schema_option
@title_option
@dir_option
@click.pass_context
def migrate(
    ctx: click.Context,
    file: str | None,
    plan_only: bool,
    undo: bool,
    resume: bool,
    no_server: bool,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str,
) -> None:
    """Rename, merge, split and drop labels, attributes, values and relations, as FILE says.

    The inventory, every annotation of the corpus, and the project with its annotations, drafts and predictions change
    together or not at all. An interrupted migration goes on when it is run again.

    Exit code 0: done; 1: refused, and nothing was changed; 2: could not run.

    \b
    annotate studio migrate to-0.2.0.yaml --plan
    annotate studio migrate to-0.2.0.yaml
    annotate studio migrate --undo
    """
    from annotate.labelstudio import lock, migrate, migration
    from annotate.labelstudio.state import State
    from annotate.store import Corpus

    wanted = migration.load(file) if file else None
    state = State(folder)
    with refusals(ctx), lock.locked(state, "migrate"), ExitStack() as stack:
        begun = migrate.current(state)
        phase, journal = begun or (None, None)
        needs = journal.live is not None if journal and (undo or phase != "done") else not no_server
        studio = stack.enter_context(connected(folder))[0] if needs else None
        if undo or phase == "back":
            if phase is None or journal is None:
                raise CannotRun(state.folder / migrate.FOLDER, "has no journal", "there is no migration to undo")
            with progress("undoing") as seen:
                migrate.back(state, phase, journal, studio, seen)
            click.echo(f"undone: inventory {journal.migration.before} is back")
            return
        store = Corpus(corpus)
        if phase == "forward" and journal is not None:
            if plan_only or wanted not in (None, journal.migration):
                raise CannotRun(state.folder, "another migration was interrupted", "run `migrate --resume`, or --undo")
        else:
            if wanted is None:
                raise CannotRun(
                    "FILE", "is missing" if not resume else "nothing was interrupted", "name a migration file"
                )
            journal = _plan(store, Path(schema), wanted, studio, state, title)
            if plan_only:
                return
            migrate.begin(state, journal)
        _forward(state, journal, store, Path(schema), studio)
        click.echo(
            f"migrated to inventory {journal.migration.after}; run `annotate generate` where tables are made from it"
        )


def _plan(
    store: "Corpus", schema: Path, wanted: "Migration", studio: "Studio | None", state: "State", title: str | None
) -> "Journal":
    """The journal of what would change; shown in counts."""
    from annotate import inventory
    from annotate.labelstudio import migration_plan

    name = title or inventory.load(schema).title
    with working("planning"):
        journal = migration_plan.journal(store, schema, wanted, _errors, studio, state, name)
        touched = migration_plan.touched(store, wanted)
    for step in touched:
        click.echo(f"{step.step}: {step.spans} spans, {step.relations} relations, in {step.files} files")
    click.echo("to change: " + ", ".join(f"{count} {kind}" for kind, count in journal.counts().items()))
    return journal


def _errors(corpus: "Corpus", loaded: "Inventory") -> list[str]:
    from annotate.checks import check

    findings = (finding for finding in check(corpus, loaded) if finding.severity == "error")
    return [f"{finding.file}: {finding.code} {finding.message}" for finding in findings]


def _forward(state: "State", journal: "Journal", store: "Corpus", schema: Path, studio: "Studio | None") -> None:
    from annotate.labelstudio import migrate, migration_plan

    _, known = migration_plan.inventories(schema, journal.schema, journal.migration)
    people = state.people(studio.where.name) if studio else {}

    def remade(article: str, found: tuple[str, dict[str, object]]) -> migrate.Entry:
        return migrate.entry_of(journal.migration, known, store, people, article, found)

    with progress("migrating") as seen:
        migrate.forward(state, journal, studio, remade, seen)
