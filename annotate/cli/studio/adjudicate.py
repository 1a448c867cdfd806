"""`annotate studio adjudicate`: what several annotators labelled, side by side on a server, and gold out of it."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import (
    connected,
    dir_option,
    fetch,
    page,
    progress,
    refusals,
    restore_option,
    title_option,
)
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annotate.corpus import Corpus
    from annotate.inventory import Inventory
    from annotate.labelstudio.tasks import Prediction
    from annotate.labelstudio.team import Made
    from annotate.model import Annotation


@click.command("adjudicate")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@click.option("--from", "from_", metavar="ID,ID…", help="Set it up, with the labels of these annotators.")
@restore_option
@click.option("--pull", "pulling", is_flag=True, help="Write gold from what was submitted.")
@click.option("--as", "who", metavar="ID", help="With --pull: who adjudicated, by the id in annotators.yaml.")
@click.option("--user", type=int, help="With --pull: the server's number of that user, where it is not clear.")
@click.pass_context
def adjudicate(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str,
    from_: str | None,
    restore_config: bool,
    pulling: bool,
    who: str | None,
    user: int | None,
) -> None:
    """Adjudicate in Label Studio, in a project "TITLE: adjudication".

    Each article that all the annotators labelled has a tab with each one's version, and starts with what they agree on.
    Pull their labels first. With --pull, what was submitted becomes gold; an article that breaks a rule is left out.

    Exit code 0: done; 1: refused, or an article was left out; 2: could not run.

    \b
    annotate studio adjudicate --from anna,ben
    annotate studio adjudicate --pull --as carla
    """
    from annotate import inventory
    from annotate.corpus import Corpus

    if pulling == bool(from_) or pulling != bool(who):
        raise CannotRun("annotate studio adjudicate", "is one of two things", "give --from ID,ID, or --pull --as ID")
    loaded, store = inventory.load(schema), Corpus(corpus)
    name = title or loaded.title
    if from_:
        who_all = [one.strip() for one in from_.split(",") if one.strip()]
        _set_up(ctx, store, loaded, guidelines, name, folder, who_all, restore=restore_config)
    elif who:
        _pull(ctx, store, loaded, name, folder, who, user)


def _set_up(
    ctx: click.Context,
    store: "Corpus",
    loaded: "Inventory",
    guidelines: str,
    name: str,
    folder: str,
    who: list[str],
    *,
    restore: bool,
) -> None:
    from annotate.labelstudio.instructions import instructions
    from annotate.labelstudio.lock import locked
    from annotate.labelstudio.push import predictions, push
    from annotate.labelstudio.team import listed, start_from, title_of_adjudicate

    shown = predictions(store, loaded, listed(store, who))
    labels = {article: _tabs(store, loaded, article, shown[article]) for article in _common(store, who)}
    html = instructions(guidelines, loaded) if Path(guidelines).is_dir() else ""
    articles, own = [store.read_article(article) for article in labels], title_of_adjudicate(name)
    with refusals(ctx), connected(folder) as (studio, state), locked(state, "adjudicate"):
        with progress("pushing articles") as report:
            settled = partial(push, title=own, instructions=html, restore=restore, progress=report)
            done = settled(studio, state, loaded, articles, labels)
        start_from(studio, done.project, next(iter(labels.values()))[0].annotation)
        click.echo(f"project {done.project.number}, {own}: {page(studio, done.project)}")
    click.echo(f"{len(done.created)} articles new, {len(done.updated)} brought up to date")
    for conflict in done.conflicts:
        click.echo(f"refused: {conflict}", err=True)
    if done.conflicts:
        ctx.exit(1)


def _common(store: "Corpus", who: list[str]) -> list[str]:
    """The articles that all of them labelled."""
    if len(set(who)) < 2:
        raise CannotRun(",".join(who), "names fewer than two annotators", "write --from anna,ben")
    common = sorted(set.intersection(*(set(store.annotated_ids(name)) for name in who)))
    if not common:
        raise CannotRun(store.root, f"no article was labelled by all of {', '.join(who)}", "pull their labels")
    return common


def _tabs(store: "Corpus", loaded: "Inventory", article: str, labels: "Sequence[Prediction]") -> "list[Prediction]":
    """The tabs of an article; raises CannotRun for labels of another text."""
    from annotate.agreement.adjudication import agreed
    from annotate.labelstudio.team import AGREED, versions
    from annotate.offsets import sha256

    text, annotations = store.read_text(article), [entry.annotation for entry in labels]
    for annotation in annotations:
        if annotation.text_sha256 != sha256(text):
            path = store.annotation_path(annotation.annotator, article)
            raise CannotRun(path, "was made on another text", "run `annotate check`")
    return versions(annotations, agreed(annotations, text, loaded.version, AGREED))


def _errors(gold: "Annotation", text: str, loaded: "Inventory") -> list[str]:
    """What `annotate check` would say of the file, were it written."""
    from annotate.checks import check_annotation

    found = check_annotation(gold, text, loaded)
    return [f"{finding.code} {finding.message}" for finding in found if finding.severity == "error"]


def _pull(
    ctx: click.Context, store: "Corpus", loaded: "Inventory", name: str, folder: str, who: str, user: int | None
) -> None:
    from annotate.labelstudio.lock import locked
    from annotate.labelstudio.pull import name_user
    from annotate.labelstudio.team import pull, title_of_adjudicate
    from annotate.util.files import sweep

    with refusals(ctx), connected(folder) as (studio, state), locked(state, "adjudicate"):
        sweep(store.root)
        hint = "make it with `annotate studio adjudicate --from ID,ID`"
        raw = fetch(studio, state, title_of_adjudicate(name), hint)
        name_user(store, state, studio.where.name, raw, who, user)
        made = pull(store, loaded, state, studio.where.name, raw, who)
        faults = [fault for one in made for fault in _write(store, loaded, one)]
    for fault in faults:
        click.echo(fault, err=True)
    waiting = [one.article for one in made if one.gold is None and not one.findings]
    if waiting:
        click.echo(f"not adjudicated yet: {', '.join(waiting)}")
    if faults:
        ctx.exit(1)


def _write(store: "Corpus", loaded: "Inventory", one: "Made") -> list[str]:
    """Write the gold of an article, or say what keeps it from being written."""
    from annotate.corpus import encode_annotation
    from annotate.model import GOLD

    where = f"annotations/{GOLD}/{one.article}.json"
    found = [f"{finding.code} {finding.message}" for finding in one.findings if finding.severity == "error"]
    if one.gold is not None:
        found += _errors(one.gold, store.read_text(one.article), loaded)
        if len(one.gold.made_from) < 2:
            found.append("the task shows fewer than two annotators' versions; set the adjudication up again")
    if found or one.gold is None:
        return [f"{where}: not written: {fault}" for fault in found]
    path = store.annotation_path(GOLD, one.article)
    same = path.is_file() and path.read_bytes() == encode_annotation(one.gold)
    if not same:
        store.write_annotation(GOLD, one.gold)
    counts = f"{len(one.gold.spans)} spans, {len(one.gold.relations)} relations"
    click.echo(f"{'unchanged' if same else 'written'}: {where}, {counts}")
    return []
