"""The window: only where there is a display, and it ends when it is told to."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera import window
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.window import Window, why_no_window

PICTURE = np.zeros((48, 64, 3), np.uint8)


RAISES = float("nan")


class FakeScreen:
    """The windows of OpenCV, with keys pressed in turn; -1 is none."""

    error = ArithmeticError

    WINDOW_NORMAL = WINDOW_KEEPRATIO = WINDOW_GUI_NORMAL = WND_PROP_VISIBLE = 0

    def __init__(self) -> None:
        self.keys: Iterator[int] = iter(())
        self.visible: Iterator[float] = iter(())
        self.sizes: list[tuple[int, int]] = []
        self.shown = 0
        self.asked = 0
        self.destroyed = 0

    def namedWindow(self, *_: object) -> None: ...

    def resizeWindow(self, _: str, width: int, height: int) -> None:
        self.sizes.append((width, height))

    def imshow(self, *_: object) -> None:
        self.shown += 1

    def waitKey(self, _: int) -> int:
        self.asked += 1
        return next(self.keys, -1)

    def getWindowProperty(self, *_: object) -> float:
        visible = next(self.visible, 1.0)
        if visible is RAISES:
            raise self.error
        return visible

    def destroyAllWindows(self) -> None:
        self.destroyed += 1


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> FakeScreen:
    fake = FakeScreen()
    monkeypatch.setattr(window, "cv2", fake)
    return fake


@pytest.mark.parametrize("key", [ord("q"), ord("Q"), 27, 0x100000 + ord("q")])
def test_q_and_escape_ask_for_the_end(screen: FakeScreen, blank: Callable[..., Frame], key: int) -> None:
    stop = Stop()
    screen.keys = iter([-1, ord("x"), key])
    with Window(stop) as shown:
        for number in range(3):
            assert not stop.requested
            shown.show(PICTURE, blank(number))
    assert stop.requested
    assert (screen.shown, screen.destroyed) == (3, 1)


@pytest.mark.parametrize("closed", [0.0, -1.0, RAISES])
def test_closing_the_window_asks_for_the_end(screen: FakeScreen, blank: Callable[..., Frame], closed: float) -> None:
    stop = Stop()
    screen.visible = iter([0.0, 1.0, 1.0, closed])
    with Window(stop) as shown:
        for number in range(4):
            assert not stop.requested
            shown.show(PICTURE, blank(number))
    assert stop.requested


def test_a_window_system_that_cannot_tell_is_no_closed_window(screen: FakeScreen, blank: Callable[..., Frame]) -> None:
    stop = Stop()
    screen.visible = iter([-1.0] * 3)
    with Window(stop) as shown:
        for number in range(3):
            shown.show(PICTURE, blank(number))
    assert not stop.requested


def test_a_still_picture_waits_for_a_key(screen: FakeScreen, blank: Callable[..., Frame]) -> None:
    stop = Stop()
    screen.keys = iter([-1, -1, -1, ord(" "), -1, 27])
    with Window(stop, wait_for_key=True) as shown:
        shown.show(PICTURE, blank(0))
        assert (screen.asked, stop.requested) == (4, False)
        shown.show(PICTURE, blank(1))
    assert (screen.asked, stop.requested) == (6, True)


def test_a_video_is_not_shown_faster_than_it_is(
    screen: FakeScreen, blank: Callable[..., Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(n * 0.01 for n in range(10_000))
    monkeypatch.setattr(window, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with Window(Stop()) as shown:
        shown.show(PICTURE, blank(0, 0.0))
        before = screen.asked
        shown.show(PICTURE, blank(1, 1.0))
    assert screen.asked - before > 20


def test_a_large_picture_opens_a_window_that_fits_a_screen(screen: FakeScreen, blank: Callable[..., Frame]) -> None:
    with Window(Stop()) as shown:
        shown.show(np.zeros((3000, 4000, 3), np.uint8), blank())
    assert screen.sizes == [(1067, 800)]


def test_a_window_that_never_showed_anything_closes_nothing(screen: FakeScreen) -> None:
    with Window(Stop()):
        pass
    assert screen.destroyed == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a display")
def test_no_display_is_said_before_anything_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "DISPLAY" in (why_no_window() or "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a display")
def test_a_display_that_leads_nowhere_does_not_kill_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":987")
    reason = why_no_window() or ""
    assert "display :987 cannot be opened" in reason or "no windows" in reason


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (window.NO_WINDOWS, "install opencv-python in place of opencv-python-headless"),
        (-6, "cannot be opened"),
        (0, None),
    ],
)
def test_the_probe_tells_why(monkeypatch: pytest.MonkeyPatch, outcome: int, reason: str | None) -> None:
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(returncode=outcome))
    found = why_no_window()
    assert found is None if reason is None else reason in (found or "")


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("probe", 1)

    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(subprocess, "run", hang)
    assert "does not answer" in (why_no_window() or "")
