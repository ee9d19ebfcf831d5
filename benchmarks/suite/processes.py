"""The processes of engines as their parent sees them: questions and answers, and whether they still live."""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any

import mnist_edge
from mnist_edge.child_process import failure_of
from mnist_edge.errors import ModelError

# Loading TensorFlow on a busy machine takes most of a minute.
TIMEOUT_S = 300.0


class EngineProcess:
    """A process that runs engines; see `worker` and `picture_worker`."""

    def __init__(self, given: Path, log: Path, python: Path | None = None, worker: str = "worker") -> None:
        """Start it.

        Args:
            given: What it works on: the file of images, or the folder of pictures.
            log: What its libraries print is added there.
            python: The Python of another environment, which need not have mnist-edge; None takes this one.
            worker: Its module.
        """
        self._path = tempfile.TemporaryDirectory()
        here = Path(mnist_edge.__file__).resolve().parent
        # This package alone: the other environment has its own NumPy, say.
        Path(self._path.name, "mnist_edge").symlink_to(here, target_is_directory=True)
        search = [self._path.name] if python else [self._path.name, *filter(None, sys.path)]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(search),
            "PYTHONSAFEPATH": "1",
            "PYTHONWARNINGS": "ignore",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        self._started_s = perf_counter()
        with log.open("ab") as printed:
            self._process = subprocess.Popen(
                [str(python or sys.executable), "-m", f"mnist_edge.benchmarks.suite.{worker}", str(given)],
                env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed,
            )  # fmt: skip
        self._log = log

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            ModelError: The process ended, answered nothing in time, or what it was asked for failed; says why.
        """
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
            self._process.stdin.flush()
            line = self._line()
        except BrokenPipeError:
            line = b""
        if not line:
            raise ModelError(self._ending())
        answer: dict[str, Any] = json.loads(line)
        if error := answer.get("error"):
            raise ModelError(str(error))
        return answer

    @property
    def age_ms(self) -> float:
        """Time since it was started."""
        return (perf_counter() - self._started_s) * 1000

    def _line(self) -> bytes:
        assert self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(TIMEOUT_S):
                self._process.kill()
                raise ModelError(f"no answer within {TIMEOUT_S:g} s")
        return self._process.stdout.readline()

    def _ending(self) -> str:
        code = self._process.wait(timeout=TIMEOUT_S)
        return failure_of(code, self._log.read_text(errors="replace")) or "it ended by itself"

    def close(self) -> None:
        """Let it end."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._path.cleanup()

    def __enter__(self) -> "EngineProcess":
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it end."""
        self.close()


def python_with(
    engine: str, version: str | None, given: Path, log: Path, pythons: Sequence[Path], worker: str = "worker"
) -> tuple[Path | None, str] | None:
    """Find an environment that has an engine, this one first; None where none has it.

    Args:
        engine: Its name.
        version: The version that this environment has; None where it has none.
        given: As for `EngineProcess`, as are `log` and `worker`.
        log: What libraries print.
        pythons: Pythons of other environments.
        worker: The module that runs such engines.

    Returns:
        Its Python, None for this one, and the engine's version.
    """
    if version:
        return None, version
    for python in pythons:
        with EngineProcess(given, log, python, worker) as process, suppress(ModelError):
            if found := process.ask("version", engine=engine)["version"]:
                return python, str(found)
    return None
