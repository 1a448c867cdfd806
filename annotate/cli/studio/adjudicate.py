"""`annotate studio adjudicate`: the labels of several annotators next to each other on a server, and gold from them."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

import annotate
from annotate.cli.options import all_option, corpus_option, guidelines_option, schema_option, split_ids
from annotate.cli.studio.common import (
    connect,
    dir_option,
    page_url,
    render_guidelines,
    restore_option,
    show_conflicts,
    show_progress,
    title_option,
)
from annotate.cli.terminal import (
    count_noun,
    count_progress,
    echo,
    echo_cut_lines,
    echo_lines,
    echo_summarized,
    show_steps,
)
from annotate.errors import CannotRun, Refused
from annotate.util.escape import shorten

if TYPE_CHECKING:
    from annotate import Annotation, Corpus, Inventory
    from annotate.agreement.undecided import ListedDifference
    from annotate.labelstudio.tasks import DifferenceChoice, Prediction


@click.command("adjudicate")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option(
    "--from", "from_", metavar="ID,ID…", help="Only articles that all of these labelled.  [default: any two or more]"
)
@click.option(
    "--include-corrected", is_flag=True, help="With --from: accept labels that began with those of another of them."
)
@restore_option
@click.option("--pull", "pulling", is_flag=True, help="Write gold from what was submitted.")
@click.option("--as", "adjudicator", metavar="ID", help="With --pull: the adjudicator, by the id in annotators.yaml.")
@click.option("--user", type=int, help="With --pull: the server's number of that user, if it is unclear.")
@click.option(
    "--accept-undecided", is_flag=True, help="With --pull: write gold although differences in it are undecided."
)
@all_option
@click.pass_context
def adjudicate(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    from_: str | None,
    include_corrected: bool,
    restore_config: bool,
    pulling: bool,
    adjudicator: str | None,
    user: int | None,
    accept_undecided: bool,
    show_all: bool,
) -> None:
    """Adjudicate in Label Studio, in a project "TITLE: adjudication".

    Each article that two or more annotators labelled independently has a list of what differs and a tab with the labels
    of each, and starts with what they agree on. Pull their labels first. With --pull, what was submitted becomes gold.
    An article is left out if it breaks a rule, if a difference in it is undecided (gold says nothing about it, and it
    is not ticked), or if the labels on the screen are not those in the corpus any more.

    Labels that began with those of another of the annotators are refused: what both have is not confirmed twice.

    Exit code 0: done; 1: refused, or an article was left out; 2: could not run.

    \b
    annotate studio adjudicate
    annotate studio adjudicate --from anna,ben
    annotate studio adjudicate --pull --as carla
    """
    if pulling != bool(adjudicator) or (pulling and from_):
        problem = "--pull needs --as, and neither goes with --from"
        raise CannotRun("annotate studio adjudicate", problem, "give no option, or --from ID,ID, or --pull --as ID")
    if (accept_undecided or user is not None) and not pulling:
        option = "--accept-undecided" if accept_undecided else "--user"
        raise CannotRun(option, "only works with --pull", "add --pull --as ID")
    from annotate.agreement.independence import require_independent
    from annotate.labelstudio.annotators import require_annotators
    from annotate.labelstudio.projects import adjudication_title

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    own_title = adjudication_title(title or inventory.title)
    if pulling:
        is_complete = _pull(store, inventory, own_title, folder, adjudicator or "", user, accept_undecided, show_all)
    else:
        annotators = require_annotators(store, split_ids(from_)) if from_ else []
        if annotators and not include_corrected:
            require_independent(store, annotators, store.common_article_ids(annotators))
        is_complete = _set_up(store, inventory, guidelines, own_title, folder, annotators, restore_config, show_all)
    if not is_complete:
        ctx.exit(1)


def _set_up(
    corpus: "Corpus",
    inventory: "Inventory",
    guidelines: str,
    title: str,
    folder: str | None,
    annotators: list[str],
    restore_config: bool,
    show_all: bool,
) -> bool:
    from annotate.adjudication import find_agreed
    from annotate.agreement.undecided import list_differences
    from annotate.bare_gold import LabelOrigin, list_unproven
    from annotate.labelstudio.adjudication import adjudication_tabs, start_from_agreed
    from annotate.labelstudio.instructions import read_page_titles
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.predictions import corpus_predictions
    from annotate.labelstudio.push import push
    from annotate.labelstudio.push_plan import PushRequest
    from annotate.model import GOLD
    from annotate.util.progress import count_items

    hidden = _list_hidden_gold(corpus, folder, title) if not annotators else {}
    by_article = _choose_articles(corpus, annotators, hidden, show_all)
    names = {name for names in by_article.values() for name in names}
    labels, pages = corpus_predictions(corpus, inventory, sorted(names)), read_page_titles(guidelines, inventory)
    tabs: dict[str, list[Prediction]] = {}
    notices: dict[str, str] = {}
    choices: dict[str, list[DifferenceChoice]] = {}
    with count_progress("comparing labels", len(by_article)) as progress:
        for article_id, labelled_by in count_items(by_article.items(), progress):
            own = [each for each in labels[article_id] if each.annotation.annotator in labelled_by]
            tabs[article_id] = adjudication_tabs(corpus, inventory, article_id, own, find_agreed)
            annotations, text = [each.annotation for each in own], corpus.read_text(article_id)
            differences = list_differences(annotations, text, inventory)
            notices[article_id] = _render_differences(differences, inventory, pages)
            choices[article_id] = _list_choices(differences, inventory)
    request = PushRequest(
        corpus=corpus,
        inventory=inventory,
        article_ids=list(tabs),
        predictions=tabs,
        title=title,
        instructions=render_guidelines(guidelines, inventory),
        notices=notices,
        differences=choices,
        restore_config=restore_config,
    )
    with connect(corpus.root, folder) as (studio, state), lock_folder(state, "adjudicate"):
        with show_progress("pushing articles") as show:
            result = push(studio, state, request, progress=show)
        start_from_agreed(studio, result.project.id, inventory.version)
        echo(f"project {result.project.id}, {title}: {page_url(studio, result.project)}")
    origins = {
        article_id: LabelOrigin(GOLD, "adjudicated", tuple(labelled_by))
        for article_id, labelled_by in by_article.items()
    }
    echo_cut_lines(list_unproven(corpus, origins), "article", show_all, err=True)
    number = sum(map(len, choices.values()))
    counts = f"{count_noun(len(result.created), 'article')} new, {len(result.updated)} updated"
    echo(f"{counts}; {count_noun(number, 'difference')} in {count_noun(len(choices), 'article')}")
    return not show_conflicts(result, show_all=show_all)


def _list_hidden_gold(corpus: "Corpus", folder: str | None, title: str) -> "dict[str, list[str]]":
    """Return the articles with gold that are mixed into the work of each annotator, to measure it."""
    from annotate.labelstudio.projects import ADJUDICATION, list_hidden_gold

    corpus.read_annotators()  # a fault in it is reported before a server is asked
    with connect(corpus.root, folder) as (studio, state):
        return list_hidden_gold(state, studio.address.name, title.removesuffix(f": {ADJUDICATION}"))


def _choose_articles(
    corpus: "Corpus", annotators: list[str], hidden: "Mapping[str, Sequence[str]]", show_all: bool
) -> dict[str, list[str]]:
    """Return the articles to adjudicate with the annotators who labelled them, and print which articles are left out.

    Args:
        corpus: The corpus.
        annotators: The annotators; empty for all who labelled an article independently.
        hidden: The articles with gold that each annotator was measured on. Their labels of these are left out: gold
            that is made from them measures them no more.
        show_all: Whether to print all articles that are left out.

    Raises:
        CannotRun: There is no such article, or an annotator is unknown.
    """
    from annotate.agreement.independence import list_independent

    if annotators:
        return dict.fromkeys(corpus.common_article_ids(annotators), annotators)
    measured = {(name, article_id) for name, ids in hidden.items() for article_id in ids}
    labelled = {
        article_id: [name for name in names if (name, article_id) not in measured]
        for article_id, names in list_independent(corpus).items()
    }
    used = sorted({article_id for name, article_id in measured if article_id in corpus.annotated_ids(name)})
    if used:
        echo(f"{count_noun(len(used), 'article')} of hidden gold: labels that measure their annotators are left out")
    chosen = {article_id: names for article_id, names in labelled.items() if len(names) > 1}
    if not chosen:
        problem = "no article was labelled by two annotators independently"
        raise CannotRun(corpus.root, problem, "pull their labels")
    left_out = [article_id for article_id in corpus.article_ids() if article_id not in chosen]
    names = {article_id: ", ".join(labelled.get(article_id, ())) or "no one" for article_id in left_out}
    lines = (f"left out: {article_id}: labelled independently by {names[article_id]}" for article_id in left_out)
    echo_cut_lines(lines, "article", show_all)
    return chosen


def _render_differences(
    differences: "Sequence[ListedDifference]", inventory: "Inventory", pages: "Mapping[str, str]"
) -> str:
    """Return the list of differences above an article, as HTML."""
    from annotate.labelstudio.notices import NoticeItem, NoticeVersion, render_notice

    items = []
    for difference in differences:
        label = inventory.spans.get(difference.label) or inventory.relations.get(difference.label)
        versions = [NoticeVersion(name, labels) for name, labels in difference.versions]
        page = pages.get(label.guideline, "") if label else ""
        items.append(NoticeItem(difference.words, difference.problem, page, versions))
    title = f"{count_noun(len(items), 'difference')} to decide"
    note = "What all agree on is in place. Tick a difference whose versions are all wrong."
    return render_notice(title, items, note)


def _list_choices(differences: "Sequence[ListedDifference]", inventory: "Inventory") -> "list[DifferenceChoice]":
    """Return what an adjudicator may tick, with the numbers of the list above the article."""
    from annotate.labelstudio.tasks import DifferenceChoice

    choices = []
    for number, difference in enumerate(differences, 1):
        label = inventory.spans.get(difference.label) or inventory.relations.get(difference.label)
        name = label.display_name if label else difference.label
        choices.append(DifferenceChoice(difference.id, f"{number}. {name}: {shorten(difference.words, 40)}"))
    return choices


def _pull(
    corpus: "Corpus",
    inventory: "Inventory",
    title: str,
    folder: str | None,
    adjudicator: str,
    user: int | None,
    accept_undecided: bool,
    show_all: bool,
) -> bool:
    from annotate.agreement.undecided import find_undecided, list_differences
    from annotate.bare_gold import describe_origin, list_unproven
    from annotate.checks.waivers import make_error_finder
    from annotate.labelstudio.adjudication import describe_undecided, read_gold, write_gold
    from annotate.labelstudio.annotators import identify_user
    from annotate.labelstudio.journal import user_ids
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.projects import require_project
    from annotate.labelstudio.pulled_files import describe_reassigned
    from annotate.labelstudio.rules import relation_named
    from annotate.util.lock import writing_to
    from annotate.util.progress import count_items

    def find(
        annotations: "Sequence[Annotation]", text: str, gold: "Annotation", ticked: "Collection[str]"
    ) -> "tuple[list[DifferenceChoice], set[str]]":
        differences = list_differences(annotations, text, inventory)
        undecided = find_undecided(differences, annotations, gold, ticked)
        return _list_choices(differences, inventory), {difference.id for difference in undecided}

    with connect(corpus.root, folder) as (studio, state), lock_folder(state, "adjudicate"):
        project = require_project(studio, state, title, "create it with `annotate studio adjudicate`")
        with show_progress("fetching tasks") as show:
            tasks = list(studio.iterate_tasks(project.id, show))
        server = studio.address.name
        users = user_ids(tasks)
        if not users and user is None and adjudicator not in state.annotators(server).values():
            hint = f"create the login with `annotate studio people add {adjudicator}`, and submit the articles with it"
            raise Refused(project.title, "has nothing that was submitted yet", hint)
        before = state.annotators(server)
        identify_user(corpus, state, server, users, adjudicator, user)
        echo_lines(describe_reassigned(corpus, state, server, before), err=True)
        with writing_to(corpus.root), show_steps() as progress:
            results = read_gold(corpus, inventory, state, server, project, tasks, adjudicator, find, progress)
            find_errors, submitted = make_error_finder(corpus), [each for each in results if each.is_submitted]
            written = [
                write_gold(corpus, inventory, result, find_errors, accept_undecided=accept_undecided)
                for result in count_items(submitted, progress("writing gold", len(submitted)))
            ]
    golds = {entry.gold.article: describe_origin(entry.gold) for entry in written if entry.gold}
    echo_cut_lines(list_unproven(corpus, golds), "article", show_all, err=True)
    lines, problems, notes = list[str](), list[str](), list[str]()
    for entry in written:
        result, where = entry.result, f"{entry.result.file} (task {entry.result.task_id})"
        if entry.gold:
            counts = f"{count_noun(len(entry.gold.spans), 'span')}, {count_noun(len(entry.gold.relations), 'relation')}"
            accepted = f"; {describe_undecided(result)}" if result.undecided else ""
            lines.append(f"{'unchanged' if entry.is_unchanged else 'written'}: {where}: {counts}{accepted}")
        problems += [f"{where}: not written: {problem}" for problem in entry.problems]
        warnings = [
            f"{finding.code} {finding.message}"
            for finding in result.findings
            if finding.severity != "error" and finding.code != relation_named.code
        ]
        notes += [f"{where}: {note}" for note in (*warnings, *result.notes) if not entry.is_unchanged]
    unchanged = sum(entry.is_unchanged for entry in written)
    summary = f"{count_noun(len(lines), 'article')}: {len(lines) - unchanged:,} written, {unchanged:,} unchanged"
    echo_summarized(summary, lines, "article", show_all)
    echo_summarized(f"{count_noun(len(problems), 'problem')} in gold", problems, "problem", show_all, err=True)
    echo_summarized(f"{count_noun(len(notes), 'note')} on gold", notes, "note", show_all, err=True)
    named = sum(finding.code == relation_named.code for result in results for finding in result.findings)
    if named:
        echo(f"named {count_noun(named, 'relation')} by their ends")
    pending = [result for result in results if not result.is_submitted]
    lines = [f"not adjudicated yet: {result.file} (task {result.task_id})" for result in pending]
    echo_cut_lines(lines, "article", show_all)
    return not any(entry.problems for entry in written)
