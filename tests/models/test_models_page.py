"""docs/how-to/models.md shows what the commands print; a scripted model makes the labels that others need."""

import re
import shutil
from pathlib import Path

from annotate.baseline import load_baseline
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.models.chat import ChatMessage, ChatRequest
from tests.conftest import ROOT, annotate
from tests.docs_blocks import DOCS, PageRunner, lay_out_clone, make_environment, read_blocks
from tests.models.chat_server import Asked, ChatServer, Reply, answer
from tests.models.oracle import Oracle

PAGE = DOCS / "how-to/models.md"
EVALUATION = "annotate prelabel --settings schema/model-pass.yaml --model NAME"
"""The beginning of the block that labels the corpus; it names no endpoint."""


def test_commands_of_the_page_run_with_a_scripted_model(
    server: ChatServer, corpus: Corpus, labels: Inventory, tmp_path: Path
) -> None:
    """A scripted server answers with the labels of the baseline of patterns, as the page says."""
    oracle, baseline = Oracle(labels, "json"), load_baseline(str(ROOT / "schema"), labels)
    for article in corpus.articles():
        oracle.learn(article, baseline.annotate(article.id, article.text))

    def script(asked: Asked) -> Reply:
        messages = tuple(ChatMessage(message["role"], message["content"]) for message in asked.body["messages"])
        return answer(oracle.answer(ChatRequest(messages=messages)).text, usage=False)

    server.script = script
    folder = tmp_path / "clone"
    lay_out_clone(folder)
    words = ("prelabel", "--settings", "schema/model-pass.yaml", "--model", "scripted", "--endpoint", server.url)
    done = annotate(*words, "--out", "out/model", "--score", "gold", cwd=folder)
    assert done.exit_code == 0, done.output
    (shown,) = re.findall(r"```text\n(2 articles, .*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)
    assert shown.count("\n") > 20
    assert done.stdout.startswith(f"{shown}\n"), done.stdout

    for name in ("a", "b"):
        shutil.copytree(folder / "out/model", folder / "out" / name)
    runner = PageRunner(folder, make_environment(tmp_path / "home"))
    blocks = [block for block in read_blocks(PAGE) if block.language == "sh" and block.read_note("run by")]
    rest = [block for block in blocks if not block.text.startswith(EVALUATION)]
    assert len(rest) == len(blocks) - 1 == 3
    for block in rest:
        runner.run_block(block)
