"""`annotate studio push --reanchor`: labels onto the corrected text of their articles."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

import annotate
from annotate.cli.studio.common import connect, show_progress
from annotate.cli.terminal import MAX_SHOWN, count_noun, describe_rest, echo, echo_cut_lines
from annotate.errors import CannotRun
from annotate.util.escape import quote
from annotate.util.files import remove_leftovers

if TYPE_CHECKING:
    from annotate.reanchoring.journal import ReanchorJournal
    from annotate.reanchoring.labels import LabelMove
    from annotate.reanchoring.plan import ArticlePlan, ReanchorPlan

OPTIONS = ("corpus", "schema", "title", "folder", "plan_only", "reanchor", "drop_unfit", "undo", "show_all")
"""The options of `push` that go with --reanchor."""


def refuse_other_options(ctx: click.Context) -> None:
    """Refuse options of a push."""
    for parameter in ctx.command.params:
        is_given = ctx.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
        if is_given and parameter.name not in OPTIONS:
            raise click.UsageError(f"{parameter.opts[0]} does not go with --reanchor, which pushes nothing")
    if ctx.params["undo"] and (ctx.params["plan_only"] or ctx.params["drop_unfit"]):
        raise click.UsageError("--undo goes neither with --plan nor with --drop-unfit")


def run_reanchoring(
    corpus: str,
    schema: str,
    title: str | None,
    folder: str | None,
    *,
    plan_only: bool,
    drop_unfit: bool,
    undo: bool,
    show_all: bool,
) -> bool:
    """Move the labels, show what would move, or undo the last move; return whether no article is left as it is."""
    from annotate.labelstudio.journal import JOURNAL_FOLDER, PullJournal
    from annotate.labelstudio.lock import REANCHOR_COMMAND, REANCHOR_FOLDER, lock_folder
    from annotate.reanchoring.journal import begin, read_journal
    from annotate.reanchoring.plan import plan_reanchoring
    from annotate.reanchoring.transaction import complete_reanchoring, undo_reanchoring
    from annotate.util.lock import writing_to

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    with connect(corpus, folder) as (studio, state), lock_folder(state, REANCHOR_COMMAND), writing_to(store.root):
        remove_leftovers(store.root)
        phase, journal = read_journal(state) or (None, None)
        if undo and journal is None:
            raise CannotRun(state.folder / REANCHOR_FOLDER, "has no journal", "there is nothing to undo")
        if phase is not None and journal is not None and (undo or phase == "back"):
            with show_progress("undoing") as progress:
                undo_reanchoring(state, phase, journal, studio, progress)
            echo(f"undone: {_describe_counts(journal)} have their old labels; the articles keep their new texts")
            return True
        is_complete = True
        if phase == "forward" and journal is not None:
            if plan_only:
                raise CannotRun(
                    state.folder, "an earlier --reanchor was interrupted", "run it without --plan, or --undo"
                )
        else:
            if PullJournal(state).page_paths():
                problem = "has tasks of the old texts that are not in the corpus yet"
                raise CannotRun(state.folder / JOURNAL_FOLDER, problem, "restore the old texts, and pull first")
            with show_progress("planning") as progress:
                plan = plan_reanchoring(
                    studio, state, store, inventory, title or inventory.title, drop_unfit=drop_unfit, progress=progress
                )
            is_complete = _show_plan(plan, show_all)
            if plan_only:
                return is_complete
            journal = plan.make_journal()
            if not journal.article_ids:
                return is_complete
            begin(state, journal)
        with show_progress("moving labels") as progress:
            notes = complete_reanchoring(state, journal, studio, progress)
            echo_cut_lines(notes, "note", show_all, err=True)
    article_ids = journal.article_ids if show_all else journal.article_ids[:MAX_SHOWN]
    rest = len(journal.article_ids) - len(article_ids)
    names = [*article_ids, *([describe_rest(rest, "article")] if rest else [])]
    echo(f"moved to the new text of {', '.join(names)}: {_describe_counts(journal)}")
    if journal.dropped_file:
        echo(f"the labels that were dropped are in {state.folder / journal.dropped_file}")
    echo("next: `annotate check`; to undo: `annotate studio push --reanchor --undo`")
    return is_complete


def _describe_counts(journal: "ReanchorJournal") -> str:
    counts = (
        count_noun(len(journal.tasks), "task"),
        count_noun(journal.count_entries(), "annotation, draft or prediction", "annotations, drafts and predictions"),
        count_noun(len(journal.files), "file"),
    )
    return ", ".join(counts)


def _show_plan(plan: "ReanchorPlan", show_all: bool) -> bool:
    """Print what becomes of each article, those that are left first if not all are shown; return whether none is."""
    articles = plan.articles
    if not articles:
        echo("all labels are of the present texts; nothing is to be moved")
    refused = [article for article in articles if plan.is_refused(article)]
    rest = 0 if show_all else max(0, len(articles) - MAX_SHOWN)
    if len(articles) > MAX_SHOWN:
        moved = len(articles) - len(refused)
        echo(f"{count_noun(len(articles), 'article')}: {moved:,} to move, {len(refused):,} to leave as they are")
    if rest:
        articles = sorted(articles, key=lambda article: not plan.is_refused(article))[:MAX_SHOWN]
    for article in articles:
        _show_article(article, is_refused=plan.is_refused(article), show_all=show_all)
    if rest:
        echo(describe_rest(rest, "article"))
    lines = (f"refused: {article.article_id}: {_describe_refusal(article)}" for article in refused)
    echo_cut_lines(lines, "article", show_all, err=True)
    return not refused


def _describe_refusal(article: "ArticlePlan") -> str:
    """Return why an article is left as it is, and what to do."""
    lost = count_noun(len(article.unfit), "label")
    hint = "restore the words, change the labels, or add --drop-unfit"
    return article.problem or f"{lost} would be lost; {hint}"


def _show_article(article: "ArticlePlan", *, is_refused: bool, show_all: bool) -> None:
    """Print what becomes of the labels of an article: each change once, and with --all at each place that has it."""
    counts = (
        f"{count_noun(article.moved, 'label')} with the same words, {len(article.reworded)} with new words, "
        f"{len(article.unfit)} without a place; {count_noun(len(article.tasks), 'task')}, "
        f"{count_noun(len(article.files), 'file')}"
    )
    echo(f"{'leave' if is_refused else 'move':5} {article.article_id}: {counts}")
    for title, changes in (("new words", article.reworded), ("no place", article.unfit)):
        places = changes if show_all else _join_places(changes)
        lines = (f"  {title}: {where}: {_describe_change(change)}" for where, change in places)
        echo_cut_lines(lines, "label", show_all)
    echo_cut_lines((f"  look at: {note}" for note in article.notes), "note", show_all)


def _join_places(changes: "list[tuple[str, LabelMove]]") -> "list[tuple[str, LabelMove]]":
    """Return each change once, with the first place that has it and the number of the others.

    The same label is in an annotation on the server, in the file that it was pulled into, and in predictions.
    """
    places: dict[LabelMove, list[str]] = {}
    for where, change in changes:
        places.setdefault(change, []).append(where)
    rests = {change: len(wheres) - 1 for change, wheres in places.items()}
    return [
        (f"{wheres[0]} (and {count_noun(rest, 'more place')})" if (rest := rests[change]) else wheres[0], change)
        for change, wheres in places.items()
    ]


def _describe_change(change: "LabelMove") -> str:
    label = f"{change.label} {quote(change.words)}"
    if change.new_words is not None:
        return f"{label} → {quote(change.new_words)}"
    relations = f" (with {count_noun(change.relations, 'relation')})" if change.relations else ""
    return f"{label}: {change.reason}{relations}"
