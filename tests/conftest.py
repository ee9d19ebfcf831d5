"""What the tests share: real digits and one small network, trained once a session."""

import fcntl
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge import native_stderr
from mnist_edge.cli import app, console
from mnist_edge.cli.table import lay_out
from mnist_edge.dataset import Dataset, load, sklearn_digits

FIGURE = re.compile(r"[-+(]?\d[\d.,]*(%|x\))?")
# A shell that starts the tests in the background, or nohup, has signals ignored, and so would all processes of theirs.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what depends on the data set, and begin with files of slow tests: none of them shall be the last alone."""
    for item in items:
        if "digits" in getattr(item, "fixturenames", ()):
            item.add_marker("dataset")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: what is packed holds the time of day, and workers must collect the same names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def _not_hushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a program that uses the library; a command line that it runs here changes that."""
    monkeypatch.setattr(native_stderr, "silencing_enabled", False)


@pytest.fixture(autouse=True)
def _log_is_caught(caplog: pytest.LogCaptureFixture) -> None:
    """`caplog` has all that the package reports to people."""
    caplog.set_level(logging.INFO, logger="mnist_edge")


@pytest.fixture(scope="session", autouse=True)
def tables() -> Iterator[list[list[list[str]]]]:
    """The rows of every table that a command has laid out; none has a figure that some terminal breaks or loses."""
    seen: list[list[list[str]]] = []

    def checked(headings: list[str], rows: list[list[str]], **how: Any) -> str:
        seen.append(rows)
        figures = [word for row in rows for cell in row for word in cell.split() if FIGURE.fullmatch(word)]
        for width in (40, 80, 200):
            shown = lay_out(headings, rows, width=width).split()
            assert not [word for word in figures if word not in shown], f"broken at {width} columns: {headings}"
        return lay_out(headings, rows, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "lay_out", checked)
        yield seen


@pytest.fixture(scope="session")
def invoke() -> Callable[..., tuple[int, str, str]]:
    """`invoke("data", "--json")` runs a command in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, [str(one) for one in arguments], prog_name="mnist-edge")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


GROWTH = """
import sys
from pathlib import Path
from mnist_edge.benchmarks.memory import peak_rss_mb
from mnist_edge.errors import MnistEdgeError
{first}
before = peak_rss_mb()
said = ""
try:
    {script}
except MnistEdgeError as error:
    said = str(error)
print(peak_rss_mb() - before, said)
"""


@pytest.fixture(scope="session")
def growth() -> Callable[[str, Path], tuple[float, str]]:
    """The memory, in MB, that `import ...; call` with a path in `sys.argv[1]` takes, and the error it raises."""

    def measured(script: str, path: Path) -> tuple[float, str]:
        first, _, rest = script.partition("; ")
        code = GROWTH.format(first=first, script=rest)
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        grown, _, said = done.stdout.strip().partition(" ")
        return float(grown), said

    return measured


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """MNIST where MNIST_EDGE_DATA names it, else scikit-learn's digits; never a download."""
    return load() if os.environ.get("MNIST_EDGE_DATA") else sklearn_digits()


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """`make_once("trained", make)`: a folder that `make(folder)` has filled, in whichever test process came first."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        content, ready = folder / name, folder / f"{name}.ready"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                shutil.rmtree(content, ignore_errors=True)
                content.mkdir()
                make(content)
                ready.touch()
        return content

    return made


@pytest.fixture(scope="session")
def trained(digits: Dataset, make_once: Callable[..., Path]) -> Path:
    """The `model.keras` of a two-conv run: one epoch of MNIST, or a few of the much smaller digits."""
    from mnist_edge.models.recipes import find_recipe
    from mnist_edge.models.train import train

    epochs = 1 if digits.name == "MNIST" else 12
    recipe = find_recipe("two-conv").with_overrides(epochs, 64)
    return make_once("trained", lambda folder: train(recipe, digits, folder / "two-conv")) / "two-conv" / "model.keras"


@pytest.fixture(scope="session")
def exported(trained: Path, digits: Dataset, make_once: Callable[..., Path]) -> dict[str, Path]:
    """The trained network as a `.tflite` in every precision, by its name.

    Their accuracy is measured on a part of the test images only: int16x8 is slow on a desktop.
    """
    from mnist_edge.converters.convert import convert
    from mnist_edge.converters.precisions import PRECISIONS

    data = replace(digits, test=digits.test.take(np.arange(min(1000, len(digits.test)))))

    def export(folder: Path) -> None:
        for name in PRECISIONS:
            convert(trained, name, data=data, output=folder / f"two-conv.{name}.tflite")

    folder = make_once("exported", export)
    return {name: folder / f"two-conv.{name}.tflite" for name in PRECISIONS}


@pytest.fixture(scope="session")
def finders(digits: Dataset, make_once: Callable[..., Path]) -> Path:
    """A folder with `finder.keras`, untrained but full of detections, and `finder.PRECISION.tflite` made of it.

    `finder.uint8.tflite` is int8 with an input and output of uint8.
    """
    from mnist_edge.converters.finder import convert_finder
    from mnist_edge.converters.finder_graph import FinderLevels
    from mnist_edge.models.finder.levels import sample_levels
    from mnist_edge.models.finder.network import build_finder

    def export(folder: Path) -> None:
        network = build_finder()
        kernel, _ = network.layers[-1].get_weights()
        network.layers[-1].set_weights([30 * kernel, np.zeros(kernel.shape[-1])])
        network.save(folder / "finder.keras")
        drawn = sample_levels(digits, 16, 4, 0, typefaces=folder)
        levels = FinderLevels(*drawn, {"data": digits.name, "sha256": digits.sha256, "seed": 0})
        for name, precision, io in (("float32",) * 3, ("int8",) * 3, ("uint8", "int8", "uint8")):
            path = folder / f"finder.{name}.tflite"
            convert_finder(network, precision, io=io, levels=levels, output=path, keep=True)

    return make_once("finders", export)
