"""An archive that a Dask cluster reads: workers die and come, schedulers are lost, and no picture is."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.harness.dask_processes import DaskProcesses
from mnist_edge.camera.archive import cluster
from mnist_edge.camera.archive.cluster import (
    BATCH_SECONDS,
    FIRST_PICTURES,
    MOST_PICTURES,
    connected,
    in_batches,
    pictures_after,
)
from mnist_edge.camera.archive.read_archive import Summary, read_archive
from mnist_edge.camera.archive.walk import Found
from mnist_edge.camera.forms.read_scans import read_scans
from mnist_edge.camera.images import write_image
from mnist_edge.cli import app
from mnist_edge.errors import MnistEdgeError, ModelError, ModelWarning, UsageError
from mnist_edge.progress import Progress, no_progress
from mnist_edge.reading import Box
from tests.camera.archive.acting import Acting
from tests.camera.forms.acting import OpenActing
from tests.camera.forms.test_many_scans import FORM
from tests.helpers import wait_until

distributed: Any = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """A scheduler with a worker."""
    with DaskProcesses(tmp_path_factory.mktemp("dask")) as processes:
        processes.start_worker()
        yield processes


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[DaskProcesses]:
    """A scheduler without workers."""
    with DaskProcesses(tmp_path) as processes:
        yield processes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that paths are relative to."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def acting(folder: Path) -> Acting:
    return Acting(str(folder / "log"))


def read(dask: DaskProcesses, acting: Acting, sources: list[str], progress: Progress = no_progress) -> Summary:
    """Read into results.jsonl, or go on with it."""
    found = map(Found, sources)
    output = Path("results.jsonl")
    return read_archive(found, output, connected(dask.address, acting), resume=True, progress=progress)


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("results.jsonl").read_bytes().splitlines()]


def names(count: int) -> list[str]:
    return [f"{number}.png" for number in range(count)]


@pytest.mark.slow
def test_no_picture_is_lost_or_read_twice_although_a_worker_is_killed_and_one_comes_late(
    dask: DaskProcesses, folder: Path
) -> None:
    mortal, late = dask.start_worker(), list[Any]()
    readers: set[int] = set()

    def progress(done: float, total: float, note: str = "") -> None:
        readers.update(row["process"] for row in rows())
        # As soon as both read.
        if len(readers) == 2 and not late:
            mortal.kill()
            late.append(dask.start_worker())

    # Until the third reads too, there are always more.
    def sources() -> Iterator[Found]:
        for number in range(100_000):
            if len(readers) == 3 and number % 32 == 0:
                return
            yield Found(f"{number}.png")

    acting = Acting(str(folder / "log"), seconds=0.01)
    summary = read_archive(sources(), Path("results.jsonl"), connected(dask.address, acting), progress=progress)
    found = rows()
    late[0].kill()
    assert len(readers) == 3 and mortal.wait() == -signal.SIGKILL
    assert [row for row in found if "error" in row] == []
    assert sorted(row["source"] for row in found) == sorted(names(len(found)))
    assert summary.rows == len(found) and {*acting.begun()} == {*names(len(found))}


def test_what_was_interrupted_is_gone_on_with(dask: DaskProcesses, acting: Acting) -> None:
    def interrupting(done: float, total: float, note: str = "") -> None:
        if done == 70:
            raise KeyboardInterrupt

    sources = names(300)
    with pytest.raises(KeyboardInterrupt):
        read(dask, acting, sources, interrupting)
    assert len(rows()) == 70
    assert read(dask, acting, sources).skipped == 70
    assert sorted(row["source"] for row in rows()) == sorted(sources)


@pytest.mark.slow
def test_a_picture_that_ends_its_process_is_a_row_and_ends_no_worker(dask: DaskProcesses, acting: Acting) -> None:
    sources = ["crash.png", "damaged.png", "long.avi", *names(40)]
    assert read(dask, acting, sources).failed == 2
    errors = {row["source"]: row.get("error", "") for row in rows() if row.get("last", True)}
    assert "it ended the process, twice; at last killed by SIGSEGV" in errors.pop("crash.png")
    assert errors.pop("damaged.png") == "damaged.png is damaged"
    assert errors == dict.fromkeys(["long.avi", *names(40)], "")
    # The same worker, still there.
    assert len(Counter(row["process"] for row in rows() if "process" in row)) == 2


def test_what_keeps_a_reader_from_opening_is_told_with_the_worker(dask: DaskProcesses, acting: Acting) -> None:
    message = r"the worker at tcp://[\d.:]+ cannot read: there is no such model"
    with pytest.raises(ModelError, match=message):
        read(dask, Acting(acting.log, fails="error"), names(3))
    assert not Path("results.jsonl").exists()
    with pytest.raises(MnistEdgeError, match="ended before it read anything: killed by SIGKILL"):
        read(dask, Acting(acting.log, fails="death"), names(3))
    with pytest.warns(ModelWarning, match="a softmax was added"):
        read(dask, Acting(acting.log, fails="warning"), names(3))


def test_a_folder_that_workers_do_not_see_is_named(dask: DaskProcesses, acting: Acting) -> None:
    with pytest.raises(UsageError, match=r"the worker at tcp://[\d.:]+ sees no folder .*/gone; share it"):
        read(dask, acting, ["gone/1.png"])


# What a worker finds in `sitecustomize`, which Python imports first: another version of mnist-edge, or none.
OTHER_VERSIONS = {
    "0.0.9": "import importlib.metadata as m; v = m.version; "
    "m.version = lambda name: '0.0.9' if name == 'mnist-edge' else v(name)",
    "no": """
