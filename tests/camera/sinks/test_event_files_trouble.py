"""Files of events on disks that fill up, fail and go."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.camera.sinks.event_files import EventFile
from mnist_edge.errors import OutputError
from tests.camera.sinks.event_lines import LINE_BYTES, event, frames

Disk = Callable[[int], Path]

Sink = Callable[..., EventFile]


@contextmanager
def full_disk(path: Path, room: int) -> Iterator[None]:
    """No file of this process may grow beyond `room` bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def ride_out(
    file: EventFile, path: Path, caplog: pytest.LogCaptureFixture, trouble: Any
) -> tuple[list[int], list[str], list[str]]:
    """Write one event before trouble, three in it and one after it, which has number 5.

    Returns:
        The numbers in the file, and what was logged in trouble and after it.
    """
    file.write([event(1)])
    with trouble:
        file.write([event(2), event(3)])
        file.write([event(4)])
        meanwhile = list(caplog.messages)
    file.write([event(5)])
    return frames(path), meanwhile, caplog.messages[len(meanwhile) :]


def is_told_once(path: Path, meanwhile: list[str], after: list[str]) -> bool:
    """Whether the events that were dropped in trouble are counted, and logged once."""
    (failed,) = meanwhile
    again = f"events are written to {path} again; 3 were dropped"
    return failed.startswith(f"events cannot be written to {path}") and after == [again]


@pytest.mark.parametrize("name", ["events.jsonl", "events.csv"])
def test_a_disk_that_is_full_in_the_middle_of_a_line(
    tmp_path: Path, sink: Sink, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / name
    file = sink(path)
    room = len(path.read_bytes()) + 300
    kept, *told = ride_out(file, path, caplog, full_disk(path, room if name.endswith("l") else 200))
    assert kept == [1, 5] and is_told_once(path, *told), told


@contextmanager
def pulled(folder: Path) -> Iterator[None]:
    """The memory stick is not there for a while."""
    folder.rename(folder.with_name("pulled"))
    yield
    folder.with_name("pulled").rename(folder)


def test_a_folder_that_is_gone_for_a_while(tmp_path: Path, sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "stick" / "events.jsonl"
    kept, *told = ride_out(sink(path), path, caplog, pulled(path.parent))
    assert kept == [1, 5] and is_told_once(path, *told), told


def test_a_real_disk_that_is_full(small_disk: Disk, sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    disk = small_disk(65536)
    path = disk / "events.jsonl"

    @contextmanager
    def full() -> Iterator[None]:
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as big:
            while True:
                try:
                    big.write(bytes(4096))
                except OSError:
                    break
        # The page that the file has is not full yet.
        file.write([event(0) for _ in range(4096 // LINE_BYTES)])
        caplog.clear()
        yield
        filler.unlink()

    file = sink(path)
    with full():
        file.write([event(4)])
        assert not caplog.messages
    file.write([event(5)])
    assert frames(path)[-1] == 5 and 4 not in frames(path)
    assert "events are written to" in caplog.text and len(caplog.messages) == 1


def test_a_real_disk_that_turns_read_only(small_disk: Disk, sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    disk = small_disk(65536)
    path = disk / "events.csv"

    @contextmanager
    def read_only() -> Iterator[None]:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        yield
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)

    kept, *told = ride_out(sink(path), path, caplog, read_only())
    assert kept == [1, 5] and is_told_once(path, *told), told


@pytest.mark.parametrize("wrong", ["folder", "file/events.jsonl"])
def test_what_cannot_be_opened_is_an_error_at_the_start(tmp_path: Path, sink: Sink, wrong: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="--events"):
        sink(tmp_path / wrong)
