import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.child_process import failure_of, run_module


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def write(code: str) -> str:
        (tmp_path / "a_child.py").write_text(code)
        return "a_child"

    monkeypatch.syspath_prepend(tmp_path)
    return write


def test_output_and_arguments_pass_through(module: Callable[[str], str]) -> None:
    outcome = run_module(module("import sys; print(sys.argv[1:])"), "a b", "c", timeout_s=30)
    assert (outcome.output, outcome.failure) == ("['a b', 'c']\n", None)


def test_the_child_finds_what_this_process_finds(module: Callable[[str], str]) -> None:
    outcome = run_module(module("import mnist_edge, numpy; print(mnist_edge.__file__)"), timeout_s=30)
    assert outcome.failure is None
    assert outcome.output.strip() == sys.modules["mnist_edge"].__file__


def test_an_exception_is_reported_in_its_last_line(module: Callable[[str], str]) -> None:
    outcome = run_module(module("raise SystemError('_ARRAY_API not found')"), timeout_s=30)
    assert outcome.failure == "SystemError: _ARRAY_API not found"


def test_an_exit_code_is_reported(module: Callable[[str], str]) -> None:
    assert run_module(module("raise SystemExit(7)"), timeout_s=30).failure == "exit code 7"


@pytest.mark.parametrize("name", ["SIGILL", "SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_signal_is_reported_by_its_name(module: Callable[[str], str], name: str) -> None:
    code = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    assert str(run_module(module(code), timeout_s=30).failure).startswith(f"killed by {name} (")


def test_a_signal_without_a_name_is_reported_by_its_number() -> None:
    assert failure_of(-signal.SIGRTMIN - 1) == f"killed by signal {signal.SIGRTMIN + 1} (real-time signal 1)"


def test_a_hang_ends_with_its_time(module: Callable[[str], str]) -> None:
    assert run_module(module("import time; time.sleep(100)"), timeout_s=0.5).failure == "no answer within 0.5 s"
