"""Check whether each TFLite runtime works, by running a model and its golden vectors in a child process.

An import proves nothing (tflite-runtime imports with a numpy that it cannot use), and a wheel made for a newer
processor dies of a signal that no `except` catches. Run as `python -m mnist_edge.doctor.runtimes NAME MODEL`, this is
that process.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mnist_edge.child_process import run_module
from mnist_edge.doctor.check import Check, Status
from mnist_edge.machine import this_machine
from mnist_edge.optional_packages import pip_install
from mnist_edge.runtime import RUNTIMES, Runtime
from mnist_edge.selftest import selftest

NAMES = tuple(RUNTIMES)
INSTALL = {
    "ai-edge-litert": "pip install ai-edge-litert",
    "tflite-runtime": f"with Python 3.11 or older: {pip_install('tflite-runtime')}",
    "tensorflow": pip_install("train"),
}

# How the message begins where a runtime runs the model and computes something else.
WRONG = "computes wrong numbers"


def check(name: str, model: Path | None, timeout_s: float) -> Check:
    """Try the runtime called `name`, one of `NAMES`, with a `.tflite`, for at most `timeout_s` seconds."""
    runtime = RUNTIMES[name]
    if find_spec(runtime.module.partition(".")[0]) is None:
        return Check(name, Status.MISSING, "not installed", _install(name))
    found = f"{runtime.label}, numpy {np.__version__}"
    if model is None:
        return Check(name, Status.MISSING, f"{found}: not tried, for want of a model", "see models")
    outcome = run_module(__name__, name, str(model), timeout_s=timeout_s)
    if outcome.failure:
        return Check(name, Status.BROKEN, f"{found}: {outcome.failure}", _mend(runtime, outcome.failure))
    return Check(name, Status.OK, f"{found}, runs {model.name}: {outcome.output.strip()}")


def without_needless_advice(checks: Sequence[Check]) -> list[Check]:
    """Replace the advice to install further runtimes where one works."""
    if not any(check.ok for check in checks):
        return list(checks)
    return [
        replace(check, advice="not needed, another runtime works") if check.status is Status.MISSING else check
        for check in checks
    ]


def _install(name: str) -> str:
    if name == "ai-edge-litert" and this_machine().is_32_bit_arm:
        return "there is none for 32-bit Arm: use tflite-runtime, or a 64-bit system"
    return INSTALL[name]


def _mend(runtime: Runtime, failure: str) -> str:
    if failure.startswith(WRONG):
        return f"it would read wrongly: install another version of {runtime.name}, or another runtime in its place"
    if runtime.hint:
        return runtime.hint
    if "SIGILL" in failure:
        return f"this build of {runtime.name} needs a newer processor: install another version of it"
    if failure.startswith("killed by"):
        return f"it crashes Python: install another version of {runtime.name}"
    if failure.startswith("no answer"):
        return "try again when the machine is idle, or reinstall it"
    return f"reinstall it: pip install --force-reinstall {runtime.name}"


def try_here(name: str, model: Path) -> str:
    """Build and run a model in this process, and compare its golden vectors; raises whatever the runtime raises.

    Returns:
        What the comparison has shown.

    Raises:
        SystemExit: It computes something else than what the file has.
    """
    interpreter = RUNTIMES[name].build(model.read_bytes())
    interpreter.invoke()
    interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    found = selftest(model, name)
    if found.failure:
        sys.exit(f"{WRONG} with {model.name}: {found.failure}")
    return f"{found.inputs} golden vectors agree" if found.inputs else "no golden vectors in it to compare"


if __name__ == "__main__":
    print(try_here(sys.argv[1], Path(sys.argv[2])))
