"""What the package promises to those who import it, and what importing it costs."""

import json
import pydoc
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import mnist_edge
from mnist_edge import (
    Classifier,
    ImageError,
    MnistEdgeError,
    ModelError,
    Reader,
    RuntimeMissing,
    UsageError,
    normalise,
    read,
)
from mnist_edge.cli import app

ERRORS = {
    "ImageError",
    "MnistEdgeError",
    "ModelError",
    "ModelWarning",
    "PackageMissing",
    "RuntimeMissing",
    "UsageError",
}
NAMES = ERRORS | {
    "Box", "Classifier", "Digit", "Guess", "Reader", "Reading", "Rejected", "normalise", "read",
}  # fmt: skip
HEAVY = {"numpy", "cv2", "tensorflow", "keras", "ai_edge_litert", "tflite_runtime", "matplotlib", "sklearn", "scipy"}
LOADED = """
import json, sys
try:
    exec(sys.argv.pop(1))
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loads(code: str, *arguments: str) -> tuple[str, set[str]]:
    """What a fresh Python prints, and which heavy packages it has loaded at its end."""
    command = [sys.executable, "-c", LOADED, code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout, HEAVY & set(json.loads(done.stderr))


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for word, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*words, word))


COMMANDS = list(commands(typer.main.get_command(app)))


def test_the_public_names_are_these() -> None:
    assert set(mnist_edge.__all__) == NAMES
    assert len(mnist_edge.__all__) == len(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(mnist_edge, name)
    assert found.__name__ == name
    assert found.__doc__
    assert found.__module__.startswith("mnist_edge.")


def test_dir_and_help_show_the_public_names() -> None:
    assert {name for name in dir(mnist_edge) if not name.startswith("_")} == NAMES
    text = pydoc.plain(pydoc.render_doc(mnist_edge))
    assert not [name for name in NAMES if not re.search(rf"^    (class )?{name}\(", text, re.MULTILINE)]


DIGITS = np.zeros((1, 28, 28), np.uint8)
MISUSES: dict[str, tuple[type[Exception], str, Callable[[], object]]] = {
    "images as a list": (UsageError, "NumPy array, not list", lambda: Classifier().probabilities([[0]])),  # type: ignore[arg-type]
    "images of whole numbers": (UsageError, "not int64", lambda: Classifier().probabilities(DIGITS.astype(np.int64))),
    "a single image": (UsageError, r"not \(28, 28\)", lambda: Classifier().probabilities(DIGITS[0])),
    "images beyond 1": (UsageError, "lie in 0 to 1", lambda: Classifier().probabilities(DIGITS + np.float32(2))),
    "images with NaN": (UsageError, "nan", lambda: Classifier().probabilities(DIGITS + np.float32("nan"))),
    "nine probabilities": (UsageError, r"\(n, 10\)", lambda: Classifier().is_digit(np.zeros((1, 9), np.float32))),
    "ink as a list": (UsageError, "not list", lambda: normalise([[1]])),  # type: ignore[arg-type]
    "ink as floats": (UsageError, "not float64", lambda: normalise(np.zeros((3, 3)))),  # type: ignore[arg-type]
    "no ink": (UsageError, "no ink", lambda: normalise(np.zeros((3, 3), np.uint8))),
    "no frame": (UsageError, "not NoneType", lambda: Reader().read(None)),  # type: ignore[arg-type]
    "a frame as floats": (UsageError, "not float64", lambda: read(np.zeros((9, 9)))),  # type: ignore[arg-type]
    "a frame of four channels": (UsageError, r"not \(9, 9, 4\)", lambda: read(np.zeros((9, 9, 4), np.uint8))),
    "an image as bytes": (UsageError, "not bytes", lambda: read(b"")),  # type: ignore[arg-type]
    "a missing image": (ImageError, "missing.jpg", lambda: read("missing.jpg")),
    "an image that is none": (ImageError, "no picture", lambda: read(Path(__file__))),
    "an unknown model": (ModelError, "'huge'; there are: finder, large", lambda: Reader("huge")),
    "a missing model": (ModelError, "missing.tflite", lambda: Classifier("missing.tflite")),
    "a model that is none": (ModelError, "no TFLite model", lambda: Classifier(__file__)),
    "no model": (UsageError, "not by NoneType", lambda: Reader(None)),  # type: ignore[arg-type]
    "a threshold beyond 1": (UsageError, "not 2", lambda: Reader(min_confidence=2)),
    "a threshold that is NaN": (UsageError, "not nan", lambda: Reader(min_confidence=float("nan"))),
    "a threshold as text": (UsageError, "not '0.5'", lambda: Reader(min_confidence="0.5")),  # type: ignore[arg-type]
    "no threads": (UsageError, "1 to 256, not 0", lambda: Classifier(threads=0)),
    "threads as text": (UsageError, "1 to 256, not 2", lambda: Classifier(threads="2")),  # type: ignore[arg-type]
    "an unknown runtime": (RuntimeMissing, "'onnx'; choose", lambda: Classifier(runtime="onnx")),
}


@pytest.mark.parametrize("case", MISUSES)
def test_misuse_is_an_error_of_ours(case: str) -> None:
    kind, message, misuse = MISUSES[case]
    with pytest.raises(kind, match=message) as caught:
        misuse()
    assert isinstance(caught.value, MnistEdgeError)
    assert isinstance(caught.value, ValueError) is (kind is UsageError)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Raeder'"):
        mnist_edge.Raeder  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    assert loads("import mnist_edge") == ("", set())


def test_the_names_load_what_they_need_and_no_more() -> None:
    assert loads("from mnist_edge import Box, Digit, MnistEdgeError, Reading, Rejected, UsageError") == ("", set())
    assert "numpy" in loads("from mnist_edge import Classifier")[1]
    assert not {"cv2", "tensorflow", "keras"} & loads("from mnist_edge import Classifier, normalise")[1]
    assert not {"tensorflow", "keras", "matplotlib", "sklearn"} & loads("from mnist_edge import Reader")[1]


def test_there_are_all_the_commands() -> None:
    names = "quickstart data train evaluate export verify compat benchmark read form camera service models doctor"
    assert {words[0] for words in COMMANDS if words} == {*names.split(), "selftest"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_loads_nothing_heavy_and_shows_an_example(words: tuple[str, ...]) -> None:
    code = "from mnist_edge.cli import main; sys.argv[0] = 'mnist-edge'; main()"
    out, heavy = loads(code, *words, "--help")
    assert heavy == set()
    assert out.startswith(f"Usage: mnist-edge {' '.join(words)}".rstrip())
    assert "Example: mnist-edge" in out or not words
