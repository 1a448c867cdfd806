"""`annotate studio restore`: pulled labels back onto the server."""

import click

import annotate
from annotate.cli.options import all_option, corpus_option, schema_option
from annotate.cli.studio.common import connect, dir_option, show_progress, title_option
from annotate.cli.terminal import count_noun, echo, echo_cut


@click.command("restore")
@click.argument("annotator")
@click.argument("articles", metavar="[ARTICLE]...", nargs=-1)
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be restored, and change nothing.")
@corpus_option
@schema_option
@title_option
@dir_option
@all_option
@click.pass_context
def restore(
    ctx: click.Context,
    annotator: str,
    articles: tuple[str, ...],
    plan_only: bool,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str | None,
    show_all: bool,
) -> None:
    """Put labels that were pulled back onto the server, as an annotation of ANNOTATOR.

    Without ARTICLE, it restores all labels that were deleted on the server, as `annotate studio status` lists them. An
    annotation of the person from which all labels were deleted gets them back and keeps its number. Labels that the
    person has on the server already are left as they are. An article in which the person has a newer annotation or a
    draft is refused.

    Exit code 0: restored; 1: an article was refused; 2: could not run.

    \b
    annotate studio restore anna --plan
    annotate studio restore anna harbour
    """
    from annotate.labelstudio.annotators import require_annotators
    from annotate.labelstudio.deleted_labels import find_deleted_labels
    from annotate.labelstudio.lock import lock_folder
    from annotate.labelstudio.restore import plan_restore, require_user, restore_labels

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    require_annotators(store, [annotator])
    with connect(corpus, folder) as (studio, state), lock_folder(state, "restore"):
        name, server = title or inventory.title, studio.address.name
        user_id = require_user(state, server, annotator)
        chosen = list(articles)
        if not chosen:
            with show_progress("comparing") as progress:
                deleted = find_deleted_labels(studio, state, store, name, progress=progress)
            chosen = [labels.article_id for labels in deleted if labels.annotator == annotator]
            if not chosen:
                echo(f"nothing of {annotator} that was pulled is missing on the server")
        with show_progress("planning") as progress:
            steps = plan_restore(studio, state, store, inventory, name, annotator, chosen, progress)
        is_complete = not any(step.problem for step in steps)
        with (
            echo_cut("article", show_all) as show_done,
            echo_cut("refused article", show_all, err=True) as show_refused,
            show_progress("restoring") as progress,
        ):
            for done, step in enumerate(steps, 1):
                about = f"{step.article_id}, {count_noun(step.spans, 'span')}, task {step.task_id}, {annotator}"
                if step.problem:
                    show_refused(f"refused: {step.article_id}: {step.problem}")
                elif step.is_present:
                    show_done(f"already on the server: {about}")
                elif plan_only:
                    show_done(f"restore: {about}")
                else:
                    restore_labels(studio, state, step, user_id)
                    show_done(f"restored: {about}")
                progress(done, len(steps))
    if not is_complete:
        ctx.exit(1)
