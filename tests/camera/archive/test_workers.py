"""Processes that read: none of their ends is the end of the others, and all end with who started them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.camera.archive.workers import AHEAD, started
from mnist_edge.errors import MnistEdgeError, ModelError, ModelWarning
from tests.camera.archive.acting import Acting
from tests.helpers import wait_until


@pytest.fixture
def acting(tmp_path: Path) -> Acting:
    return Acting(str(tmp_path / "log"))


def read(acting: Acting, sources: list[str], workers: int = 2, patience_s: float = 60.0) -> dict[str, str | None]:
    """The error of each picture, None where it was read."""
    before = children()
    with started(workers, acting, patience_s) as pool:
        assert pool.model == "acting"
        rows = [*pool.read(iter(sources))]
    assert children() <= before
    documents: list[dict[str, Any]] = [json.loads(row.lines) for row in rows]
    assert [row.failed for row in rows] == ["error" in document for document in documents]
    assert sorted(document["source"] for document in documents) == sorted(sources)
    return {document["source"]: document.get("error") for document in documents}


def test_each_picture_is_read_once(acting: Acting) -> None:
    sources = [f"{number}.png" for number in range(40)]
    assert set(read(acting, sources).values()) == {None}
    assert sorted(acting.begun()) == sorted(sources)


def test_a_picture_that_ends_its_process_is_a_row_and_the_others_are_read(acting: Acting) -> None:
    sources = ["1.png", "crash.png", "2.png", "damaged.png", "bug.png", "3.png", "4.png", "5.png"]
    errors = read(acting, sources)
    assert {source for source, error in errors.items() if not error} == {f"{number}.png" for number in range(1, 6)}
    assert "crash.png cannot be read: it ended the process, twice; at last killed by SIGSEGV" in str(
        errors["crash.png"]
    )
    assert errors["damaged.png"] == "damaged.png is damaged"
    assert errors["bug.png"] == "bug.png cannot be read: ValueError: a bug"
    assert acting.begun().count("crash.png") == 2


def test_a_process_that_somebody_ends_loses_no_picture(acting: Acting) -> None:
    assert set(read(acting, ["once.png", *(f"{number}.png" for number in range(9))]).values()) == {None}


def test_a_picture_that_hangs_is_a_row(acting: Acting) -> None:
    errors = read(acting, ["hang.png", "1.png", "2.png", "3.png", "4.png"], patience_s=2.0)
    assert errors.pop("hang.png") == "hang.png cannot be read: no answer within 2 s"
    assert set(errors.values()) == {None}
    assert acting.begun().count("hang.png") == 1


def test_a_video_that_takes_long_does_not_hang(acting: Acting) -> None:
    with started(1, acting, 2.5) as pool:
        (row,) = pool.read(iter(["long.avi"]))
    assert not row.failed and row.count == 2
    assert [json.loads(line).get("last", True) for line in row.lines.splitlines()] == [False, True]


def test_pictures_are_looked_for_only_when_a_process_is_free(acting: Acting) -> None:
    taken = 0

    def sources() -> Iterator[str]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield f"{number}.png"

    with started(2, acting) as pool:
        for answered, _ in enumerate(pool.read(sources())):
            assert taken <= answered + 2 * AHEAD + 2
    assert taken == 100


def test_what_keeps_a_reader_from_opening_is_told(acting: Acting) -> None:
    before = children()
    with pytest.raises(ModelError, match="there is no such model"), started(2, Acting(acting.log, fails="error")):
        pass
    with (
        pytest.raises(MnistEdgeError, match="ended before it read anything: killed by SIGKILL"),
        started(2, Acting(acting.log, fails="death")),
    ):
        pass
    assert children() <= before


def test_a_warning_of_the_model_reaches_who_started_it(acting: Acting) -> None:
    with (
        pytest.warns(ModelWarning, match="a softmax was added"),
        started(1, Acting(acting.log, fails="warning")) as pool,
    ):
        assert [*pool.read(iter(["1.png"]))]


KILLED = """
import sys
from mnist_edge.camera.archive.workers import started
from tests.camera.archive.acting import Acting
if __name__ == "__main__":
    with started(2, Acting(sys.argv[1])) as pool:
        print(*(one.process.pid for one in pool._processes), flush=True)
        for row in pool.read(iter(["hang1.png", "hang2.png"])):
            pass
"""


def test_processes_end_with_a_parent_that_is_killed_although_they_hang(acting: Acting, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(KILLED)
    path = os.pathsep.join(part for part in sys.path if part)
    with subprocess.Popen(
        [sys.executable, str(script), acting.log], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    ) as parent:
        assert parent.stdout
        pids = [int(word) for word in parent.stdout.readline().split()]
        wait_until(lambda: len(acting.begun()) == 2, "both to hang")
        # Ctrl-C in a terminal reaches every process.
        for pid in pids:
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGTERM)
        assert all(is_alive(pid) for pid in pids)
        parent.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), "the processes to end")


def children() -> set[str]:
    """The processes that this thread has started, for other tests too, and that it has not seen end."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
