"""What is given back is kept: taking it again costs no page that the system has to fill."""

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
def test_memory_that_was_given_back_is_taken_again_as_it_is() -> None:
    assert faults(keep=True) * 10 < faults(keep=False)
