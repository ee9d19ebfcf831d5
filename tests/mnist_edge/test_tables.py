"""The tables of every command, as they lie on terminals of several widths."""

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import mnist_edge
from mnist_edge.cli import console
from mnist_edge.cli.table import lay_out

Invoke = Callable[..., tuple[int, str, str]]
Table = tuple[Sequence[str], Sequence[Sequence[str]]]
FIGURE = re.compile(r"[-+(]?\d[\d.,]*(%|x\))?")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> list[Table]:
    """What the commands of a test lay out."""
    seen: list[Table] = []

    def record(headings: Sequence[str], rows: Sequence[Sequence[str]], **how: Any) -> str:
        seen.append((headings, rows))
        return lay_out(headings, rows, **how)

    monkeypatch.setattr(console, "lay_out", record)
    return seen


def check(tables: list[Table]) -> None:
    assert tables
    for headings, rows in tables:
        figures = [word for row in rows for cell in row for word in cell.split() if FIGURE.fullmatch(word)]
        for width in (40, 80, 200):
            words = lay_out(headings, rows, width=width).split()
            assert not [word for word in figures if word not in words], width


@pytest.mark.parametrize(
    "line",
    [
        "models",
        "models list",
        "data --data DATA",
        "evaluate nano --data DATA",
        "verify small.float32 small.int8 --data DATA --max-drop 100 --min-agreement 1.1",
        "benchmark nano.int8 small.float32 small.int8 --runs 3 --accuracy --data DATA",
        "doctor",
        "train --list",
    ],
)
def test_no_figure_of_a_table_is_broken(line: str, invoke: Invoke, idx_folder: Path, tables: list[Table]) -> None:
    assert invoke(*(str(idx_folder) if word == "DATA" else word for word in line.split()))[0] == 0
    check(tables)


def test_no_figure_of_a_trained_and_exported_model_is_broken(
    invoke: Invoke, idx_folder: Path, tmp_path: Path, tables: list[Table]
) -> None:
    run, data = tmp_path / "mlp", ["--data", idx_folder]
    assert invoke("train", "mlp", "--epochs", 1, "--output", run, *data)[0] == 0
    assert invoke("export", run, "--quantize", "int8", *data)[0] == 0
    assert invoke("verify", run, run / "mlp.int8.tflite", "--layers", *data)[0] in (0, 3)
    assert len(tables) >= 6
    check(tables)


def test_tables_are_made_in_one_place() -> None:
    elsewhere = []
    for path in Path(mnist_edge.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        elsewhere += [path for module in named if module in ("rich.table", "rich.markdown", "rich.columns")]
    assert not elsewhere
