"""`annotate adjudicate`: annotations of several people → gold."""

from typing import TYPE_CHECKING

import click

from annotate.cli.common import corpus_argument, schema_option
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.agreement.adjudication import Adjudication
    from annotate.model import Annotation
    from annotate.store import Corpus


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
def plan(corpus: str, from_: str) -> None:
    """Write what annotators differ on, an article a file; decisions made before are kept.

    \b
    annotate adjudicate plan --from anna,ben
    """
    from annotate.agreement import adjudication
    from annotate.store import Corpus

    folder = Corpus(corpus)
    annotators = folder.labelled_by(name for one in from_.split(",") if (name := one.strip()))
    if len(annotators) < 2:
        raise CannotRun(from_, "names fewer than two annotators", "write --from anna,ben")
    common = sorted(set.intersection(*(set(folder.annotated_ids(name)) for name in annotators)))
    if not common:
        raise CannotRun(folder.root, f"no article was labelled by all of {', '.join(annotators)}", "pull their labels")
    for article in common:
        annotations = [folder.read_annotation(name, article) for name in annotators]
        before = read_decisions(folder, article) if folder.adjudication_path(article).exists() else None
        text = _text(folder, article, annotations)
        new = adjudication.plan(annotations, text, before)
        _write(folder, new)
        decided = len(new.differences) - len(new.open)
        agreed = ", ".join(f"{number} {what}" for what, number in new.agreed.items())
        click.echo(f"{article}: {agreed} agreed, {decided} differences decided, {len(new.open)} open")


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
    from annotate.model import GOLD
    from annotate.store import Corpus

    folder, loaded = Corpus(corpus), inventory.load(schema)
    if adjudicator not in folder.read_annotators():
        raise CannotRun(folder.annotators_path, f"does not list {adjudicator!r}", "add the adjudicator there first")
    names = sorted(path.stem for path in folder.adjudication_path("x").parent.glob("*.yaml"))
    if not names:
        raise CannotRun(folder.root / "adjudication", "has no files", "write them with `annotate adjudicate plan`")
    made, faults = [], []
    for article in names:
        decisions = read_decisions(folder, article)
        annotations = [folder.read_annotation(name, article) for name in decisions.annotators]
        text = _text(folder, article, annotations)
        path = folder.adjudication_path(article)
        if adjudication.plan(annotations, text, decisions).open:
            faults.append(f"{path}: differences are open, or new; `annotate adjudicate plan` lists them")
            continue
        try:
            gold = adjudication.apply(decisions, annotations, text, adjudicator, loaded.version)
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


def _text(folder: "Corpus", article: str, annotations: "list[Annotation]") -> str:
    from annotate.offsets import sha256

    text = folder.read_text(article)
    for annotation in annotations:
        if annotation.text_sha256 != sha256(text):
            path = folder.annotation_path(annotation.annotator, article)
            raise CannotRun(path, "was made on another text", "run `annotate check`")
    return text


def read_decisions(folder: "Corpus", article: str) -> "Adjudication":
    """The decisions on an article; raises CannotRun for a broken file."""
    import msgspec

    from annotate.agreement.adjudication import Adjudication
    from annotate.files import parse_yaml, read_bytes

    path = folder.adjudication_path(article)
    try:
        return msgspec.convert(parse_yaml(read_bytes(path, "write it with `annotate adjudicate plan`")), Adjudication)
    except ValueError as error:
        raise CannotRun(path, str(error), "mend it, or remove it and plan again") from error


def encode_decisions(decisions: "Adjudication") -> bytes:
    """The file of decisions on an article."""
    import msgspec
    import yaml

    return yaml.safe_dump(msgspec.to_builtins(decisions), allow_unicode=True, sort_keys=False, width=110).encode()


def _write(folder: "Corpus", decisions: "Adjudication") -> None:
    from annotate.files import write_atomically

    write_atomically(folder.adjudication_path(decisions.article), encode_decisions(decisions))