import importlib.metadata as m, sys
version = m.version
def without(name):
    if name == "mnist-edge":
        raise m.PackageNotFoundError(name)
    return version(name)
m.version = without
sys.modules["mnist_edge"] = None
""",
}


@pytest.mark.slow
def test_rows_that_were_read_and_are_lost_with_their_worker_are_read_by_another(
    lonely: DaskProcesses, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    mortal, gather = lonely.start_worker(), distributed.Client.gather

    def kill_first(client: Any, futures: list[Any]) -> Any:
        # Before any picture is begun, the answer is the model.
        if futures and acting.begun() and mortal.poll() is None:
            assert {future.status for future in futures} == {"finished"}
            mortal.kill()
            mortal.wait()
            lonely.start_worker()
        return gather(client, futures)

    monkeypatch.setattr(distributed.Client, "gather", kill_first)
    sources = names(100)
    assert read(lonely, acting, sources).rows == 100
    assert mortal.poll() == -signal.SIGKILL
    assert sorted(row["source"] for row in rows()) == sorted(sources)
    assert len({row["process"] for row in rows()}) == 1


@pytest.mark.slow
def test_a_batch_that_dask_gives_up_is_read_picture_by_picture(folder: Path) -> None:
    acting = Acting(str(folder / "log"), seconds=0.05)
    with DaskProcesses(folder, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as dask:
        mortal = dask.start_worker()

        def kill() -> None:
            wait_until(acting.begun, "the first picture")
            mortal.kill()
            dask.start_worker()

        killing = Thread(target=kill)
        killing.start()
        # It has a first batch and one of a single picture, which can be divided no more.
        read(dask, acting, names(FIRST_PICTURES + 1))
        killing.join()
    errors = {row["source"]: row.get("error") for row in rows()}
    message = rf"{FIRST_PICTURES}.png cannot be read: its worker ended 1 times, at last that at tcp://[\d.:]+"
    assert re.fullmatch(message, str(errors.pop(f"{FIRST_PICTURES}.png")))
    assert errors == dict.fromkeys(names(FIRST_PICTURES))


@pytest.mark.slow
@pytest.mark.parametrize("version", OTHER_VERSIONS)
def test_a_worker_with_another_version_is_refused(
    dask: DaskProcesses, acting: Acting, version: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_VERSIONS[version])
    message = rf"the worker at tcp://[\d.:]+ has {version} mnist-edge, and this is [\d.]+; install the same there"
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    worker = None

    def progress(done: float, total: float, note: str = "") -> None:
        nonlocal worker
        worker = worker or dask.start_worker(PYTHONPATH=paths)

    # It comes late, and so it is found out by its first batch.
    with pytest.raises(UsageError, match=message):
        read(dask, Acting(acting.log, seconds=0.01), names(100_000), progress)
    assert worker
    worker.kill()
    worker.wait()
    kept = len(rows())
    assert kept and read(dask, acting, names(kept + 40)).rows == 40


def test_where_no_scheduler_answers_it_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.3)
    Path("1.png").touch()
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(SystemExit) as ended:
            app(["read", "1.png", "--output", "x.jsonl", "--scheduler", address], prog_name="mnist-edge")
        out, err = capsys.readouterr()
        assert (ended.value.code, out, len(err.splitlines())) == (2, "", 1), err
        assert err.startswith(f"error: no scheduler of Dask answers at {address} (")
        assert err.endswith("start one with: dask scheduler\n")
    assert [path.name for path in folder.iterdir()] == ["1.png"]


IMPATIENT = """
from mnist_edge.__main__ import main
from mnist_edge.camera.archive import cluster
cluster.QUIET_SECONDS = 0.0
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["Ctrl-C", "lost"])
def test_it_waits_for_workers_until_it_is_interrupted_or_the_scheduler_is_lost(
    lonely: DaskProcesses, folder: Path, how: str
) -> None:
    Path("1.png").touch()
    command = [sys.executable, "-c", IMPATIENT, "read", "1.png", "--output", "x.jsonl", "--scheduler"]
    with subprocess.Popen([*command, lonely.address], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        line = process.stderr.readline().decode()
        assert line == f"note: waiting for workers; start one with: dask worker {lonely.address} --nthreads 1\n"
        if how == "Ctrl-C":
            process.send_signal(signal.SIGINT)
        else:
            lonely.scheduler.kill()
        rest = process.stderr.read().decode()
    expected = {"Ctrl-C": (130, "interrupted\n"), "lost": (1, f"error: the scheduler at {lonely.address} was lost\n")}
    assert (process.returncode, rest) == expected[how]
    assert not Path("x.jsonl").exists()


def test_the_command_reads_the_same_as_without_a_cluster(
    dask: DaskProcesses, write_digit: Callable[..., Box], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, documents = np.full((160, 300, 3), 235, np.uint8), []
    for column in range(3):
        write_digit(page, column, 40 + 80 * column, 45, 70, 8)
    write_image(Path("scans", "page.png"), page)
    for name, options in {"here": ["--workers", "1"], "there": ["--scheduler", dask.address]}.items():
        with pytest.raises(SystemExit) as ended:
            app(["read", "scans", "--output", f"{name}.jsonl", *options], prog_name="mnist-edge")
        assert not ended.value.code, capsys.readouterr().err
        documents.append(json.loads(Path(f"{name}.jsonl").read_text()) | {"milliseconds": 0})
    assert documents[0] == documents[1] and documents[0]["text"]


def test_forms_are_read_as_well(dask: DaskProcesses, folder: Path) -> None:
    Path("form.toml").write_text(FORM)
    # A path that all see from the same folder.
    opened = OpenActing(Path("form.toml"))
    found = [Found(f"{number:05}.jpg") for number in range(40)]
    summary = read_scans(found, Path("a.sqlite"), opened, connected(dask.address, opened))  # type: ignore[arg-type]
    assert summary.pages == 40 and summary.failed == 0


def test_dask_that_is_not_installed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    Path("1.png").touch()
    with pytest.raises(SystemExit) as ended:
        app(["read", "1.png", "--output", "x.jsonl", "--scheduler", "tcp://127.0.0.1:1"], prog_name="mnist-edge")
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (1, "") and err.startswith("error: distributed is not installed; install it with")
    assert err.endswith("pip install 'dask[distributed]'\n") and [path.name for path in folder.iterdir()] == ["1.png"]


def test_pictures_go_together_and_a_video_alone() -> None:
    taken = iter(["1.png", "2.png", "a.mp4", "3.png", "4.png", "b.avi", "5.png"])
    batches = in_batches(taken, lambda: 3)
    assert next(batches) == ("a.mp4",)
    assert next(taken) == "3.png"
    assert [*in_batches(iter(names(5)), lambda: 2)] == [("0.png", "1.png"), ("2.png", "3.png"), ("4.png",)]
    assert [*in_batches(iter([]), lambda: 2)] == []


def test_batches_take_as_long_whatever_a_picture_takes() -> None:
    assert pictures_after(16, 16 * 0.1) == BATCH_SECONDS / 0.1
    assert pictures_after(16, 16 * 0.004) == BATCH_SECONDS / 0.004
    assert pictures_after(16, 0.0) == MOST_PICTURES and pictures_after(1, 60.0) == 1
    sizes = iter([1, 1, 3, 3, 3])
    assert [len(batch) for batch in in_batches(iter(names(5)), lambda: next(sizes))] == [1, 1, 3]
