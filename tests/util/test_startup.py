"""Freed memory is kept: allocating it again causes no page faults."""

import platform
import subprocess
import sys

import pytest

CODE = """
import resource
from annotate.util.startup import keep_freed_memory
if {keep}:
    keep_freed_memory()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def work():
    for _ in range(50):
        parts = [bytearray(b"x") * (3 << 20) for _ in range(3)]
        del parts

work()
before = faults()
work()
print(faults() - before)
"""


def faults(keep: bool) -> int:
    run = subprocess.run([sys.executable, "-c", CODE.format(keep=keep)], capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_freed_memory_is_reused_without_page_faults() -> None:
    assert faults(keep=True) * 10 < faults(keep=False)
