"""`annotate prelabel --score`: score the labels that were just written, and print them with how they were made."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from annotate.cli.score_output import describe_scores, render_scores
from annotate.cli.terminal import count_noun, echo, show_status, write_output
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.models.run_record import RunRecord
from annotate.scoring.prediction_files import read_scored_labels
from annotate.scoring.score import Scores, score
from annotate.scoring.score_counts import Gold
from annotate.scoring.score_tables import tabulate_scores
from annotate.scoring.shared_labels import find_shared_labels
from annotate.util.files import is_regular

_SHOWN_NAMES = 10


class RunScores(msgspec.Struct, frozen=True, kw_only=True):
    """What the JSON of `--score` has.

    Attributes:
        against: Whose labels were taken as gold.
        is_partial: Whether articles with gold were to be labelled, and were not.
        not_labelled: These articles; they are not scored.
        without_gold: Articles of the run without gold; they are not scored.
        run: The record of the run; None for the patterns.
        scores: The scores.
    """

    against: str
    is_partial: bool
    not_labelled: list[str]
    without_gold: list[str]
    run: RunRecord | None
    scores: Scores


class RunScoring:
    """Scores the labels of a run.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        name: Whose labels are taken as gold.
        article_ids: The ids of the articles of the run.

    Raises:
        CannotRun: The corpus has no labels by this name for any of the articles.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory, name: str, article_ids: Sequence[str]) -> None:
        self._corpus, self._inventory, self._name = corpus, inventory, name
        corpus.select_annotation_sets([name])
        with_gold = set(corpus.annotated_ids(name))
        self._with_gold = [article_id for article_id in article_ids if article_id in with_gold]
        self._without_gold = [article_id for article_id in article_ids if article_id not in with_gold]
        if not self._with_gold:
            raise CannotRun("--score", f"{name} has labelled none of the articles", "name another annotator, or others")

    def show(
        self, out: Path, about: Iterable[str], format_: str, samples: int, record: RunRecord | None = None
    ) -> None:
        """Print the scores of the labels in a folder.

        Args:
            out: The folder.
            about: How the labels were made, a text a line.
            format_: One of `SCORE_FORMATS`.
            samples: The number of bootstrap samples.
            record: The record of the run.
        """
        with show_status("scoring"):
            result = self.measure(out, samples, record)
        lines = [*about, *self._describe(result), *describe_scores(result.scores)]
        text = render_scores(format_, result, lines, tabulate_scores(result.scores), colour=True)
        write_output(None, text)

    def measure(self, out: Path, samples: int, record: RunRecord | None = None) -> RunScores:
        """Return the scores of the labels in a folder, over the articles that it has.

        Raises:
            CannotRun: The labels cannot be read, or the folder has none of an article with gold.
        """
        labelled = {article_id for article_id in self._with_gold if is_regular(out / f"{article_id}.json", within=out)}
        gold = self._read_gold(labelled)
        if not gold:
            raise CannotRun(out, f"has no labels of an article with labels by {self._name}", "nothing can be scored")
        texts = {article_id: text for article_id, (text, _) in gold.items()}
        files = read_scored_labels(out, self._inventory, self._corpus.root, texts, _warn)
        predicted = {file.article: file.annotation for file in files if file.article in texts}
        scores = score(self._inventory, gold, predicted, samples)
        not_labelled = [article_id for article_id in self._with_gold if article_id not in labelled]
        return RunScores(
            against=self._name,
            is_partial=bool(not_labelled),
            not_labelled=not_labelled,
            without_gold=self._without_gold,
            run=record,
            scores=msgspec.structs.replace(scores, shared=find_shared_labels(gold, predicted, self._corpus)),
        )

    def _read_gold(self, article_ids: set[str]) -> Gold:
        folder = self._corpus.root / "annotations" / self._name
        files = read_scored_labels(folder, self._inventory, self._corpus.root, warn=_warn)
        labels = {file.article: (file.text, file.annotation) for file in files}
        return {article_id: labels[article_id] for article_id in sorted(labels) if article_id in article_ids}

    def _describe(self, result: RunScores) -> Iterable[str]:
        yield f"Scored against {self._name}"
        if result.is_partial:
            number = f"{len(result.not_labelled):,} of {count_noun(len(self._with_gold), 'article')}"
            yield f"PARTIAL: {number} could not be labelled, and are not scored: {_list_names(result.not_labelled)}"
        if result.without_gold:
            yield f"not scored, since {self._name} has not labelled them: {_list_names(result.without_gold)}"


def prepare_scoring(
    corpus: Corpus, inventory: Inventory, name: str | None, article_ids: Sequence[str]
) -> RunScoring | None:
    """Return what scores the labels of a run, before anything is sent; None if no scores are asked for.

    Raises:
        CannotRun: The corpus has no labels by this name for any of the articles.
    """
    return None if name is None else RunScoring(corpus, inventory, name, article_ids)


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _warn(message: str) -> None:
    echo(message, err=True)
