"""The loop where somebody watches: files play by their own times, pictures stay."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera import loop
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.loop import run
from mnist_edge.camera.view import View
from tests.camera.kept import Events, Views

Pages = Callable[..., list[NDArray[np.uint8]]]


class Clock:
    """Time that passes while somebody sleeps, and while a picture is shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Film(ArraySource):
    """A file whose frames have these times."""

    def __init__(self, times: list[float]) -> None:
        super().__init__([])
        self.info = replace(self.info, timed=True)
        self.times = times

    def __iter__(self) -> Iterator[Frame]:
        for number, seconds in enumerate(self.times):
            yield Frame(np.zeros((2, 2, 3), np.uint8), number, seconds, "film")


class Shown(Views):
    """When each frame came; showing the frame `slow` takes half a second."""

    def __init__(self, clock: Clock, slow: int = -1) -> None:
        super().__init__()
        self.clock, self.slow, self.times = clock, slow, list[float]()

    def show(self, view: View) -> None:
        if not self.seen or view.frame is not self.seen[-1].frame:
            self.times.append(round(self.clock.now - 100, 6))
            self.clock.now += 0.5 * (view.frame.number == self.slow)
        super().show(view)


TIMES = [0, 0.04, 0.08, 1.0, 1.04]


def test_a_file_that_is_watched_plays_by_its_own_times(monkeypatch: pytest.MonkeyPatch, ink_reader: Any) -> None:
    shown = Shown(Clock(monkeypatch))
    run(Film(TIMES), ink_reader, views=[shown], watched=True)
    assert shown.times == pytest.approx(TIMES)
    # It is late only by what reading takes, not by what it waited for its turn.
    assert [round(view.frame.captured - 100, 3) for view in shown.seen if view.frame.number == 3][:1] == [1.0]


def test_a_late_frame_makes_nothing_hurry(monkeypatch: pytest.MonkeyPatch, ink_reader: Any) -> None:
    shown = Shown(Clock(monkeypatch), slow=1)
    run(Film(TIMES), ink_reader, views=[shown], watched=True)
    assert shown.times == pytest.approx([0, 0.04, 0.54, 1.46, 1.5])


def test_a_paused_file_does_not_hurry_afterwards(monkeypatch: pytest.MonkeyPatch, ink_reader: Any) -> None:
    clock, controls = Clock(monkeypatch), Controls(0.5)

    class Pausing(Shown):
        def show(self, view: View) -> None:
            super().show(view)
            controls.paused = view.frame.number == 1 and clock.now < 105

    shown = Pausing(clock)
    run(Film(TIMES), ink_reader, views=[shown], controls=controls, watched=True)
    assert np.diff(shown.times) == pytest.approx([0.04, 5.0, 0.92, 0.04], abs=loop.PAUSE_SECONDS)


@pytest.mark.parametrize("watched", [True, False])
def test_nothing_else_waits(monkeypatch: pytest.MonkeyPatch, pages: Pages, ink_reader: Any, watched: bool) -> None:
    clock = Clock(monkeypatch)
    source: ArraySource = ArraySource(pages(5), live=True) if watched else Film(TIMES)
    assert run(source, ink_reader, watched=watched).frames == 5
    assert clock.now == 100


def test_a_still_picture_that_is_watched_stays_until_it_is_let_go(pages: Pages, ink_reader: Any) -> None:
    controls = Controls(0.5)

    class Looking(Views):
        def show(self, view: View) -> None:
            super().show(view)
            controls.held = controls.held and len(self.seen) % 4 != 0

    views, events = Looking(), Events()
    source = ArraySource(pages(1, digits=2) + pages(1, digits=3), still=True)
    run(source, ink_reader, views=[views], events=[events], controls=controls, watched=True)
    # What is asked for while it stays is seen by all, since all are shown it again.
    assert [(view.frame.number, len(view.digits)) for view in views.seen] == [(0, 2)] * 4 + [(1, 3)] * 4
    assert [event.event for event in events.seen] == ["appeared"] * 2 + ["gone"] * 2 + ["appeared"] * 3 + ["gone"] * 3
