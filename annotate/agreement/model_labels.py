"""Labels of models that are not in the corpus, such as those that `annotate prelabel` wrote, to compare with others."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from annotate.annotation_files import read_annotation_folder, read_folder_file, require_known_names
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, is_article_id
from annotate.util.escape import quote


class ModelLabels(Mapping[str, Annotation]):
    """The labels of a model by article id; each file is read when its labels are needed, and not kept.

    Args:
        corpus: The corpus, which has the texts.
        inventory: Its inventory.
        paths: The file of each article.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory, paths: Mapping[str, Path]) -> None:
        self._corpus, self._inventory, self._paths = corpus, inventory, paths

    def __getitem__(self, article_id: str) -> Annotation:
        """Read the labels of an article.

        Raises:
            KeyError: The model has not labelled it.
            CannotRun: Its file was changed so that it cannot be read, or does not fit.
        """
        path = self._paths[article_id]
        annotation = read_folder_file(path, self._corpus.find_text).annotation
        require_known_names(path, annotation, self._inventory)
        return annotation

    def __contains__(self, article_id: object) -> bool:
        return article_id in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def read_model_labels(
    corpus: Corpus, inventory: Inventory, folders: Iterable[str | Path]
) -> dict[str, Mapping[str, Annotation]]:
    """Check the labels of models, each in a folder of its own with a file an article, and return where they are.

    Args:
        corpus: The corpus, which has the texts.
        inventory: Its inventory.
        folders: The folders.

    Returns:
        The annotations by annotator and article id.

    Raises:
        CannotRun: A file cannot be read, does not fit its text or the inventory, or names another annotator than the
            rest of its folder, or one whose labels are in the corpus or in another folder.
    """
    labels: dict[str, Mapping[str, Annotation]] = {}
    annotation_sets = {GOLD, *corpus.annotation_sets()}
    for folder in folders:
        name, paths = "", dict[str, Path]()
        for file in read_annotation_folder(folder, corpus.find_text):
            require_known_names(file.path, file.annotation, inventory)
            earlier = next(iter(paths), None)
            _require_name(file.path, file.annotation.annotator, name, earlier, annotation_sets | labels.keys())
            name = file.annotation.annotator
            paths[file.annotation.article] = file.path
        labels[name] = ModelLabels(corpus, inventory, paths)
    return labels


def _require_name(path: Path, name: str, expected: str, earlier: str | None, others: Collection[str]) -> None:
    """Check the annotator of a file.

    Args:
        path: The file.
        name: Its annotator.
        expected: The annotator of the earlier files of its folder.
        earlier: The article of one of these; None for the first file.
        others: Annotators of other labels.

    Raises:
        CannotRun: If the name is none, or is that of other labels.
    """
    if not is_article_id(name):
        raise CannotRun(
            path, f"names the annotator {quote(name)}, which is no pseudonym", "see docs/reference/formats.md"
        )
    if earlier is not None and expected != name:
        problem = f"is of {name}, and {earlier}.json of {expected}"
        raise CannotRun(path, problem, "put the labels of each model into a folder of its own")
    if name in others:
        hint = "label with another --annotator, or compare the labels in the corpus with --annotators"
        raise CannotRun(path, f"is of {name}, of whom there are other labels", hint)
