"""The processes that a worker of a cluster reads with: lent to one batch after the other, and ended when none comes."""

from pathlib import Path

import pytest

from mnist_edge.camera.archive import batch
from mnist_edge.camera.archive.batch import Run
from tests.camera.archive.acting import Acting
from tests.camera.archive.test_workers import children
from tests.helpers import wait_until


def test_a_process_reads_one_batch_after_the_other_and_ends_when_none_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "IDLE_SECONDS", 1.0)
    before = children()
    run = Run("one", Acting(str(tmp_path / "log")), str(tmp_path / "gone"))
    other = Run("other", Acting(str(tmp_path / "log")), str(tmp_path))
    used = []
    for taken in (run, run, other):
        with batch._reader(taken) as pool:
            used.append(pool)
            assert [row.failed for row in pool.read(iter(["1.png", "2.png"]))] == [False, False]
    assert used[0] is used[1] is not used[2]
    wait_until(lambda: children() <= before, "the processes to end")


def test_two_threads_have_two_processes_and_an_error_ends_one(tmp_path: Path) -> None:
    run, before = Run("one", Acting(str(tmp_path / "log")), str(tmp_path)), children()
    with pytest.raises(KeyError), batch._reader(run) as first, batch._reader(run) as second:
        assert first is not second and len(children() - before) == 2
        raise KeyError
    assert children() <= before
