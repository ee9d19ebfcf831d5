"""A scheduler and workers of Dask as processes of this machine, as `dask scheduler` and `dask worker` start them."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from mnist_edge.benchmarks.harness.camera_process import PATIENCE_SECONDS, until
from mnist_edge.child_process import import_path
from mnist_edge.errors import CheckFailed


class DaskProcesses:
    """The processes, which end with the block.

    Attributes:
        address: Of the scheduler.
        scheduler: Its process.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        """Start the scheduler.

        Args:
            folder: Where the processes run, and log what they have to say.
            environment: Variables of the scheduler's.

        Raises:
            CheckFailed: It does not start.
        """
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        self.scheduler = self._start("scheduler", *options, **environment)
        until(lambda: file.exists() and file.read_text().endswith("}"), PATIENCE_SECONDS)
        if not file.exists():
            raise CheckFailed(f"the scheduler did not start; {folder} has its log")
        self.address = str(json.loads(file.read_text())["address"])

    def __enter__(self) -> "DaskProcesses":
        """Return these."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def start_worker(self, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a worker of one thread; it takes a moment to join."""
        return self._start("worker", self.address, "--nthreads", "1", "--no-nanny", **environment)

    def _start(self, kind: str, *options: str, **environment: str) -> "subprocess.Popen[bytes]":
        log = self._folder / f"{kind}-{len(self._processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, "--no-dashboard"],
                cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=import_path() | environment,
            )  # fmt: skip
        self._processes.append(process)
        return process
