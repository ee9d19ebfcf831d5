"""Every command of docs/forms.md does what the page says, from a blank sheet to a table."""

import csv
import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.release.sheets import Drawn, fill, marks, photograph
from mnist_edge.dataset import Split
from mnist_edge.opencv import cv2
from tests.camera.forms.conftest import TRUTH

PAGE = Path(__file__).parents[3] / "docs" / "forms.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
COMMANDS = [shlex.split(line, comments=True) for block in BLOCKS for line in block.splitlines()]


def run(folder: Path, command: list[str], *more: str, fields: list[dict[str, Any]] | None = None) -> str | None:
    """Run a command of the page in a folder; one that serves is ended as by Ctrl-C, after its form is saved.

    Returns:
        What it said where it failed, else None.
    """
    arguments = [sys.executable, "-m", "mnist_edge", *command[1:], *more]
    with subprocess.Popen(arguments, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        said = ""
        if command[1:3] in (["form", "new"], ["form", "review"]):
            said = process.stderr.readline()
            url = said.split()[-1]
            if fields:
                body = json.dumps({"fields": fields, "sums": []}).encode()
                request = urllib.request.Request(f"{url}/api/form", body, {"Content-Type": "application/json"})
                urllib.request.urlopen(request).close()
            process.send_signal(signal.SIGINT)
        said += process.stderr.read()
    return f"exit code {process.returncode}: {said}" if process.returncode else None


@pytest.fixture(scope="module")
def desk(hand: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the empty sheet and photographs of filled ones."""
    folder = tmp_path_factory.mktemp("desk")
    drawn = marks()
    cv2.imwrite(str(folder / "marks.png"), drawn.picture)
    (folder / "scans").mkdir()
    rng = np.random.default_rng(3)
    cv2.imwrite(str(folder / "scans" / "a.jpg"), photograph(fill(drawn, TRUTH, hand, rng), rng))
    return folder


def fields_of(drawn: Drawn) -> list[dict[str, Any]]:
    """What a person draws, as the page sends it."""
    return [{"name": name, "box": list(box), "pattern": "##?#?#?#?#?"} for name, box in drawn.boxes.items()]


@pytest.mark.slow
def test_five_minutes_lead_from_a_blank_sheet_to_a_table(desk: Path) -> None:
    new, *others = [shlex.split(line, comments=True) for line in BLOCKS[0].splitlines()]
    assert len(others) == 3
    assert run(desk, new, "--serve", "0", fields=fields_of(marks())) is None
    for command in others:
        assert run(desk, command, *(["--serve", "0"] if command[2] == "review" else [])) is None
    with (desk / "marks.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    read = {name: value for name, value in TRUTH.items() if row[name]}
    assert len(read) >= 6 and all(row[name] == value for name, value in read.items())


@pytest.mark.slow
def test_all_other_commands_of_the_page_run_too(desk: Path) -> None:
    new = ["mnist-edge", "form", "new", "marks.png"]
    assert run(desk, new, "--serve", "0", "--force", fields=fields_of(marks())) is None
    for command in COMMANDS:
        more: list[str] = []
        if command[1] == "camera":
            command = ["0" if word == "8000" else word for word in command]
            more = ["--source", "fake", "--max-frames", "2", "--no-window"]
        elif command[1:3] in (["form", "new"], ["form", "review"]):
            more = ["--serve", "0"]
        if "--output" in command or "table" in command or command[1:3] == ["form", "new"] or "--csv" in command:
            more.append("--force")
        assert run(desk, command, *more) is None


def test_the_page_has_the_commands_that_these_tests_know() -> None:
    kinds = {tuple(command[1:3]) if command[1] == "form" else command[1] for command in COMMANDS}
    assert kinds == {("form", "new"), ("form", "review"), ("form", "table"), "read", "camera"}
    assert len(BLOCKS) == 4 and all(command[0] == "mnist-edge" for command in COMMANDS)
