"""The site that `make docs` builds: the pages of docs/ and guidelines/, and reference pages made from the toolkit.

Its source folder is the repository, so that a link between two pages is the same path here and on GitHub.
"""

import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from docs_pages import fill_page  # noqa: E402 - tools/ is no package

project = "Contested Claims"
author = "The Contested Claims project"
copyright = "the Contested Claims project"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "guidelines/**.md",
    "corpus/CHANGELOG.md",
    "examples/*/README.md",
    "benchmarks/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "SECURITY.md",
]
exclude_patterns = [".*", "dist", "build", "annotate", "tests", "releases", "requirements"]

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

html_theme = "furo"
html_title = "Contested Claims"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_root"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"


def _fill_source(_: Sphinx, name: str, source: list[str]) -> None:
    source[0] = fill_page(name, source[0])


def setup(app: Sphinx) -> None:
    """Fill the generated parts of pages as they are read."""
    app.connect("source-read", _fill_source)
