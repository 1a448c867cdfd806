"""Load each table of a dataset folder with the library `datasets`, offline and in a separate process."""

import os
import pickle
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from annotate.util.folders import temporary_folder
from annotate.util.processes import run_module
from annotate.util.typed_values import decode_as


class LoadResult(msgspec.Struct, frozen=True):
    """The outcome for one table.

    Attributes:
        rows: The rows of all splits.
        problem: Why the table could not be loaded, in one line; empty if it was.
    """

    rows: int
    problem: str = ""


def load_tables(folder: Path, configs: Sequence[str]) -> dict[str, LoadResult]:
    """Load tables of a dataset folder, as a user would.

    The tables do not stay in memory, and no cache of the user's is read or written.

    Args:
        folder: The dataset folder.
        configs: The names of the tables.

    Returns:
        Table → outcome.
    """
    with temporary_folder() as home:
        environment = {"HF_HOME": str(home), "HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
        # The folder is empty, so that the library reads no file next to the corpus.
        process = run_module(__name__, str(folder.resolve()), *configs, cwd=home, environment=environment)
    if process.returncode:
        last_line = process.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        result = LoadResult(0, last_line or f"the process ended with exit code {process.returncode} and no message")
        return dict.fromkeys(configs, result)
    return decode_as(process.stdout, dict[str, LoadResult])


def _load_table(folder: str, config: str) -> LoadResult:
    import datasets
    import pyarrow as pa
    from datasets.exceptions import DatasetsError

    try:
        splits = datasets.load_dataset(folder, config)
    except (DatasetsError, OSError, ValueError, LookupError, TypeError, RuntimeError, pa.ArrowException) as error:
        return LoadResult(0, " ".join(f"{type(error).__name__}: {error}".split()))
    return LoadResult(sum(len(split) for split in splits.values()))


def _parse_card_once() -> None:
    """Let the library parse the card, which it reads for each table, only once.

    The card describes every table, and parsing it is most of the work of loading one. Equal texts give equal values.
    Each caller gets a copy of its own.
    """
    import yaml

    parse = yaml.safe_load

    @cache
    def pickle_value(text: str) -> bytes:
        return pickle.dumps(parse(text))

    def parse_copy(stream: Any) -> Any:
        text = stream if isinstance(stream, str) else stream.read()
        return pickle.loads(pickle_value(text))  # noqa: S301 - pickled above

    yaml.safe_load = parse_copy


def main(folder: str, *configs: str) -> None:
    """Print the outcome for each table as JSON; the entry point of the separate process."""
    try:
        import datasets
    except ImportError:
        sys.exit("the library datasets is not installed: pip install 'contested-claims[dataset]'")
    datasets.disable_progress_bars()
    _parse_card_once()
    results = {config: _load_table(folder, config) for config in configs}
    sys.stdout.buffer.write(msgspec.json.encode(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    # Everything is done. To free what the library has imported takes as long as to load half of the tables.
    os._exit(0)
