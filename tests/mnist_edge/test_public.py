"""What the package promises to those who import it, and what importing it costs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

import mnist_edge
from mnist_edge.cli import app

NAMES = {"Classifier", "Digit", "Guess", "MnistEdgeError", "Reader", "Reading", "Rejected", "normalise", "read"}
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


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Raeder'"):
        mnist_edge.Raeder  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    assert loads("import mnist_edge") == ("", set())


def test_the_names_load_what_they_need_and_no_more() -> None:
    assert loads("from mnist_edge import Digit, MnistEdgeError, Reading, Rejected") == ("", set())
    assert "numpy" in loads("from mnist_edge import Classifier")[1]
    assert not {"cv2", "tensorflow", "keras"} & loads("from mnist_edge import Classifier, normalise")[1]
    assert not {"tensorflow", "keras", "matplotlib", "sklearn"} & loads("from mnist_edge import Reader")[1]


def test_there_are_all_the_commands() -> None:
    names = "quickstart data train evaluate export verify benchmark read camera service models doctor"
    assert {words[0] for words in COMMANDS if words} == set(names.split())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_loads_nothing_heavy_and_shows_an_example(words: tuple[str, ...]) -> None:
    code = "from mnist_edge.cli import main; sys.argv[0] = 'mnist-edge'; main()"
    out, heavy = loads(code, *words, "--help")
    assert heavy == set()
    assert out.startswith(f"Usage: mnist-edge {' '.join(words)}".rstrip())
    assert "Example: mnist-edge" in out or not words
