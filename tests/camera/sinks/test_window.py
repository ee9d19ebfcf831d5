"""The window: only where there is a display, and it ends when it is told to."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.sinks import window
from mnist_edge.camera.sinks.window import Window
from mnist_edge.camera.view import View
from mnist_edge.errors import OutputError, SourceError
from mnist_edge.reading import Box, Digit
from tests.helpers import wait_until

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


def look(shown: Window, view: View) -> None:
    """What the loop's thread and the main thread do for one view."""
    shown.show(view)
    shown.refresh()


@pytest.mark.parametrize("key", [ord("q"), ord("Q"), 27, 0x100000 + ord("q")])
def test_q_and_escape_ask_for_the_end(screen: FakeScreen, view: Callable[..., View], key: int) -> None:
    controls = Controls(0.4)
    screen.keys = iter([-1, ord("x"), key])
    shown = Window(controls)
    for number in range(3):
        assert not controls.stop.requested
        look(shown, view(PICTURE, number))
    assert controls.stop.requested and screen.shown >= 3


@pytest.mark.parametrize("closed", [0.0, -1.0, RAISES])
def test_closing_the_window_asks_for_the_end(screen: FakeScreen, view: Callable[..., View], closed: float) -> None:
    controls = Controls(0.4)
    screen.visible = iter([0.0, 1.0, 1.0, closed])
    shown = Window(controls)
    for number in range(4):
        assert not controls.stop.requested
        look(shown, view(PICTURE, number))
    assert controls.stop.requested


def test_a_window_system_that_cannot_tell_is_no_closed_window(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4)
    screen.visible = iter([-1.0] * 3)
    shown = Window(controls)
    for number in range(3):
        look(shown, view(PICTURE, number))
    assert not controls.stop.requested


def test_the_loop_waits_for_no_display_and_its_newest_view_is_shown(
    screen: FakeScreen, view: Callable[..., View]
) -> None:
    """Views may come faster than they can be drawn; what `run` returns is what the loop does."""
    controls, meter, threads = Controls(0.4), Meter(), set[int]()
    drawing, drawn = threading.Event(), threading.Event()

    def slow(_: str, picture: np.ndarray) -> None:
        threads.add(threading.get_ident())
        screen.shown += 1
        drawing.set()
        assert drawn.wait(60)

    def loop() -> str:
        for number in range(100):
            shown.show(view(PICTURE, number))
            if number == 0:
                assert drawing.wait(60)
        drawn.set()
        wait_until(lambda: meter.display.total >= 2)
        return "ended"

    screen.imshow = slow  # type: ignore[method-assign]
    with Window(controls, meter) as shown:
        assert shown.run(loop) == "ended"
    assert (screen.shown, meter.display.total, screen.destroyed) == (2, 2, 1)
    assert threads == {threading.get_ident()}


def test_what_the_loop_raises_is_raised_where_the_window_is(screen: FakeScreen) -> None:
    def loop() -> None:
        raise SourceError("the cable is out")

    with pytest.raises(SourceError, match="cable"), Window(Controls(0.4)) as shown:
        shown.run(loop)
    # A window that never showed anything closes nothing.
    assert screen.destroyed == 0


