"""Each package of tools has one entry: it lists its tools, each explains itself, and make runs no others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_edge.benchmarks.harness.entry import list_tools, run_package

ROOT = Path(__file__).resolve().parents[3]
TOOLS = [(package, name) for package in ("release", "endurance") for name in list_tools(ROOT / "benchmarks" / package)]


@pytest.mark.parametrize(("package", "name"), TOOLS)
def test_every_tool_explains_itself(package: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_package(f"mnist_edge.benchmarks.{package}", [name, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.split()[:5] == ["usage:", "python", "-m", f"mnist_edge.benchmarks.{package}", name]
    assert "show this help" in out


def test_an_entry_lists_its_tools_and_refuses_others(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code in ((["--help"], 0), ([], 2), (["rain"], 2)):
        with pytest.raises(SystemExit) as ended:
            run_package("mnist_edge.benchmarks.endurance", arguments)
        assert ended.value.code == code
    out, err = capsys.readouterr()
    assert "\n  reading-time  What reading a frame costs" in out and "\n  faults " in out
    assert "invalid choice: 'rain'" in err


def test_who_has_enough_of_the_output_ends_a_tool_without_a_traceback() -> None:
    code = """
import sys
from types import ModuleType
from mnist_edge.benchmarks.harness.entry import run_package
tool = ModuleType("tool")
tool.main = lambda arguments: print("a line\\n" * 100_000) or 0
sys.modules["mnist_edge.benchmarks.release.typefaces"] = tool
sys.exit(run_package("mnist_edge.benchmarks.release", ["typefaces"]))
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stderr and running.stdout.readline() == "a line\n"
        running.stdout.close()
        err = running.stderr.read()
    assert (running.returncode, err) == (141, "")


def test_every_target_of_make_is_a_tool() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for package in ("release", "endurance"):
        (targets,) = re.findall(rf"^{package.upper()} := (.*)", makefile, re.MULTILINE)
        named = re.findall(rf"\(RUN\)\.{package} ([a-z-]+)", makefile)
        assert {(package, name) for name in (*targets.split(), *named)} <= {*TOOLS}
