"""Ctrl-C at many moments of a command's life, the first second above all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# Interrupts itself at its n-th import: unlike a time, that is the same moment on every machine.
INTERRUPTED = """
import os, signal, sys
from mnist_edge.__main__ import main
left = int(sys.argv.pop(1))
def count(event, arguments):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            open("interrupted", "w").close()
            os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(count)
main()
"""


def run(code: str, *arguments: object, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "moments"),
    [
        ("--help", (1, 20, 90)),
        ("models", (10, 60, 120, 200)),
        ("read page.png", (40, 150, 250, 300, 350)),
        ("camera --source fake --no-window --max-frames 2", (30, 130, 230, 330, 430)),
        ("train mlp --epochs 1", (100, 350, 700, 1200, 2000)),
    ],
)
def test_no_moment_leaves_a_traceback(line: str, moments: tuple[int, ...], idx_folder: Path, tmp_path: Path) -> None:
    for moment in moments:
        environment = {**os.environ, "MNIST_EDGE_DATA": str(idx_folder)}
        done = run(INTERRUPTED, moment, *line.split(), cwd=tmp_path, env=environment)
        if not (tmp_path / "interrupted").exists():
            assert moment > moments[1], "that early an import is still to come"
            break
        (tmp_path / "interrupted").unlink()
        # Before the command runs the signal itself ends the process, which a shell shows as 130 as well.
        assert done.returncode in (-signal.SIGINT, 130, *((0,) if line.startswith("camera") else ())), (moment, done)
        assert done.stderr in (("interrupted\n",) if done.returncode == 130 else ("", "no frames\n")), moment


def test_what_a_library_makes_of_ctrl_c_is_no_bug() -> None:
    code = """
import os, signal, mnist_edge.shipped_models
from mnist_edge.__main__ import main
def broken_off():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        os.read(os.pipe()[0], 1)
    except BaseException:
        raise ImportError("initialization failed") from None
mnist_edge.shipped_models.shipped_models = broken_off
main()
"""
    done = run(code, "models")
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_ctrl_c_in_a_destructor_is_not_lost() -> None:
    code = """
import os, signal, time, mnist_edge.shipped_models
from mnist_edge.__main__ import main
class Dies:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
def drop():
    Dies()
    time.sleep(60)
mnist_edge.shipped_models.shipped_models = drop
main()
"""
    done = run(code, "models")
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_an_echo_is_ignored_and_a_second_ctrl_c_ends_what_swallowed_the_first() -> None:
    code = """
import os, signal, time, mnist_edge.shipped_models
from mnist_edge.__main__ import main
from mnist_edge.cli.signals import ECHO_SECONDS
def swallowed():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        pass
    signal.raise_signal(signal.SIGINT)
    print("goes on", flush=True)
    time.sleep(2 * ECHO_SECONDS)
    signal.raise_signal(signal.SIGINT)
    time.sleep(60)
mnist_edge.shipped_models.shipped_models = swallowed
main()
"""
    done = run(code, "models")
    assert (done.returncode, done.stdout, done.stderr) == (130, "goes on\n", "interrupted\n")


def test_who_had_ctrl_c_ignored_keeps_it_so() -> None:
    code = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import mnist_edge.shipped_models
from mnist_edge.__main__ import main
whole = mnist_edge.shipped_models.shipped_models
def interrupted():
    os.kill(os.getpid(), signal.SIGINT)
    return whole()
mnist_edge.shipped_models.shipped_models = interrupted
main()
"""
    assert run(code, "models").returncode == 0
