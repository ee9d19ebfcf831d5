"""The window: only where there is a display, and it ends when it is told to."""

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.sinks import window
from mnist_edge.camera.sinks.window import Window, why_no_window
from mnist_edge.camera.tracker import TrackedDigit
from mnist_edge.camera.view import View
from mnist_edge.reading import Box

PICTURE = np.zeros((48, 64, 3), np.uint8)


RAISES = float("nan")


class FakeScreen:
    """The windows of OpenCV, with keys pressed in turn; -1 is none."""

    error = ArithmeticError

    WINDOW_NORMAL = WINDOW_KEEPRATIO = WINDOW_GUI_NORMAL = WND_PROP_VISIBLE = 0
    EVENT_LBUTTONDOWN = 1

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

    def setMouseCallback(self, _: str, clicked: Callable[..., None]) -> None:
        self.click = clicked

    def imshow(self, _: str, picture: np.ndarray) -> None:
        self.shown += 1
        self.last = picture

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
def test_q_and_escape_ask_for_the_end(screen: FakeScreen, view: Callable[..., View], key: int) -> None:
    controls = Controls(0.4)
    screen.keys = iter([-1, ord("x"), key])
    with Window(controls) as shown:
        for number in range(3):
            assert not controls.stop.requested
            shown.show(view(PICTURE, number))
    assert controls.stop.requested
    assert (screen.shown, screen.destroyed) == (3, 1)


@pytest.mark.parametrize("closed", [0.0, -1.0, RAISES])
def test_closing_the_window_asks_for_the_end(screen: FakeScreen, view: Callable[..., View], closed: float) -> None:
    controls = Controls(0.4)
    screen.visible = iter([0.0, 1.0, 1.0, closed])
    with Window(controls) as shown:
        for number in range(4):
            assert not controls.stop.requested
            shown.show(view(PICTURE, number))
    assert controls.stop.requested


def test_a_window_system_that_cannot_tell_is_no_closed_window(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4)
    screen.visible = iter([-1.0] * 3)
    with Window(controls) as shown:
        for number in range(3):
            shown.show(view(PICTURE, number))
    assert not controls.stop.requested


def test_a_still_picture_waits_for_a_key(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4)
    screen.keys = iter([-1, -1, -1, ord(" "), -1, 27])
    with Window(controls, wait_for_key=True) as shown:
        shown.show(view(PICTURE, 0))
        assert (screen.asked, controls.stop.requested) == (4, False)
        shown.show(view(PICTURE, 1))
    assert (screen.asked, controls.stop.requested) == (6, True)


def test_a_video_is_not_shown_faster_than_it_is(
    screen: FakeScreen, view: Callable[..., View], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(n * 0.01 for n in range(10_000))
    monkeypatch.setattr(window, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with Window(Controls(0.4)) as shown:
        shown.show(view(PICTURE, 0, 0.0))
        before = screen.asked
        shown.show(view(PICTURE, 1, 1.0))
    assert screen.asked - before > 20


def test_a_large_picture_opens_a_window_that_fits_a_screen(screen: FakeScreen, view: Callable[..., View]) -> None:
    with Window(Controls(0.4)) as shown:
        shown.show(view(np.zeros((3000, 4000, 3), np.uint8)))
    width, height = screen.sizes[0]
    assert width <= 1280 and height <= 800 and max(width / 1280, height / 800) > 0.9


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (" ", {"paused": True}),
        ("  ", {"paused": False}),
        ("s", {"snapshots": 1}),
        ("r", {"recording": True}),
        ("d", {"details": True}),
        ("+=-", {"min_confidence": 0.45}),
        ("-" * 20, {"min_confidence": 0.0}),
        ("+" * 20, {"min_confidence": 1.0}),
        ("7", {"corrections": deque()}),
    ],
)
def test_keys_ask_for_things(
    screen: FakeScreen, view: Callable[..., View], keys: str, expected: dict[str, object]
) -> None:
    controls = Controls(0.4)
    screen.keys = iter(map(ord, keys))
    with Window(controls) as shown:
        for number in range(len(keys)):
            shown.show(view(PICTURE, number))
    assert {name: getattr(controls, name) for name in expected} == expected
    assert not controls.stop.requested


@pytest.mark.parametrize(("key", "label"), [("4", 4), ("x", -1)])
def test_a_click_and_a_key_correct_a_digit(screen: FakeScreen, view: Callable[..., View], key: str, label: int) -> None:
    controls, meter = Controls(0.4), Meter()
    digits = (TrackedDigit(3, 9, 0.8, Box(10, 10, 20, 30)), TrackedDigit(5, 1, 0.9, Box(40, 10, 10, 30)))
    with Window(controls, meter) as shown:
        shown.show(view(PICTURE, 0, digits=digits))
        plain, scale = screen.last, screen.last.shape[1] / 64
        screen.click(1, round(15 * scale), round(20 * scale), 0, None)
        assert (screen.last[: round(48 * scale)] != plain[: round(48 * scale)]).any()
        screen.keys = iter([ord(key)])
        shown.show(view(PICTURE, 1, digits=digits))
        # Without another click a digit means nothing.
        screen.keys = iter([ord("8")])
        shown.show(view(PICTURE, 2, digits=digits))
    assert list(controls.corrections) == [(3, label)]
    assert meter.display.total == 3


def test_a_digit_that_has_gone_is_not_corrected(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4)
    with Window(controls) as shown:
        shown.show(view(PICTURE, 0, digits=(TrackedDigit(3, 9, 0.8, Box(0, 0, 64, 48)),)))
        screen.click(1, 20, 20, 0, None)
        screen.keys = iter([ord("8")])
        shown.show(view(PICTURE, 1))
    assert not controls.corrections


def test_a_paused_video_does_not_hurry_afterwards(
    screen: FakeScreen, view: Callable[..., View], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(n * 0.01 for n in range(100_000))
    monkeypatch.setattr(window, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with Window(Controls(0.4)) as shown:
        still = view(PICTURE, 0, 0.0)
        for _ in range(1000):
            shown.show(still)
        before = screen.asked
        shown.show(view(PICTURE, 1, 1.0))
    assert screen.asked - before > 20


def test_a_window_that_never_showed_anything_closes_nothing(screen: FakeScreen) -> None:
    with Window(Controls(0.4)):
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
