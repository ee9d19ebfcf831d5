"""Commands that print tables; whatever a test prints, `tables` checks that no terminal breaks a figure of it."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mnist_edge

Invoke = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
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
        "selftest nano.float32",
        "compat nano",
        "train --list",
    ],
)
def test_no_figure_of_a_table_is_broken(line: str, invoke: Invoke, idx_folder: Path, tables: list[Any]) -> None:
    tables.clear()
    assert invoke(*(str(idx_folder) if word == "DATA" else word for word in line.split()))[0] == 0
    assert tables


@pytest.mark.slow
def test_no_figure_of_a_trained_and_exported_model_is_broken(
    invoke: Invoke, idx_folder: Path, tmp_path: Path, tables: list[Any]
) -> None:
    tables.clear()
    run, data = tmp_path / "mlp", ["--data", idx_folder]
    assert invoke("train", "mlp", "--epochs", 6, "--output", run, *data)[0] == 0
    # So little training may not survive the conversion.
    assert invoke("export", run, "--quantize", "int8", *data)[0] in (0, 3)
    assert invoke("verify", run, run / "mlp.int8.tflite", "--layers", *data)[0] in (0, 3)
    assert len(tables) >= 3


def test_tables_are_made_in_one_place() -> None:
    elsewhere = []
    for path in Path(mnist_edge.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        elsewhere += [path for module in named if module in ("rich.table", "rich.markdown", "rich.columns")]
    assert not elsewhere
