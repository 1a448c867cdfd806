"""This repository's own corpus, released in a repository of its own, as docs/how-to/releasing.md says."""

import re
import shutil
import subprocess
from pathlib import Path

from annotate.inventory import Inventory
from tests.conftest import ROOT
from tests.release.conftest import DRAFT, Maintained

PAGE = (ROOT / "docs" / "how-to" / "releasing.md").read_text("utf-8")


def commands() -> list[str]:
    """The lines that a maintainer types for a release, in their order."""
    block = next(
        block for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) if " cut " in block
    )
    return [line.partition("  #")[0].strip() for line in block.splitlines() if not line.startswith("#")]


def test_release_of_this_corpus_step_by_step(tmp_path: Path, labels: Inventory) -> None:
    version = labels.version
    root = tmp_path / "clone"
    for name in ("corpus", "schema", "guidelines"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("CITATION.cff", "LICENSE", "LICENSE-CC-BY-4.0", "README.md", ".gitignore", "requirements/run.txt"):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    # As if it were the first release, whatever was released since.
    (root / "corpus" / "CHANGELOG.md").write_text("# Changes of the data\n")
    clone = Maintained(root)
    clone.git("init", "--quiet")
    clone.git("config", "user.name", "maintainer")
    clone.git("config", "user.email", "maintainer@example.org")
    clone.commit()
    typed = [line.replace("0.1.0", version) for line in commands()]
    codes = []
    for line in typed:
        if line.startswith("annotate "):
            result = clone.annotate(*line.split()[1:])
            codes.append((line.split()[2], result.exit_code))
            assert result.exit_code in (0, 1), result.output
        elif line.startswith("git commit"):
            changelog = root / "corpus" / "CHANGELOG.md"
            changelog.write_text(changelog.read_text().replace(DRAFT, "Two articles.\n"))
            clone.commit()
    assert codes == [("plan", 0), ("cut", 1), ("cut", 0), ("verify", 0)]
    tag = clone.git("cat-file", "tag", f"v{version}")
    assert f"\nContested Claims {version}\n\nTwo articles.\n\n- Articles: " in tag
    listed = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=root / f"dist/release/{version}", check=True)
    assert listed.returncode == 0
