"""Which files of the corpus a pull may replace: those whose labels came from the same user of the server.

Other labels of the annotator, such as imported ones or those of another user, are in no project, so a file that is
replaced by a pull would be their only copy.
"""

from collections.abc import Iterator, Mapping

from annotate.corpus import Corpus
from annotate.labelstudio.deleted_labels import read_pulled_annotators, read_raw_tasks
from annotate.labelstudio.state import State
from annotate.model import GOLD, Annotation


def may_replace(old: Annotation, new: Annotation, is_pulled: bool) -> bool:
    """Return whether the labels that a user submitted may replace those in the corpus.

    Args:
        old: The annotation in the corpus.
        new: The annotation of the same article that a user submitted.
        is_pulled: Whether labels of this user were pulled into this file before.
    """
    return is_pulled or not (old.spans or old.relations) or _is_continued(old, new)


def _is_continued(old: Annotation, new: Annotation) -> bool:
    """Return whether both are the same work: they began alike, and have a region in common.

    Another machine may have pulled it before. Region ids are random, except in labels that began as a copy of others.
    """
    began_alike = (old.process, old.made_from) == (new.process, new.made_from)
    return began_alike and not _list_regions(old).isdisjoint(_list_regions(new))


def _list_regions(annotation: Annotation) -> set[tuple[str, int, int]]:
    return {(span.id, span.start, span.end) for span in annotation.spans}


def is_in_gold(corpus: Corpus, annotator: str, article_id: str) -> bool:
    """Return whether the gold of an article was made from the labels of an annotator."""
    gold = corpus.find_readable_annotation(GOLD, article_id)
    return gold is not None and annotator in gold.made_from


def describe_reassigned(corpus: Corpus, state: State, server: str, before: Mapping[int, str]) -> Iterator[str]:
    """Yield a line for each file with labels of a user who was another annotator before.

    Args:
        corpus: The corpus.
        state: The folder with the tasks as they were last pulled.
        server: The name of the server.
        before: The annotator that each user was.
    """
    now = state.annotators(server)
    changed = {user_id: name for user_id, name in before.items() if now.get(user_id, name) != name}
    if not changed:
        return
    for article_id, tasks in read_raw_tasks(state):
        pulled = {pair for task in tasks for pair in read_pulled_annotators(task, server, before)}
        for user_id, name in sorted(pulled.intersection(changed.items())):
            if corpus.read_file_if_present(corpus.annotation_path(name, article_id)) is not None:
                yield (
                    f"annotations/{name}/{article_id}.json: was pulled from user {user_id}, who is {now[user_id]} from"
                    f" now on; remove the file or restore the labels of {name}, and run `annotate studio pull --all`"
                )
