"""What was read stays whole, is gone on with, and becomes a table."""

import csv
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_edge.camera.forms.form_table import write_table
from mnist_edge.camera.forms.page_file import create_pages, open_pages
from mnist_edge.camera.forms.reviews import Reviews
from mnist_edge.errors import OutputError, UsageError
from tests.camera.forms.page_files import FORM, doubtful_pages, picture, reading


def test_a_table_has_what_people_said_and_leaves_out_what_nobody_looked_at(tmp_path: Path) -> None:
    with doubtful_pages(tmp_path / "a.sqlite", 2) as pages:
        pages.add({"source": "broken.jpg", "error": "it cannot be read"})
        reviews = Reviews(pages)
        reviews.answer(1, "17", seen=0, reviewer="me")
        for suffix in ("csv", "jsonl", "parquet"):
            assert write_table(pages, tmp_path / f"a.{suffix}") == 3
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"source": "000.jpg", "outcome": "read", "review": "", "mark": "17", "time": "12:30"}
    assert rows[1] == {"source": "001.jpg", "outcome": "read", "review": "mark", "mark": "", "time": "12:30"}
    assert (rows[2]["source"], rows[2]["outcome"]) == ("broken.jpg", "cannot be read")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [line["mark"] for line in lines] == ["17", None, None]
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(tmp_path / "a.parquet").column("mark").to_pylist() == ["17", None, None]


def test_a_file_is_gone_on_with_and_never_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with doubtful_pages(path, 1):
        pass
    with pytest.raises(OutputError, match="exists already"), create_pages(path, FORM, "small"):
        pass
    with create_pages(path, FORM, "small", resume=True) as pages:
        assert pages.has("000.jpg") and not pages.has("b.jpg")
        pages.add(picture("b.jpg", reading("3"), reading("12:00")))
    with pytest.raises(UsageError, match="small"), create_pages(path, FORM, "large", resume=True):
        pass
    with open_pages(path) as pages:
        assert pages.database.execute("SELECT count(*) FROM pages").fetchone() == (2,)
    with create_pages(path, FORM, "large", force=True) as pages:
        assert not pages.has("000.jpg")


def test_what_is_no_such_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("no database at all" * 100)
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    for name in ("text.sqlite", "other.sqlite", "missing.sqlite"):
        before = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else b""
        with pytest.raises(UsageError, match="make one with"), open_pages(tmp_path / name):
            pass
        assert not before or (tmp_path / name).read_bytes()[:16] == before[:16]


KILLED = """
import os, sys
from pathlib import Path
from mnist_edge.camera.forms.page_file import open_pages
from mnist_edge.camera.forms.reviews import Reviews
with open_pages(Path(sys.argv[1])) as pages:
    Reviews(pages).answer(1, "17", seen=0, reviewer="me")
    with pages.writing() as database:
        database.execute("UPDATE readings SET answer = 'half'")
        os.kill(os.getpid(), 9)
"""


def test_what_was_said_outlives_a_killed_process_and_half_a_change_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with doubtful_pages(path, 2):
        pass
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert done.returncode == -9
    with open_pages(path) as pages:
        answers = pages.database.execute("SELECT answer FROM readings ORDER BY number").fetchall()
    assert answers == [("17",), (None,), (None,), (None,)]
