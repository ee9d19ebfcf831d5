"""The loop, from any source to any sink."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource, Frame, SourceInfo
from mnist_edge.camera.loop import run
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.view import View
from mnist_edge.errors import SourceError
from mnist_edge.reading import Reading
from tests.camera.kept import Events, Views

Pages = Callable[..., list[NDArray[np.uint8]]]


class Pictures:
    def __init__(self, stop_at: int = -1, stop: Stop | None = None) -> None:
        self.seen: list[tuple[NDArray[np.uint8], Frame]] = []
        self.stop_at, self.stop = stop_at, stop

    def show(self, view: View) -> None:
        self.seen.append((view.picture, view.frame))
        if self.stop and view.frame.number == self.stop_at:
            self.stop.requested = True


def test_digits_appear_once_and_go_at_the_end(pages: Pages, ink_reader: Any) -> None:
    events = Events()
    summary = run(ArraySource(pages(12)), ink_reader, events=[events])
    assert [(e.event, e.frame, e.digit.track) for e in events.seen] == [
        *(("appeared", 2, track) for track in (1, 2, 3)),
        *(("gone", 11, track) for track in (1, 2, 3)),
    ]
    assert ["".join(e.text).replace(" ", "") for e in events.seen] == ["777"] * 3 + [""] * 3
    assert (summary.frames, summary.dropped) == (12, 0)
    assert summary.read_ms > 0 and summary.latency_p99_ms >= summary.latency_ms > 0


def test_a_frame_with_ink_that_vanishes_again_is_no_news(pages: Pages, ink_reader: Any) -> None:
    events = Events()
    images = pages(10, digits=0) + pages(1, digits=3) + pages(10, digits=0)
    run(ArraySource(images), ink_reader, events=[events])
    assert events.seen == []


def test_each_picture_is_a_page_of_its_own(pages: Pages, ink_reader: Any) -> None:
    events = Events()
    images = pages(1, digits=2) + pages(1, digits=2) + pages(1, digits=1)
    run(ArraySource(images, still=True), ink_reader, events=[events])
    assert [(e.frame, e.event) for e in events.seen] == [
        (0, "appeared"), (0, "appeared"), (0, "gone"), (0, "gone"),
        (1, "appeared"), (1, "appeared"), (1, "gone"), (1, "gone"),
        (2, "appeared"), (2, "gone"),
    ]  # fmt: skip


def test_pictures_are_drawn_over_and_the_frame_is_not(pages: Pages, ink_reader: Any) -> None:
    pictures, images = Pictures(), pages(12)
    before = images[0].copy()
    run(ArraySource(images), ink_reader, views=[pictures])
    assert [frame.number for _, frame in pictures.seen] == list(range(12))
    picture = pictures.seen[-1][0]
    assert picture.shape == images[0].shape and picture.dtype == np.uint8
    assert (picture != before).any()
    assert (images[0] == before).all()


def test_max_frames_takes_no_frame_more(pages: Pages, ink_reader: Any) -> None:
    source = iter(pages(10))
    assert run(ArraySource(source), ink_reader, max_frames=4).frames == 4
    assert len(list(source)) == 6


def test_a_request_to_stop_ends_after_the_current_frame(pages: Pages, ink_reader: Any) -> None:
    stop, events = Stop(), Events()
    summary = run(
        ArraySource(pages(50)),
        ink_reader,
        events=[events],
        views=[Pictures(stop_at=6, stop=stop)],
        controls=Controls(0.5, stop),
    )
    assert summary.frames == 7
    assert len(events.named("gone")) == 3


def test_a_source_that_fails_still_lets_the_digits_go(pages: Pages, ink_reader: Any) -> None:
    def unplugged() -> Any:
        yield from pages(6)
        raise SourceError("the cable is out")

    events = Events()
    with pytest.raises(SourceError, match="cable"):
        run(ArraySource(unplugged()), ink_reader, events=[events])
    assert len(events.named("gone")) == 3


def test_a_reader_that_fails_is_not_hidden(pages: Pages) -> None:
    class Broken:
        min_confidence = 0.5

        def read(self, frame: Any, source: str) -> Reading:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(ArraySource(pages(3)), Broken())


def test_a_source_without_frames(ink_reader: Any) -> None:
    assert str(run(ArraySource([]), ink_reader)) == "no frames"


def test_the_summary_is_one_line_with_the_figures(pages: Pages, ink_reader: Any) -> None:
    line = str(run(ArraySource(pages(5)), ink_reader))
    assert line.startswith("5 frames in ") and "0 dropped" in line and "median" in line and "\n" not in line


class Interrupted:
    """Delivers frames, is lost for a while, and comes back."""

    info, dropped, damaged, outage = SourceInfo("interrupted", live=True), 0, 0, ""

    def __init__(self, before: list[NDArray[np.uint8]], gap: int, after: list[NDArray[np.uint8]]) -> None:
        self.before, self.gap, self.after = before, gap, after

    def __enter__(self) -> "Interrupted":
        return self

    def __exit__(self, *error: object) -> None: ...

    def __iter__(self) -> Iterator[Frame | None]:
        for number, image in enumerate(self.before):
            yield Frame(image, number, number / 25, "interrupted")
        self.outage = "the cable is out; trying again"
        for _ in range(self.gap):
            yield None
        self.outage = ""
        for number, image in enumerate(self.after, start=len(self.before)):
            yield Frame(image, number, number / 25, "interrupted")


def test_during_an_outage_the_digits_are_gone_and_the_loop_lives(pages: Pages, ink_reader: Any) -> None:
    events, views, beats = Events(), Views(), []
    source = Interrupted(pages(5), 4, pages(5))
    stats = run(source, ink_reader, events=[events], views=[views], beat=lambda: beats.append(len(views.seen)))
    assert [(e.event, e.frame) for e in events.seen] == [
        *[("appeared", 2)] * 3, *[("gone", 4)] * 3, *[("appeared", 7)] * 3, *[("gone", 9)] * 3,
    ]  # fmt: skip
    assert stats.frames == 10 and len(beats) == len(views.seen) == 14
    waiting = views.seen[5:9]
    assert {(view.outage, view.digits, view.frame.number) for view in waiting} == {(source_says(), (), 4)}
    # Nothing new: the same object, so that nobody draws it again.
    assert all(view is waiting[0] for view in waiting)
    assert not views.seen[9].outage


def source_says() -> str:
    return "the cable is out; trying again"


def test_a_paused_loop_reads_nothing_and_goes_on_where_it_was(pages: Pages, ink_reader: Any) -> None:
    controls, views = Controls(0.5), Views()

    class Pausing(Views):
        def show(self, view: View) -> None:
            super().show(view)
            # Pressed at the fourth frame, and again when it was shown three times more.
            controls.paused = 4 <= len(self.seen) < 7
            controls.details = len(self.seen) >= 6

    views = Pausing()
    stats = run(ArraySource(pages(8)), ink_reader, views=[views], controls=controls)
    assert stats.frames == 8
    assert [view.frame.number for view in views.seen] == [0, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7]
    assert [view.paused for view in views.seen[3:8]] == [False, True, True, True, False]
    # What is asked for meanwhile is seen at once.
    assert [view.details for view in views.seen[4:8]] == [False, False, True, True]


def test_a_paused_loop_can_be_ended(pages: Pages, ink_reader: Any) -> None:
    controls = Controls(0.5, paused=True)

    class Impatient(Views):
        def show(self, view: View) -> None:
            super().show(view)
            controls.stop.requested = len(self.seen) == 5

    assert run(ArraySource(pages(8)), ink_reader, views=[Impatient()], controls=controls).frames == 1


def test_the_threshold_may_change_while_it_runs(pages: Pages, ink_reader: Any) -> None:
    controls = Controls(0.5)

    class Raising(Views):
        def show(self, view: View) -> None:
            controls.min_confidence = 0.8

    run(ArraySource(pages(2)), ink_reader, views=[Raising()], controls=controls)
    assert ink_reader.min_confidence == 0.8
