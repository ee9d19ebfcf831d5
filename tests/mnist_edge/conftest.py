"""A small data folder, and the command line as a process."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Split, sklearn_digits


def _write_idx(folder: Path, stem: str, split: Split) -> None:
    count = len(split)
    for kind, magic, shape, array in (
        ("images-idx3", 0x0803, (count, 28, 28), split.images),
        ("labels-idx1", 0x0801, (count,), split.labels),
    ):
        header = np.array([magic, *shape], ">u4").tobytes()
        (folder / f"{stem}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))


@pytest.fixture(scope="session")
def idx_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """800 and 359 of scikit-learn's digits, as the four IDX files that `--data` takes."""
    folder, digits = tmp_path_factory.mktemp("few-digits"), sklearn_digits()
    _write_idx(folder, "train", digits.training.take(np.arange(800)))
    _write_idx(folder, "t10k", digits.test)
    return folder


@pytest.fixture(scope="session")
def process() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """`process("data", "--json")` starts `mnist-edge` as its users do; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **options: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "mnist_edge", *map(str, arguments)]
        # Buffered, as in a shell, whatever the tests run under.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment}
        started.append(subprocess.Popen(command, text=True, **{**streams, **options}))  # type: ignore[call-overload]
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
            one.communicate()
