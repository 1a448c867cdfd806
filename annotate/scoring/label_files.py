"""Read the labels of a path that `annotate score` takes: annotation files, rows of the dataset, or tagged tokens."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from annotate.annotation_files import AnnotationFile, read_annotation_folder
from annotate.checks import find_errors
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.scoring.prediction_files import list_prediction_files, read_predictions, require_labels


def read_scored_labels(
    path: str | Path,
    inventory: Inventory,
    corpus: str | Path,
    texts: Mapping[str, str] | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[AnnotationFile]:
    """Read the annotations of a path.

    Args:
        path: A folder of annotation files, a dataset folder, or a file or folder of rows or tagged tokens.
        inventory: The inventory of the labels.
        corpus: The corpus folder with the texts; rows of a dataset may bring their own.
        texts: The texts of gold by article id, for predictions; None for gold itself, which may bring its texts.
        warn: Called with a message for each annotation file that breaks rules. It is scored as it is.

    Raises:
        CannotRun: The path cannot be read, a text is missing, or a label is not in the inventory.
    """
    store = Corpus(corpus) if Path(corpus).is_dir() else None
    article_ids = set(store.article_ids()) if store else set()

    def find_text(article_id: str) -> str | None:
        text = (texts or {}).get(article_id)
        return text or (store.read_text(article_id) if store and article_id in article_ids else None)

    files = list_prediction_files(Path(path))
    if files:
        yield from read_predictions(files, find_text, inventory, own_texts=texts is None)
        return
    for file in read_annotation_folder(path, store or Corpus(corpus)):
        require_labels(file, inventory)
        errors = find_errors(file.annotation, file.text, inventory, str(file.path))
        if errors:
            first = errors[0]
            warn(f"{file.path}: breaks {len(errors)} rules, such as {first.code}: {first.message}; scored as it is")
        yield file
