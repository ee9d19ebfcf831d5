"""Freed memory is kept for the next step, so that it is faulted in only once."""

import subprocess
import sys

import pytest

from mnist_edge.models.allocator import keep_freed_memory

# Page faults of the system's small pages as an array of 20 MB is written for the third time, the others being freed.
FAULTS = """
import mmap, resource, sys
from mnist_edge.models.allocator import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytes(20_000_000).translate(None)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
kept = keep_freed_memory() if sys.argv[1] == "kept" else True
faults(), faults()
print(int(kept), faults())
"""


def faults(how: str) -> int:
    result = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
    kept, count = map(int, result.stdout.split())
    if not kept:
        pytest.skip("the C library is not glibc")
    return count


def test_memory_that_is_used_again_is_not_faulted_in_again() -> None:
    given_back, kept = faults("given back"), faults("kept")
    assert given_back > 1_000
    assert kept < given_back / 20


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False
