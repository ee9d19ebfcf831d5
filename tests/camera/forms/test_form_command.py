"""From photographs to a reviewed table, by the commands that people use."""

import csv
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release.sheets import Drawn, fill, photograph
from mnist_edge.camera.forms.page_file import open_pages
from mnist_edge.camera.forms.reviews import Reviews
from mnist_edge.cli import app
from mnist_edge.dataset import Split
from mnist_edge.opencv import cv2
from tests.camera.conftest import Run
from tests.camera.forms.conftest import TRUTH
from tests.camera.forms.page_files import doubtful_pages

MNIST_EDGE = [sys.executable, "-m", "mnist_edge"]


@pytest.mark.slow
def test_scans_become_a_file_that_is_gone_on_with_and_a_table(
    read: Callable[..., Run], form_file: Path, sheet: Drawn, hand: Split, tmp_path: Path
) -> None:
    scans, pages = tmp_path / "scans", tmp_path / "marks.sqlite"
    scans.mkdir()
    rng = np.random.default_rng(3)
    cv2.imwrite(str(scans / "a.jpg"), photograph(fill(sheet, TRUTH, hand, rng), rng))
    ran = read("--form", form_file, scans, "--output", pages, "--workers", 1, "--min-trust", 1)
    assert ran.code == 0 and "wrote 1 pages" in ran.err and f"form review {pages}" in ran.err
    (scans / "broken.jpg").write_bytes(b"no picture")
    assert "exists already" in read("--form", form_file, scans, "--output", pages, "--workers", 1).err
    ran = read("--form", form_file, scans, "--output", pages, "--resume", "--workers", 1, "--min-trust", 1)
    assert ran.code == 1 and "wrote 0 pages" in ran.err
    assert "1 pictures with an error" in ran.err and "1 pictures had theirs already" in ran.err
    with open_pages(pages) as opened:
        first = Reviews(opened).batch("me")["fields"][0]
        assert len(first["crop"]) > 500
        Reviews(opened).answer(first["id"], TRUTH[first["name"]] or "0", seen=0, reviewer="me")
    with pytest.raises(SystemExit, match="0"):
        app(["form", "table", str(pages), str(tmp_path / "marks.csv")], prog_name="mnist-edge")
    with (tmp_path / "marks.csv").open(newline="") as file:
        row, broken = csv.DictReader(file)
    assert row[first["name"]] == (TRUTH[first["name"]] or "0") and first["name"] not in row["review"].split("; ")
    assert broken["outcome"] == "cannot be read"


@pytest.mark.slow
def test_the_review_ends_by_a_signal_and_keeps_its_digits(tmp_path: Path) -> None:
    pages, collected = tmp_path / "marks.sqlite", tmp_path / "collected"
    with doubtful_pages(pages, 3) as opened:
        Reviews(opened).answer(1, "7", seen=0, reviewer="me")
    command = [*MNIST_EDGE, "form", "review", str(pages), "--serve", "0", "--collect", str(collected)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        url = process.stderr.readline().split()[-1]
        with urllib.request.urlopen(url) as page:
            assert b"Review" in page.read()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 0
    assert "kept 1 digits" in said and "1 values reviewed, 2 left" in said
    assert (collected / "collected.jsonl").exists()


def test_wrong_files_are_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"SQLite format 3\0")
    with doubtful_pages(tmp_path / "b.sqlite", 1):
        pass
    for arguments, said in (
        (["review", "a.sqlite"], "no pages of a form"),
        (["review", "missing.sqlite"], "there is no file"),
        (["table", "b.sqlite", "b.xlsx"], "tables are CSV"),
        (["table", "b.sqlite", "b.sqlite"], "tables are CSV"),
    ):
        with pytest.raises(SystemExit) as ended:
            app(["form", *(str(tmp_path / one) if "." in one else one for one in arguments)], prog_name="mnist-edge")
        err = capsys.readouterr().err
        assert ended.value.code == 2 and said in err and len(err.splitlines()) == 1
