"""A damaged picture now and then is not a lost camera."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.camera.sources.capture import MAX_FAILED_READS, OpenCvCapture
from mnist_edge.camera.sources.piped import PipeCapture
from mnist_edge.camera.sources.video import VideoSource
from tests.camera.sources.conftest import NetworkCamera, grey_jpeg

GOOD = grey_jpeg(120)
DAMAGED = {
    "zeros": GOOD[:2] + bytes(len(GOOD) - 2),
    "noise": np.random.default_rng(0).bytes(len(GOOD)),
    "another document": b"<html>busy</html>",
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_picture_of_a_stream_is_passed_over_and_said(
    network_camera: Callable[..., NetworkCamera], damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    url = network_camera(part=lambda number: GOOD if number % 10 else damaged).url
    with open_source(Settings(url), Stop()) as source:
        numbers, frames = list[int](), iter(source)
        while len(numbers) < 60:
            assert source.outage == ""
            if (frame := next(frames)) is not None:
                numbers.append(frame.number)
    assert caplog.messages[0] == f"{url} has damaged pictures; they are passed over and counted"
    assert caplog.messages[1].startswith("damaged pictures passed over: ")
    assert int(caplog.messages[1].rpartition(" ")[2]) >= 5
    assert len(caplog.messages) == 2


def test_a_damaged_frame_is_not_the_end_of_a_video(
    tmp_path: Path, write_video: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(tmp_path / "clip.avi", [np.full((48, 64, 3), 8 * number, np.uint8) for number in range(30)])
    stored = bytearray(path.read_bytes())
    starts = [at for at in range(len(stored)) if stored[at : at + 3] == b"\xff\xd8\xff"]
    assert len(starts) == 30
    stored[starts[10] : starts[10] + 200] = bytes(200)
    path.write_bytes(stored)
    with open_source(Settings(str(path)), Stop()) as source:
        assert sum(frame is not None for frame in source) == 29
    assert [note.rpartition(" ")[2] for note in caplog.messages] == ["counted", "1"]


class Script:
    """Gives pictures, or fails, as it is told."""

    def __init__(self, *reads: bool) -> None:
        self.reads = list(reads)

    def read(self) -> tuple[bool, Any]:
        there = self.reads.pop(0) if self.reads else False
        return there, GOOD if there else None

    def get(self, property: int) -> float:
        return 0.0

    def release(self) -> None: ...


def test_many_in_a_row_are_the_end() -> None:
    script = Script(*[False] * (MAX_FAILED_READS - 1), True, *[False] * MAX_FAILED_READS, True)
    capture = OpenCvCapture(script, 10.0)
    assert capture.read()[0]
    assert not capture.read()[0]
    # The failed reads of the end are no damaged frames.
    assert capture.damaged == MAX_FAILED_READS - 1


def test_a_read_that_takes_too_long_is_not_tried_again() -> None:
    assert not OpenCvCapture(Script(False, True), 0.0).read()[0]


def test_damaged_pictures_in_a_pipe_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    damaged = GOOD[:4] + bytes(100) + GOOD[-2:]
    with TemporaryFile() as file:
        file.write(GOOD + damaged + GOOD + damaged + damaged + GOOD)
        file.seek(0)
        opener = partial(PipeCapture, file.fileno(), None, None)
        with VideoSource("standard input", opener, Stop(), False, 10.0) as source:
            assert sum(frame is not None for frame in source) == 3
        assert source.damaged == 3
    assert caplog.messages == ["standard input has damaged pictures; they are passed over and counted"]
