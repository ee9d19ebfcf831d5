"""Run a module in a fresh Python, to measure it alone or to see whether it survives."""

import os
import signal
import subprocess
import sys
from typing import NamedTuple


class ChildResult(NamedTuple):
    """How a child process ended.

    Attributes:
        output: Its standard output.
        failure: Why it failed, in one line, such as `killed by SIGILL (illegal instruction)`; None if it did not.
    """

    output: str
    failure: str | None


def import_path() -> dict[str, str]:
    """Return this process's environment, by which a Python that it starts imports what it imports itself."""
    path = os.pathsep.join(path for path in sys.path if path)
    return os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def run_module(module: str, *arguments: str, timeout_s: float) -> ChildResult:
    """Run `python -m MODULE ARGUMENTS...` with this process's import path, and kill it after `timeout_s` seconds."""
    environment = import_path() | {"PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=timeout_s,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ChildResult("", f"no answer within {timeout_s:g} s")
    return ChildResult(done.stdout, failure_of(done.returncode, done.stderr))


def failure_of(code: int, stderr: str = "") -> str | None:
    """Describe in one line why a child process failed; None if it did not.

    Args:
        code: From `subprocess`: the negative number of the signal that killed the child, else its exit code.
        stderr: Its standard error, whose last line holds the reason.
    """
    if code == 0:
        return None
    if code < 0:
        names = {one.value: one.name for one in signal.Signals}
        return f"killed by {names.get(-code, f'signal {-code}')} ({(signal.strsignal(-code) or 'no name').lower()})"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {code}"
