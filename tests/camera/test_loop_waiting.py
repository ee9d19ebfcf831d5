"""The loop and slow sinks: what is not live waits for them, what is live for nobody."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import BackgroundSink, Worker
from tests.helpers import wait_until

Pages = Callable[..., list[NDArray[np.uint8]]]


class SlowSink(BackgroundSink):
    """Handles a frame at a time, each once `go` says so, and keeps their numbers."""

    def __init__(self, go: Callable[[], object]) -> None:
        self.kept: list[int] = []
        self.worker = Worker[int]("frames", self.handle, limit=2)
        self.go = go

    def handle(self, number: int) -> None:
        self.go()
        self.kept.append(number)


class NewFrames:
    """Passes each frame on once."""

    def __init__(self, sink: SlowSink) -> None:
        self.sink, self.last = sink, -1

    def show(self, view: View) -> None:
        if view.frame.number != self.last:
            self.last = view.frame.number
            self.sink.worker.put(view.frame.number)


def test_a_file_is_read_as_slowly_as_the_slowest_needs_and_loses_nothing(pages: Pages, ink_reader: Any) -> None:
    beats: list[int] = []
    # Each frame is handled only after a sign of life that came later.
    with SlowSink(lambda: wait_for_more(beats)) as sink:
        source = ArraySource(pages(12))
        run(source, ink_reader, views=[NewFrames(sink)], workers=[sink.worker], beat=lambda: beats.append(1))
        assert sink.kept == [*range(12)]
    assert sink.worker.lost == 0


def test_a_live_source_waits_for_nobody(pages: Pages, ink_reader: Any) -> None:
    go = threading.Event()
    with SlowSink(lambda: go.wait(60)) as sink:
        source = ArraySource(pages(12), live=True)
        assert run(source, ink_reader, views=[NewFrames(sink)], workers=[sink.worker]).frames == 12
        assert sink.worker.lost >= 12 - 3
        go.set()


def test_a_request_to_stop_ends_the_waiting_for_whoever_is_stuck(pages: Pages, ink_reader: Any) -> None:
    go, controls = threading.Event(), Controls(0.5)
    with SlowSink(lambda: go.wait(60)) as sink:
        threading.Timer(0.5, lambda: setattr(controls.stop, "requested", True)).start()
        source = ArraySource(pages(12))
        frames = run(source, ink_reader, views=[NewFrames(sink)], workers=[sink.worker], controls=controls).frames
        assert frames <= 4
        go.set()


def wait_for_more(beats: list[int]) -> None:
    before = len(beats)
    wait_until(lambda: len(beats) > before, "another beat")
