"""Scans without end: a run that is killed is gone on with, and reads nothing twice.

MNIST_EDGE_SCANS=10000 pytest tests/camera/forms/test_many_scans.py takes as many as an archive has.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_edge.camera.archive.walk import Found
from mnist_edge.camera.archive.workers import started
from mnist_edge.camera.forms.form_table import table_rows
from mnist_edge.camera.forms.page_file import open_pages
from mnist_edge.camera.forms.read_scans import read_scans
from mnist_edge.camera.forms.reviews import Reviews
from tests.camera.forms.acting import OpenActing

COUNT = int(os.environ.get("MNIST_EDGE_SCANS", "300"))
FORM = 'form = 1\npage = [200, 100]\n[[field]]\nname = "mark"\nbox = [10, 10, 30, 12]\n[[field]]\nname = "time"\n' + (
    "box = [60, 10, 30, 12]\n"
)
KILLED = """
import os, sys
from pathlib import Path
from mnist_edge.camera.archive.walk import Found
from mnist_edge.camera.archive.workers import started
from mnist_edge.camera.forms.read_scans import read_scans
from tests.camera.forms.acting import OpenActing
if __name__ == "__main__":
    count, form, pages = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    def progress(done, total, note=""):
        if done == count // 3:
            os.kill(os.getpid(), 9)
    opened = OpenActing(form)
    found = (Found(f"{n:05}.jpg") for n in range(count))
    read_scans(found, pages, opened, started(2, opened), progress=progress)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    form, pages, script = (tmp_path / name for name in ("form.toml", "a.sqlite", "killed.py"))
    form.write_text(FORM)
    script.write_text(KILLED)
    root = Path(__file__).parents[3]
    command = [sys.executable, str(script), str(COUNT), str(form), str(pages)]
    killed = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(root)}, stderr=subprocess.PIPE, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with open_pages(pages) as opened:
        (before,) = opened.database.execute("SELECT count(*) FROM pages").fetchone()
    assert COUNT // 3 <= before < COUNT
    found = (Found(f"{number:05}.jpg") for number in range(COUNT))
    acting = OpenActing(form)
    summary = read_scans(found, pages, acting, started(2, acting), resume=True)  # type: ignore[arg-type]
    assert (summary.skipped, summary.pages) == (before, COUNT - before)
    with open_pages(pages) as opened:
        rows = [row["source"] for row in table_rows(opened)]
        assert sorted(rows) == [f"{number:05}.jpg" for number in range(COUNT)], "each once"
        # Of the doubtful, one is answered as quickly as in a short file: nothing looks at all of them.
        reviews = Reviews(opened)
        first = reviews.batch("me")["fields"][0]
        reviews.answer(first["id"], "3", seen=0, reviewer="me")
        assert reviews.progress()["reviewed"] == 1
