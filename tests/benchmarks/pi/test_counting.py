import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_edge.benchmarks.harness.tool import ROOT
from mnist_edge.benchmarks.pi.counting import SOURCE, Counts, build_plugin, parse
from mnist_edge.benchmarks.pi.guest import FIRST_MARK, FRAME_SECONDS, STAGES, FrameClock
from mnist_edge.benchmarks.pi.pages import draw_pages, write_pages

PRINTED = """a warning of the runtime
counted 1000 at 0
counted 1700 at 2
counted 1900 at 4
counted 2100 at 5
counted 2500 at 3
counted 2600 at 1
counted 9000 in all
"""
# Counts marks in place of instructions.
COUNTING_MARKS = """
import sys
from pathlib import Path
from mnist_edge.benchmarks.pi import guest
counts = []
def mark(number):
    counts.append(number)
    print(f"counted {len(counts)} at {number}")
guest.mark = mark
getattr(guest, sys.argv[1])("ai-edge-litert", [Path(sys.argv[2])])
print(f"counted {len(counts) + 1} in all")
"""


def test_a_stage_is_counted_without_those_within_it() -> None:
    counts = parse(PRINTED)
    assert counts == Counts(((0, 1000), (2, 1700), (4, 1900), (5, 2100), (3, 2500), (1, 2600)), 9000)
    assert counts.own(["frame", "find", "crop"]) == {"frame": 800, "find": 600, "crop": 200}
    assert counts.between(1) == 800


def test_stages_of_one_name_are_added() -> None:
    counts = Counts(((0, 0), (2, 1), (3, 5), (4, 6), (5, 16), (1, 17)), 20)
    assert counts.own(["frame", "crop", "crop"]) == {"frame": 3, "crop": 14}


def test_where_nothing_was_counted_there_is_nothing() -> None:
    assert parse("qemu: unknown option 'plugin'") is None


def counted_marks(what: str, folder: Path, words: int = 0) -> Counts:
    """What the guest marks as it does something with a page that has so many lines of words beside its digits."""
    (page,) = write_pages(draw_pages(1, words), folder, ".jpg")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", COUNTING_MARKS, what, str(page)], env=environment, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counts = parse(done.stdout)
    assert counts
    return counts


def test_every_stage_of_a_frame_is_passed(tmp_path: Path) -> None:
    # Without words there may be no doubt, so that connected ink is not asked.
    counts, names = counted_marks("frames", tmp_path, words=3), [name for name, *_ in STAGES]
    assert {names[mark // 2] for mark, _ in counts.marks} == set(names)
    spent = counts.own(names)
    # Marks fit into each other: all is somewhere.
    assert sum(spent.values()) == counts.marks[-1][1] - counts.marks[0][1]


def test_every_level_of_a_page_is_looked_at_the_smallest_first(tmp_path: Path) -> None:
    begun = [mark // 2 for mark, _ in counted_marks("levels", tmp_path).marks if mark % 2 == 0]
    # 640x480 and five halves of it.
    assert begun == [0, 6, 5, 4, 3, 2, 1]


def test_what_is_done_elsewhere_is_marked_once(tmp_path: Path) -> None:
    assert [mark for mark, _ in counted_marks("peers", tmp_path).marks] == [0, 1, 2, 3]


def test_the_clock_of_the_fake_camera_gives_every_run_the_same_frames() -> None:
    clocks = FrameClock(), FrameClock()
    assert [clocks[0].monotonic() for _ in range(3)] == [clocks[1].monotonic() for _ in range(3)]
    assert clocks[0].monotonic() == 4 * FRAME_SECONDS


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_the_plugin_compiles_without_a_warning_and_knows_the_marks(tmp_path: Path) -> None:
    assert build_plugin(tmp_path).stat().st_size > 0
    strict = ["gcc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", str(SOURCE)]
    assert subprocess.run(strict, cwd=ROOT).returncode == 0
    found = re.search(r"#define MARK (0x[0-9a-f]+)", SOURCE.read_text())
    assert found and int(found[1], 16) == FIRST_MARK
