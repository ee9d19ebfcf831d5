"""What `--help` and the shell's completion say."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer

from mnist_edge.cli import app

Invoke = Callable[..., tuple[int, str, str]]
Process = Callable[..., Any]
RAW_TYPES = re.compile(r"<\w|\b(TEXT|INTEGER|FLOAT|BOOLEAN|RANGE|None)\b|[<>]=")


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


COMMANDS = list(commands(typer.main.get_command(app)))


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(params=COMMANDS, ids=" ".join)
def shown(request: pytest.FixtureRequest, invoke: Invoke) -> str:
    """A command's help in a terminal of 80 columns."""
    code, out, err = invoke(*request.param, "--help")
    assert (code, err) == (0, "")
    return out


def test_no_help_is_cut_too_long_or_raw(shown: str) -> None:
    assert not [line for line in shown.splitlines() if len(line) > 80]
    assert not re.search(r"[a-z,]\.\.\.", shown)
    assert not RAW_TYPES.search(shown)


def test_names_are_not_broken(shown: str, request: pytest.FixtureRequest) -> None:
    command: Any = typer.main.get_command(app)
    for word in request.node.callspec.params["shown"]:
        command = command.commands[word]
    names = [name for one in command.params if one.param_type_name == "option" for name in one.opts]
    rows = [line.replace("[no-]", "").split()[0].rstrip(",") for line in shown.splitlines() if line.startswith("  -")]
    assert set(names) <= set(rows)
    assert not re.search(r"\w-\n", shown)


@pytest.mark.parametrize("words", [(), ("models",), ("service",)])
def test_each_summary_is_one_whole_line(words: tuple[str, ...], process: Process) -> None:
    # As users call it: Typer's runner for tests has a width of its own.
    lines = process(*words, "--help").communicate(timeout=60)[0].splitlines()
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    for name, inner in command.commands.items():
        first = " ".join(inner.help.partition("\n\n")[0].split()).rstrip(".")
        assert [line.split(maxsplit=1) for line in lines].count([name, first]) == 1, name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("tr", {"train"}),
        ("models sh", {"show"}),
        ("train two", {"two-conv", "two-conv-dropout"}),
        ("evaluate sm", {"small", "small.float32", "small.int8"}),
        ("read --model na", {"nano", "nano.float32", "nano.int8"}),
        ("read --finder fin", {"finder", "finder.int8"}),
        ("camera --finder finder.", {"finder.int8"}),
        ("models show f", {"finder", "finder.int8"}),
        ("export --quantize int", {"int8", "int16x8"}),
        ("evaluate --runtime ai", {"ai-edge-litert"}),
        ("camera --flip v", {"vertical"}),
    ],
)
def test_the_shell_completes(process: Process, line: str, found: set[str]) -> None:
    asked = {"_MNIST_EDGE_COMPLETE": "complete_bash", "COMP_WORDS": f"mnist-edge {line}"}
    running = process(env=os.environ | asked | {"COMP_CWORD": str(len(line.split()))})
    assert set(running.communicate(timeout=60)[0].split()) == found
