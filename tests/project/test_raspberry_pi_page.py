"""The commands of docs/raspberry-pi.md that need no camera, run as they stand there, one after the other."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnist_edge.cli import app

pytestmark = pytest.mark.slow
# What needs a camera, or systemd and root; that they parse is tested with those of all documents.
NOT_HERE = ("camera --source 0", "camera --source picamera", "service install -- ", "service status")
# Fewer samples than a user would take; and where tests run as root, that is no user for a camera.
OTHERWISE = {"benchmark small": ("--runs", "5"), "service install": ("--run-as", "nobody")}


def commands(root: Path) -> list[str]:
    """Every command line of ours on the page, without its comment."""
    text = (root / "docs" / "raspberry-pi.md").read_text()
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
    found = (re.search(r"(?:^|/)mnist-edge (.*?)(?:  +#.*)?$", line) for line in lines)
    return [line[1] for line in found if line]


def test_the_page_is_followed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(root / "docs" / "page.jpg", tmp_path)
    monkeypatch.chdir(tmp_path)
    followed = []
    for line in commands(root):
        if line.startswith(NOT_HERE):
            continue
        words = shlex.split(line)
        for beginning, more in OTHERWISE.items():
            if line.startswith(beginning):
                words[len(beginning.split()) : len(beginning.split())] = more
        if line.startswith("benchmark compare"):
            # The report of another board.
            shutil.copy("pi.json", "pi4.json")
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, f"{line}: {result.output}"
        followed.append(" ".join(words[:2]))
    assert followed == [
        "doctor", "selftest", "read page.jpg", "service install", "benchmark small", "benchmark compare",
    ]  # fmt: skip
