"""JSON and plain values as typed ones, and several threads that decode one type for the first time."""

import ast
import subprocess
import sys

import msgspec
import pytest

from annotate.util.typed_values import convert_as, decode_as
from tests.conftest import ROOT

THREADS = """
import sys, threading, msgspec
from annotate.util.typed_values import convert_as, decode_as

sys.setswitchinterval(1e-6)
for number in range(40):
    inner = msgspec.defstruct(f"Inner{number}", [("words", list[str])])
    outer = msgspec.defstruct(f"Outer{number}", [(f"field{index}", inner | None, None) for index in range(20)])
    ready, read = threading.Barrier(8), []

    def work(index):
        ready.wait()
        if index % 2:
            read.append(decode_as(b'{"field1": {"words": ["a"]}}', outer))
        else:
            read.append(convert_as({"field1": {"words": ["a"]}}, outer))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [outer(field1=inner(["a"]))] * 8
print("all read")
"""
RUNS_IN_LABEL_STUDIO = ROOT / "annotate" / "labelstudio" / "accounts.py"
"""Runs in the server's own process, and imports nothing of the package."""


class Named(msgspec.Struct):
    name: str
    number: int = 0


def test_threads_may_decode_a_new_type_at_once() -> None:
    """msgspec alone ends such a process with a segmentation fault."""
    done = subprocess.run([sys.executable, "-c", THREADS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "all read\n"), done.stderr


def test_values_are_decoded_and_converted() -> None:
    assert decode_as(b'{"name": "a"}', Named) == convert_as({"name": "a"}, Named) == Named("a")
    assert convert_as({"name": "a", "number": "7"}, Named, strict=False) == Named("a", 7)
    for value in ({"name": "a", "number": "7"}, {"number": 7}):
        with pytest.raises(msgspec.ValidationError):
            convert_as(value, Named)
        with pytest.raises(msgspec.ValidationError):
            decode_as(msgspec.json.encode(value), Named)


def test_the_package_prepares_no_type_elsewhere() -> None:
    """A decoder of a module is made when it is imported, which one thread does."""
    calls = list[str]()
    for path in sorted((ROOT / "annotate").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        of_module = {id(each.value) for each in tree.body if isinstance(each, ast.Assign)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and id(node) not in of_module and path != RUNS_IN_LABEL_STUDIO:
                name, words = ast.unparse(node.func), {word.arg for word in node.keywords}
                is_decoder = name.startswith("msgspec.") and name.endswith(".Decoder")
                is_typed = name == "msgspec.json.decode" and "type" in words
                if name == "msgspec.convert" or is_decoder or is_typed:
                    calls.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(calls) == 2
    assert all(call.startswith("annotate/util/typed_values.py:") for call in calls)
