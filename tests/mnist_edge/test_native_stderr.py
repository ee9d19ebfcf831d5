"""Only a command line silences the log messages of native libraries; a program that uses the library is left alone."""

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_edge import native_stderr

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def silencing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in the process of a command line."""
    monkeypatch.setattr(native_stderr, "silencing_enabled", True)
    yield


def chatter() -> None:
    warnings.warn("a warning", stacklevel=1)
    os.write(1, b"a result\n")
    os.write(2, b"from below\n")


def test_only_standard_error_is_silenced(silencing: None, capfd: pytest.CaptureFixture[str]) -> None:
    with native_stderr.silenced():
        chatter()
    print("afterwards", file=sys.stderr)
    assert capfd.readouterr() == ("a result\n", "afterwards\n")


def test_an_error_passes_and_the_stream_comes_back(silencing: None, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), native_stderr.silenced():
        chatter()
        _ = 1 / 0
    os.write(2, b"heard again\n")
    assert capfd.readouterr().err == "heard again\n"


def test_no_descriptor_is_lost(silencing: None) -> None:
    def open_descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = open_descriptors()
    for _ in range(5):
        with native_stderr.silenced(), native_stderr.silenced():
            chatter()
    assert open_descriptors() == before


@pytest.mark.filterwarnings("ignore:a warning")
def test_a_program_that_uses_the_library_is_not_silenced(capfd: pytest.CaptureFixture[str]) -> None:
    with native_stderr.silenced():
        chatter()
    assert capfd.readouterr() == ("a result\n", "from below\n")


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in native_stderr.LOG_LEVELS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    native_stderr.enable_silencing()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    assert os.environ["OPENCV_LOG_LEVEL"] == "SILENT"


# What OpenCV itself sets when it is imported is not ours.
IMPORT_ALL = """
import os, pkgutil, sys
import cv2
before = dict(os.environ)
import mnist_edge
names = [one.name for one in pkgutil.walk_packages(mnist_edge.__path__, "mnist_edge.") if "__main__" not in one.name]
assert len(names) > 150, names
for name in names:
    __import__(name)
changed = {name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name)}
assert not changed, changed
"""


def test_importing_any_module_leaves_the_environment_as_it_was() -> None:
    unset = {name: value for name, value in os.environ.items() if name not in native_stderr.LOG_LEVELS}
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], env=unset, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr


# Four threads read pictures, damaged ones as well, and build interpreters, while a fifth writes results.
THREADS = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
import numpy as np
from mnist_edge import native_stderr
from mnist_edge.camera.images import decode_image
from mnist_edge.opencv import cv2
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import ImageError

if sys.argv[1:] == ["silence"]:
    native_stderr.enable_silencing()
picture = bytes(cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))[1])
done = Event()

def read(_):
    for content in (picture, picture[: len(picture) // 2]):
        try:
            Reader("nano").read(decode_image(content, "x"))
        except ImageError:
            pass

def write():
    count = 0
    while not done.is_set() or count < 1000:
        os.write(1, b"result\\n")
        count += 1
    return count

with ThreadPoolExecutor(5) as pool:
    written = pool.submit(write)
    list(pool.map(read, range(40)))
    done.set()
    count = written.result()
print("count", count)
os.write(2, b"standard error is back\\n")
"""


@pytest.mark.parametrize("arguments", [[], ["silence"]], ids=["library", "command line"])
def test_no_result_of_another_thread_is_lost(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", THREADS, *arguments], capture_output=True, text=True, timeout=200)
    *results, count = done.stdout.splitlines()
    assert count == f"count {len(results)}" and set(results) == {"result"}
    assert done.stderr.endswith("standard error is back\n")
