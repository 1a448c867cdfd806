"""`annotate adjudicate`: annotations of several people → gold."""

from typing import TYPE_CHECKING

import click

from annotate.agreement.decisions import encode_decisions, read_decisions
from annotate.cli.output import corpus_argument, schema_option
from annotate.errors import CannotRun, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annotate.agreement.adjudication import Adjudication
    from annotate.corpus import Corpus
    from annotate.model import Annotation


@click.group("adjudicate")
def command() -> None:
    """Decide between the labels of several annotators, and make gold of the decisions.

    Each difference stands in adjudication/<article>.yaml with what each annotator has. Write in `take` whose version is
    right (or: all, neither) and in `reason` why. Spans come first; once they are decided, plan again for the relations.

    \b
    annotate adjudicate plan --from anna,ben
    annotate adjudicate apply --as carla
    """


@command.command("plan")
@corpus_argument
@click.option("--from", "from_", required=True, metavar="ID,ID…", help="The annotators whose labels are compared.")
@click.option("--anew", is_flag=True, help="Drop decisions between other annotators, or on another text.")
def plan(corpus: str, from_: str, anew: bool) -> None:
    """Write what annotators differ on, an article a file; decisions made before are kept.

    A decision on what does not differ now stands under `earlier`, and holds again where it does. Decisions between
    other annotators, or on another text, are never overwritten without --anew.

    Exit code 0: written; 1: refused, as decisions would be lost, or name what is not there; 2: could not run.

    \b
    annotate adjudicate plan --from anna,ben
    """
    from annotate.agreement import adjudication
    from annotate.corpus import Corpus
    from annotate.model import GOLD

    folder = Corpus(corpus)
    annotators = folder.labelled_by(name for one in from_.split(",") if (name := one.strip()))
    if GOLD in annotators:
        raise CannotRun(from_, f"names {GOLD}, which the decisions make", "name the annotators who labelled")
    if len(annotators) < 2:
        raise CannotRun(from_, "names fewer than two annotators", "write --from anna,ben")
    common = sorted(set.intersection(*(set(folder.annotated_ids(name)) for name in annotators)))
    if not common:
        raise CannotRun(folder.root, f"no article was labelled by all of {', '.join(annotators)}", "pull their labels")
    planned = []
    for article in common:
        annotations, text = _labelled(folder, article, annotators)
        before = _before(folder, article, annotations, anew=anew)
        new = adjudication.plan(annotations, text, before)
        try:
            adjudication.hold(new, annotations)
        except ValueError as error:
            raise Refused(folder.adjudication_path(article), str(error), "fix it and plan again") from error
        planned.append(new)
    for new in planned:
        _write(folder, new)
        decided = len(new.differences) - len(new.open)
        agreed = ", ".join(f"{number} {what}" for what, number in new.agreed.items())
        earlier = f"; {len(new.earlier)} decisions under `earlier`" if new.earlier else ""
        click.echo(f"{new.article}: {agreed} agreed, {decided} differences decided, {len(new.open)} open{earlier}")


def _before(
    folder: "Corpus", article: str, annotations: "Sequence[Annotation]", *, anew: bool
) -> "Adjudication | None":
    """The decisions that there are on the same text, between the same annotators; raises Refused for others."""
    path = folder.adjudication_path(article)
    if not path.exists():
        return None
    before = read_decisions(folder, article)
    others = set(before.annotators) != {annotation.annotator for annotation in annotations}
    if not others and before.text_sha256 == annotations[0].text_sha256:
        return before
    if before.decided and not anew:
        differs = f"between {', '.join(before.annotators)}" if others else "on another text"
        raise Refused(path, f"has decisions {differs}", "keep them, or drop them with --anew")
    return None


@command.command("apply")
@corpus_argument
@schema_option
@click.option("--as", "adjudicator", required=True, metavar="ID", help="Who decided, by the id in annotators.yaml.")
@click.pass_context
def apply(ctx: click.Context, corpus: str, schema: str, adjudicator: str) -> None:
    """Write gold from the decisions. Nothing is written as long as one of them is open, or breaks a rule.

    Exit code 0: written; 1: open decisions, or findings on what they make; 2: could not run.

    \b
    annotate adjudicate apply --as carla
    """
    from annotate import inventory
    from annotate.agreement import adjudication
    from annotate.checks import check_annotation
    from annotate.corpus import Corpus
    from annotate.model import GOLD

    folder, loaded = Corpus(corpus), inventory.load(schema)
    if adjudicator not in folder.read_annotators():
        raise CannotRun(folder.annotators_path, f"does not list {adjudicator!r}", "add the adjudicator there first")
    names = sorted(path.stem for path in folder.adjudication_path("x").parent.glob("*.yaml"))
    if not names:
        raise CannotRun(folder.root / "adjudication", "has no files", "write them with `annotate adjudicate plan`")
    made, faults = [], []
    for article in names:
        decisions = read_decisions(folder, article)
        annotations, text = _labelled(folder, article, folder.labelled_by(decisions.annotators))
        path = folder.adjudication_path(article)
        if decisions.text_sha256 != annotations[0].text_sha256:
            faults.append(f"{path}: text_sha256 is not that of the text; decide on it as it is now")
            continue
        planned = adjudication.plan(annotations, text, decisions)
        listed = {one.identity for one in decisions.differences}
        if planned.open or listed != {one.identity for one in planned.differences}:
            faults.append(f"{path}: differences are open, new or gone; `annotate adjudicate plan` lists them")
            continue
        try:
            gold = adjudication.apply(planned, annotations, text, adjudicator, loaded.version)
        except ValueError as error:
            faults.append(f"{path}: {error}")
            continue
        found = [finding for finding in check_annotation(gold, text, loaded) if finding.severity == "error"]
        faults += [f"{path}: gold would have {finding.code}, {finding.message}" for finding in found]
        made.append(gold)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        ctx.exit(1)
    for gold in made:
        folder.write_annotation(GOLD, gold)
        click.echo(f"{gold.article}: {len(gold.spans)} spans and {len(gold.relations)} relations in {GOLD}/")


def _labelled(folder: "Corpus", article: str, annotators: "Sequence[str]") -> "tuple[list[Annotation], str]":
    """What the annotators labelled, and the text; raises CannotRun for a file that is another's or of another text."""
    from annotate.offsets import sha256

    text = folder.read_text(article)
    expected, annotations = sha256(text), []
    for name in annotators:
        annotation, path = folder.read_annotation(name, article), folder.annotation_path(name, article)
        if (annotation.annotator, annotation.article) != (name, article):
            raise CannotRun(path, f"is {annotation.annotator}'s, of {annotation.article}", "run `annotate check`")
        if annotation.text_sha256 != expected:
            raise CannotRun(path, "was made on another text", "run `annotate check`")
        annotations.append(annotation)
    return annotations, text


def _write(folder: "Corpus", decisions: "Adjudication") -> None:
    from annotate.util.files import write_atomically

    write_atomically(folder.adjudication_path(decisions.article), encode_decisions(decisions))
