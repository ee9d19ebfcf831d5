"""The repository as a whole: its files, its command lines, and a page to read."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from mnist_edge.cli import app
from mnist_edge.opencv import cv2

ROOT = Path(__file__).resolve().parents[2]
# Each digit as the lines that a pen would draw, in a box of 60 x 100.
STROKES = {
    "0": ((30, 0), (10, 20), (2, 50), (10, 82), (30, 100), (50, 82), (58, 50), (50, 20), (30, 0)),
    "2": ((4, 24), (14, 6), (32, 0), (50, 8), (56, 26), (46, 50), (24, 74), (2, 98), (60, 96)),
    "3": ((6, 10), (28, 0), (50, 10), (50, 30), (26, 46), (52, 58), (58, 78), (40, 97), (18, 99), (2, 88)),
    "7": ((0, 2), (58, 0), (46, 34), (32, 66), (22, 100)),
}


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file that is or could be committed, relative to the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    command = ["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [Path(name) for name in names if name and ((ROOT / name).exists() or (ROOT / name).is_symlink())]


@pytest.fixture(scope="session")
def parse_command() -> Callable[[str], str]:
    """`parse_command("mnist-edge read page.jpg")` parses such a line without running it; returns why not, or ""."""

    def parse(line: str) -> str:
        words = shlex.split(line, comments=True)
        ends = [index for index, word in enumerate(words) if word in ("|", ">", ">>", "<", "&&", ";", "&")]
        words = [word for word in words[: min(ends, default=len(words))] if word != "--verbose"]
        if words[0] != "mnist-edge":
            return f"{line}: it is no command of ours"
        command: Any = typer.main.get_command(app)
        words = words[1:]
        while hasattr(command, "commands") and words and not words[0].startswith("-"):
            if words[0] not in command.commands:
                return f"{line}: there is no command {words[0]}"
            command, words = command.commands[words[0]], words[1:]
        try:
            command.make_context("mnist-edge", words)
        except typer.Exit:
            pass
        except Exception as error:
            reason = error.format_message() if hasattr(error, "format_message") else error
            return f"{line}: {reason}"
        return ""

    return parse


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph-like page with two rows, 372 and 20, drawn with a pen."""
    image = np.full((480, 640), 225, np.uint8)
    for top, row in ((60, "372"), (280, "20")):
        for column, digit in enumerate(row):
            points = np.add(STROKES[digit], (100 + 160 * column, top)).astype(np.int32)
            cv2.polylines(image, [points], isClosed=False, color=50, thickness=9, lineType=cv2.LINE_AA)
    noise = np.random.default_rng(0).normal(0, 2, image.shape)
    smooth = cv2.GaussianBlur(image, (0, 0), 1.5) + noise
    path = tmp_path_factory.mktemp("page") / "page.png"
    assert cv2.imwrite(str(path), cv2.cvtColor(np.clip(smooth, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR))
    return path
