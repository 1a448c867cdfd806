"""`annotate studio migrate`: another version of the inventory, in the corpus and in the live project together."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import connect, dir_option, show_progress, show_status
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annotate.corpus import Corpus
    from annotate.inventory import Inventory
    from annotate.labelstudio.client import Studio
    from annotate.labelstudio.state import State
    from annotate.migration.files import Rewritten
    from annotate.migration.plan import Plan
    from annotate.migration.steps import Migration
    from annotate.migration.transaction import Journal
    from annotate.model import Annotation


@click.command("migrate")
@click.argument("file", required=False, type=click.Path())
@click.option("--plan", "plan_only", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--undo", is_flag=True, help="Put everything back as it was before the last migration.")
@click.option("--resume", is_flag=True, help="Go on after an interruption; done anyway where there was one.")
@click.option("--no-server", is_flag=True, help="Change inventory and corpus alone: there is no project.")
@corpus_option
@schema_option
@guidelines_option
@click.option(
    "--title", "titles", multiple=True, help="This project alone; may be repeated. Default: all of the corpus."
)
@click.option("--leave-others", is_flag=True, help="Leave projects behind that --title does not name.")
@dir_option
def migrate(
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
    folder: str,
) -> None:
    """Rename, merge, split and drop labels, attributes, values and relations, as FILE says.

    The inventory, every file that names a label as data (annotations, decisions, coverage, the baseline's rules, tables
    of the guidelines), and all projects of the corpus (annotators' own and the adjudication, too) with annotations,
    drafts and predictions change together or not at all. Sentences that still name an old label are listed. An
    interrupted migration goes on when it is run again.

    Exit code 0: done; 1: refused, and nothing was changed; 2: could not run.

    \b
    annotate studio migrate to-0.2.0.yaml --plan
    annotate studio migrate to-0.2.0.yaml
    annotate studio migrate --undo
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.labelstudio import lock
    from annotate.labelstudio.state import State
    from annotate.migration import plan, steps, transaction
    from annotate.migration import projects as team
    from annotate.migration.files import Places
    from annotate.util.files import sweep

    wanted = steps.load(file) if file else None
    state = State(folder)
    with lock.lock_folder(state, "migrate"), ExitStack() as stack:
        for place in (corpus, schema, guidelines):
            sweep(Path(place))
        begun = transaction.current(state)
        phase, journal = begun or (None, None)
        needs = bool(journal.lives) if journal and (undo or phase != "done") else not no_server
        studio = stack.enter_context(connect(folder))[0] if needs else None
        if undo or phase == "back":
            if phase is None or journal is None:
                raise CannotRun(state.folder / transaction.FOLDER, "has no journal", "there is no migration to undo")
            with show_progress("undoing") as seen:
                transaction.back(state, phase, journal, studio, seen)
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
            title = inventory.load(schema).title
            projects = team.chosen(studio, state, store, title, titles, leave_others) if studio else []
            places = Places(store, Path(schema), Path(guidelines) if Path(guidelines).is_dir() else None)
            ways = plan.Ways(_errors, _decisions)
            with show_status("planning"):
                planned = plan.plan(places, wanted, ways, studio, state, projects)
            journal = planned.journal
            _show(planned)
            if plan_only:
                return
            transaction.begin(state, journal)
        _forward(state, journal, store, Path(schema), studio)
        click.echo(f"migrated to inventory {journal.migration.after}")
        for live in journal.lives:
            if live.gold and any(step.kind == "split" for step in journal.migration.steps):
                hint = "set it up again with `annotate studio adjudicate --from …`"
                click.echo(f"project {live.project}: its tab `agreed` has the default of what was split; {hint}")


def _show(planned: "Plan") -> None:
    """What would change, in counts: of the corpus, then of each project."""
    for step in planned.touched:
        click.echo(f"{step.step}: {step.spans} spans, {step.relations} relations, in {step.files} files")
    for effect in planned.effects:
        click.echo(str(effect))
    for words in planned.left:
        click.echo(words)
    click.echo("to change: " + ", ".join(f"{count} {kind}" for kind, count in planned.journal.counts().items()))


def _decisions(store: "Corpus", migration: "Migration") -> "Iterator[Rewritten]":
    """The files in adjudication/ after a migration, and the decisions in them that must be taken again."""
    from annotate.agreement.relabel import Names, renamed
    from annotate.cli.adjudicate import encode_decisions, read_decisions
    from annotate.migration import annotations
    from annotate.migration.files import Rewritten, changed

    steps = migration.steps
    names = Names(
        partial(annotations.label, steps), partial(annotations.relation, steps), partial(annotations.attributes, steps)
    )
    versions: dict[str, dict[str, tuple[Annotation, Annotation]]] = {}
    for version, article, old, new in changed(store, migration):
        versions.setdefault(article, {})[version] = (old, new)
    for path in sorted(store.adjudication_path("x").parent.glob("*.yaml")):
        decisions = read_decisions(store, path.stem)
        try:
            text = store.read_text(path.stem)
            now, again = renamed(decisions, text, versions.get(path.stem, {}), names)
        except ValueError as error:
            raise CannotRun(path, str(error), "fix it, or remove it and plan again") from error
        notes = tuple(f"{path}:1: to be decided again: {one.key} ({one.take}: {one.reason})" for one in again)
        yield Rewritten(path, path.read_bytes() if now == decisions else encode_decisions(now), notes)


def _errors(corpus: "Corpus", loaded: "Inventory") -> list[str]:
    from annotate.checks import check

    findings = (finding for finding in check(corpus, loaded) if finding.severity == "error")
    return [f"{finding.file}: {finding.code} {finding.message}" for finding in findings]


def _forward(state: "State", journal: "Journal", store: "Corpus", schema: Path, studio: "Studio | None") -> None:
    from annotate.migration import plan, transaction

    _, known = plan.inventories(schema, journal.schema, journal.migration)
    people = state.annotators(studio.address.name) if studio else {}

    def remade(live: transaction.Live, article: str, found: tuple[str, dict[str, object]]) -> transaction.Entry:
        maker = transaction.maker(*found, people, live.gold)
        return transaction.entry_of(journal.migration, known, store, maker, article, found)

    with show_progress("migrating") as seen:
        transaction.forward(state, journal, studio, remade, seen)
