"""Digits are kept in spite of folders that are full, shared or closed, and of disks that are stuck."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.camera import worker as worker_module
from mnist_edge.camera.sinks import collect as collect_module
from mnist_edge.camera.sinks.crops import LIST, CropFolder
from tests.camera.sinks.collecting import CollectorDesk, latest, lines_of, running
from tests.helpers import PATIENCE_SECONDS, wait_until


def test_a_full_folder_is_logged_once_and_can_still_be_corrected(
    desk: CollectorDesk, caplog: pytest.LogCaptureFixture
) -> None:
    with desk.collector(max_files=4) as collector:
        desk.show(collector)
        desk.turn_page()
        desk.show(collector)
        desk.correct((1, 9))
        desk.show(collector, 1)
    assert len(list(desk.folder.glob("*.png"))) == 4
    assert [line["corrected"] for line in lines_of(desk.folder)] == [None, None, 9]
    assert caplog.messages == [f"{desk.folder} is full; no more digits are kept, only corrections"]
    with desk.collector(max_files=4) as collector:
        desk.turn_page()
        desk.show(collector)
    assert len(list(desk.folder.glob("*.png"))) == 4


def test_a_folder_that_cannot_be_written_is_logged_once(desk: CollectorDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk.folder.write_text("a file, where the folder should be")
    with desk.collector() as collector:
        for _ in range(3):
            desk.turn_page()
            desk.show(collector)
        desk.correct((31, 7))
        desk.show(collector, 1)
        wait_until(lambda: desk.controls.message == "not kept as 7: of that digit there is no crop")
        desk.turn_page()
        desk.correct((41, 7))
        desk.show(collector, 1)
        wait_until(lambda: desk.controls.message == "not kept as 7: File exists")
    (note,) = caplog.messages
    assert note.startswith(f"digits cannot be kept in {desk.folder}: ") and note.endswith("; reading goes on")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_logged_once_and_the_loop_goes_on(desk: CollectorDesk, caplog: pytest.LogCaptureFixture) -> None:
    desk.folder.mkdir()
    (desk.folder / LIST).symlink_to("/dev/full")
    with desk.collector() as collector:
        desk.show(collector)
        wait_until(lambda: caplog.messages)
        # Room again.
        (desk.folder / LIST).unlink()
        desk.turn_page()
        desk.show(collector)
    assert caplog.messages == [f"digits cannot be kept in {desk.folder}: No space left on device; reading goes on"]
    assert [line["track"] for line in lines_of(desk.folder)] == [11, 12, 13]


def test_half_a_line_spoils_no_other(desk: CollectorDesk) -> None:
    desk.folder.mkdir()
    (desk.folder / LIST).write_text('{"item": "old"}\n{"item": "broken o')
    with desk.collector() as collector:
        desk.show(collector)
    lines = (desk.folder / LIST).read_text().splitlines()
    assert lines[:2] == ['{"item": "old"}', '{"item": "broken o']
    assert [json.loads(line)["track"] for line in lines[2:]] == [1, 2, 3]


def test_runs_share_a_folder(desk: CollectorDesk) -> None:
    for _ in range(2):
        with desk.collector() as collector:
            desk.show(collector)
    assert len(latest(desk.folder)) == 6
    assert len({line["image"] for line in lines_of(desk.folder)}) == 6


@pytest.fixture
def stuck_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Whatever is written waits for this."""
    freed = threading.Event()

    add = CropFolder.add

    def add_late(*arguments: Any) -> None:
        freed.wait(PATIENCE_SECONDS)
        add(*arguments)

    monkeypatch.setattr(CropFolder, "add", add_late)
    yield freed
    freed.set()


def test_a_slow_disk_holds_nobody_up_and_what_still_lies_there_is_kept_later(
    desk: CollectorDesk, stuck_disk: threading.Event
) -> None:
    with desk.collector() as collector:
        took = []
        for turn in range(8):
            desk.digits = tuple(replace(one, track=turn * 3 + k) for k, one in enumerate(desk.digits))
            began = time.perf_counter()
            desk.show(collector)
            took.append(time.perf_counter() - began)
        desk.correct((21, 8))
        desk.show(collector, 1)
        assert max(took) < 5
        stuck_disk.set()
        wait_until(lambda: len(list(desk.folder.glob("*.png"))) >= 2 * 3 * collect_module.MAX_WAITING)
        # The last page still lies there, and waits for its turn.
        desk.show(collector, 1)
    kept = {line["track"]: line["corrected"] for line in latest(desk.folder).values()}
    assert {21, 22, 23} <= kept.keys()
    assert kept[21] == 8


def test_it_ends_while_the_disk_is_stuck(
    desk: CollectorDesk, stuck_disk: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "END_SECONDS", 0.1)
    with desk.collector() as collector:
        for _ in range(8):
            desk.turn_page()
            desk.show(collector)
    assert not list(desk.folder.iterdir())
    assert running()
    stuck_disk.set()
    wait_until(lambda: not running())


def test_its_thread_ends_with_it(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
        assert len(running()) == 1
    assert not running()