def test_a_bug_in_the_window_ends_the_loop(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls, ended = Controls(0.4), threading.Event()

    def loop() -> None:
        shown.show(view(PICTURE))
        wait_until(lambda: controls.stop.requested)
        ended.set()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    screen.imshow = broken  # type: ignore[method-assign, assignment]
    shown = Window(controls)
    with pytest.raises(ZeroDivisionError):
        shown.run(loop)
    assert ended.is_set()


def test_what_is_on_the_screen_is_not_drawn_again(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls, meter = Controls(0.4), Meter()
    shown, paused = Window(controls, meter), view(PICTURE, paused=True)
    for _ in range(5):
        look(shown, paused)
    assert (screen.shown, screen.asked, meter.display.total) == (1, 5, 1)
    controls.message = "snapshot: here"
    look(shown, paused)
    assert (screen.shown, meter.display.total) == (2, 1)


def test_a_loop_that_is_stuck_does_not_keep_the_window_from_ending(
    screen: FakeScreen, view: Callable[..., View], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "END_SECONDS", 0.1)
    free = threading.Event()

    def loop() -> None:
        shown.show(view(PICTURE))
        free.wait(60)

    screen.keys = iter([ord("q")])
    shown = Window(Controls(0.4))
    with pytest.raises(OutputError, match="reading did not end"):
        shown.run(loop)
    free.set()


def test_latency_is_measured_to_the_screen(screen: FakeScreen, view: Callable[..., View]) -> None:
    meter, shown_view = Meter(), view(PICTURE)
    late = replace(shown_view, frame=replace(shown_view.frame, captured=time.monotonic() - 2.0))
    look(Window(Controls(0.4), meter), late)
    stats = meter.summary()
    assert 2000 <= stats.screen_ms < 60_000
    assert stats.latency_ms == 0


def test_other_keys_end_the_look_at_a_still_picture(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4)
    shown, picture = Window(controls), view(PICTURE)
    for key, held in [(-1, True), (ord("s"), True), (ord("d"), True), (ord("n"), False), (ord(" "), False)]:
        controls.held = True
        screen.keys = iter([key])
        look(shown, picture)
        assert controls.held == held
    # What has a meaning is done, and a space does not pause what stands still already.
    assert (controls.snapshot, controls.details, controls.paused) == (True, True, False)


def test_a_large_picture_opens_a_window_that_fits_a_screen(screen: FakeScreen, view: Callable[..., View]) -> None:
    shown = Window(Controls(0.4))
    look(shown, view(np.zeros((3000, 4000, 3), np.uint8)))
    width, height = screen.sizes[0]
    assert width <= 1280 and height <= 800 and max(width / 1280, height / 800) > 0.9


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (" ", {"paused": True}),
        ("  ", {"paused": False}),
        ("s", {"snapshot": True}),
        ("r", {"recording": True}),
        ("d", {"details": True}),
        ("+=-", {"min_confidence": 0.45}),
        ("-" * 20, {"min_confidence": 0.0}),
        ("+" * 20, {"min_confidence": 1.0}),
        ("7", {"message": ""}),
    ],
)
def test_keys_ask_for_things(
    screen: FakeScreen, view: Callable[..., View], keys: str, expected: dict[str, object]
) -> None:
    controls = Controls(0.4)
    screen.keys = iter(map(ord, keys))
    shown = Window(controls)
    for number in range(len(keys)):
        look(shown, view(PICTURE, number))
    assert {name: getattr(controls, name) for name in expected} == expected
    assert not controls.stop.requested


@pytest.mark.parametrize(("key", "label"), [("4", 4), ("x", -1)])
def test_a_click_and_a_key_correct_a_digit(screen: FakeScreen, view: Callable[..., View], key: str, label: int) -> None:
    controls, meter = Controls(0.4, corrections=deque()), Meter()
    digits = (Digit(9, 0.8, Box(10, 10, 20, 30), track=3), Digit(1, 0.9, Box(40, 10, 10, 30), track=5))
    shown = Window(controls, meter)
    look(shown, view(PICTURE, 0, digits=digits))
    plain, scale = screen.last, screen.last.shape[1] / 64
    screen.click(1, round(15 * scale), round(20 * scale), 0, None)
    shown.refresh()
    assert (screen.last[: round(48 * scale)] != plain[: round(48 * scale)]).any()
    screen.keys = iter([ord(key)])
    look(shown, view(PICTURE, 1, digits=digits))
    # Without another click a digit means nothing.
    screen.keys = iter([ord("8")])
    look(shown, view(PICTURE, 2, digits=digits))
    assert [(one.track, one.label) for one in controls.corrections or ()] == [(3, label)]
    assert meter.display.total == 3


def test_a_correction_that_nobody_keeps_is_refused(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4)
    shown = Window(controls)
    digits = (Digit(9, 0.8, Box(0, 0, 64, 48), track=3),)
    look(shown, view(PICTURE, 0, digits=digits))
    screen.click(1, 20, 20, 0, None)
    screen.keys = iter([ord("8")])
    look(shown, view(PICTURE, 1, digits=digits))
    assert controls.message.startswith("not kept: ") and "start the camera with --collect DIR" in controls.message


def test_a_digit_that_has_gone_is_not_corrected(screen: FakeScreen, view: Callable[..., View]) -> None:
    controls = Controls(0.4, corrections=deque())
    shown = Window(controls)
    look(shown, view(PICTURE, 0, digits=(Digit(9, 0.8, Box(0, 0, 64, 48), track=3),)))
    screen.click(1, 20, 20, 0, None)
    screen.keys = iter([ord("8")])
    look(shown, view(PICTURE, 1))
    assert not controls.corrections
