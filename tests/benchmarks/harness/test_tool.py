"""A result is kept whole, stamped, and only where its bounds hold."""

import json
import re
import subprocess
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.benchmarks.harness import tool
from mnist_edge.benchmarks.harness.tool import Result, checkout, run_measurement, stamp, tool_parser
from mnist_edge.errors import DataError, UsageError
from mnist_edge.progress import Progress

ROOT = Path(__file__).resolve().parents[3]
Measure = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a result of old, where the test is run."""
    (tmp_path / "pyproject.toml").touch()
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    (results / "rain.json").write_text("old")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return results


def measure(*arguments: str, result: Result | BaseException) -> int:
    def act(options: Namespace, progress: Progress) -> Result:
        if isinstance(result, BaseException):
            raise result
        return result

    parser = tool_parser("weather.rain", "How much rain falls.\n\nMore of it.")
    parser.add_argument("days", nargs="?", type=int, default=7)
    return run_measurement(parser, act, arguments)


def test_a_result_is_kept_with_its_stamp(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert measure(result=Result({"mm": 3})) == 0
    document = json.loads((folder / "rain.json").read_text())
    assert document == json.loads(capsys.readouterr().out)
    assert (document["mm"], document["broken"]) == (3, [])
    made = document["stamp"]
    assert made["date"].startswith("20") and made["date"].endswith("+00:00")
    assert made["versions"]["numpy"] and made["machine"]["cores"] >= 1
    assert (made["commit"], made["clean"]) == (None, False)
    assert [path.name for path in folder.iterdir()] == ["rain.json"]


def test_a_bound_that_does_not_hold_leaves_the_file_as_it_was(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wet = Result({"mm": 90}, ["90 mm of rain, not 50", "it thunders"])
    assert measure(result=wet) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["mm"] == 90
    assert err.startswith("error: 90 mm of rain, not 50; it thunders; ") and "--keep" in err and err.count("\n") == 1
    assert (folder / "rain.json").read_text() == "old"
    assert measure("--keep", result=wet) == 0
    assert json.loads((folder / "rain.json").read_text())["broken"] == list(wet.broken)


@pytest.mark.parametrize(("error", "code"), [(DataError("no gauge"), 1), (KeyboardInterrupt(), 130)])
def test_what_fails_leaves_the_file_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    assert measure(result=error) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert [path.read_text() for path in folder.iterdir()] == ["old"]


def test_only_the_usual_measurement_is_the_result(folder: Path, tmp_path: Path) -> None:
    assert measure("2", result=Result({"mm": 1})) == 0
    assert (folder / "rain.json").read_text() == "old"
    assert measure("2", "--output", "two.json", result=Result({"mm": 1})) == 0
    assert json.loads((tmp_path / "two.json").read_text())["mm"] == 1
    assert measure("7", result=Result({"mm": 2})) == 0
    assert json.loads((folder / "rain.json").read_text())["mm"] == 2


def test_nothing_is_measured_outside_of_a_checkout(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkout() == folder.parents[1]
    monkeypatch.chdir(folder)
    assert checkout() == folder.parents[1]
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert measure(result=AssertionError("measured")) == 2
    monkeypatch.chdir(folder)
    # As where the package is installed: no project lies there.
    (folder.parents[1] / "pyproject.toml").unlink()
    with pytest.raises(UsageError, match="checkout"):
        checkout()


def test_the_stamp_knows_the_commit_and_whether_the_code_is_that(folder: Path, tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (folder / "rain.json").write_text("made by another tool")
    made = stamp()
    assert (made["commit"], made["clean"]) == (git("rev-parse", "HEAD"), True)
    (tmp_path / "pyproject.toml").write_text("changed")
    assert not stamp()["clean"]


def test_no_path_of_this_machine_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.orig_argv", [str(tmp_path / "python"), "-m", "rain", str(tmp_path / "photos"), "--all"])
    assert stamp()["command"] == "python -m rain photos --all"


def test_no_target_of_make_writes_a_result_past_the_tools() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert not re.search(r">\s*\S*(results|\.json)", makefile)
    # A dash before a command would hide its failure.
    assert not re.search(r"\n\t-(?!-)", makefile)
