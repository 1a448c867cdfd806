"""Each table of a dataset folder, loaded with the library `datasets` in a process of its own, offline."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Loaded(msgspec.Struct, frozen=True):
    """The rows of a table, all splits together; or why it could not be loaded, in one line."""

    rows: int
    problem: str = ""


def load(folder: Path, configs: Sequence[str]) -> dict[str, Loaded]:
    """What came of each table. Nothing of it stays in memory, and no cache of the user's is read or written."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "HF_HOME": home, "HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
        # In an empty folder, so that nothing beside the corpus is taken for a module.
        words = [sys.executable, "-m", __name__, str(folder.resolve()), *configs]
        done = subprocess.run(words, cwd=home, env=env, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return {config: Loaded(0, said or "the process ended without a word") for config in configs}
    return msgspec.json.decode(done.stdout, type=dict[str, Loaded])


def _loaded(folder: str, config: str) -> Loaded:
    import datasets
    import pyarrow as pa
    from datasets.exceptions import DatasetsError

    try:
        found = datasets.load_dataset(folder, config)
    except (DatasetsError, OSError, ValueError, LookupError, TypeError, RuntimeError, pa.ArrowException) as error:
        return Loaded(0, " ".join(f"{type(error).__name__}: {error}".split()))
    return Loaded(sum(len(split) for split in found.values()))


def main(folder: str, *configs: str) -> None:
    """Print what came of each table, as JSON."""
    try:
        import datasets
    except ImportError:
        sys.exit("the library datasets is not installed: pip install 'contested-claims[dataset]'")
    datasets.disable_progress_bars()
    results = {config: _loaded(folder, config) for config in configs}
    sys.stdout.buffer.write(msgspec.json.encode(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
