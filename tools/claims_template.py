"""Make the template `claims` of `annotate init` from the inventory and the guidelines of this repository.

Examples quote articles of this corpus, so they stay out. Run it after a change of the inventory or the guidelines:
`.venv/bin/python tools/claims_template.py`. A test holds the two equal.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "annotate" / "corpus_templates" / "claims"
_TABLE = re.compile(r"(<!-- generated: [^<>\n]+ -->\n).*?(<!-- /generated -->)", re.DOTALL)
_EXAMPLES = re.compile(r"^## (Examples|Not this label|Borderline cases)\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_QUOTE = re.compile(r":?\n\n>[^\n]*\n\n[^\n]*(?=\n)")
"""A quoted passage, and the paragraph on it that follows."""


def make_template() -> dict[str, str]:
    """Return the files of the template by their paths."""
    labels = (ROOT / "schema" / "labels.yaml").read_text("utf-8")
    general = (TEMPLATE.parent / "relations" / "schema" / "labels.yaml").read_text("utf-8")
    for key in ("version", "title", "about"):
        line = re.compile(rf"^{key}: .*$", re.MULTILINE)
        labels = line.sub(line.findall(general)[0], labels, count=1)
    labels = re.sub(r"^ +since: .*\n", "", labels, flags=re.MULTILINE)
    origin = "# Taken from the inventory and the guidelines of the corpus Contested Claims (CC BY 4.0).\n"
    rename = next(line for line in general.splitlines(keepends=True) if "`annotate migrate`" in line)
    files = {"schema/labels.yaml": origin + rename + labels}
    for page in ("how-to-label.md", "quick-reference.md"):
        text = (ROOT / "guidelines" / page).read_text("utf-8")
        files[f"guidelines/{page}"] = _QUOTE.sub(lambda match: "." * match[0].startswith(":"), text)
    for path in sorted((ROOT / "guidelines" / "labels").glob("*.md")):
        text = _EXAMPLES.sub("", path.read_text("utf-8")).rstrip()
        files[f"guidelines/labels/{path.name}"] = f"{text}\n\n## Examples\n\nWrite here passages of your articles.\n"
    return {path: _TABLE.sub(r"\1\2", text) for path, text in files.items()}


if __name__ == "__main__":
    for file, contents in make_template().items():
        (TEMPLATE / file).parent.mkdir(parents=True, exist_ok=True)
        (TEMPLATE / file).write_text(contents, "utf-8")
