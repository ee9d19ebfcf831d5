"""The window, where there is a display."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_edge import native_stderr
from mnist_edge.camera.controls import NO_DIGIT, Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.sinks.display import screen_size
from mnist_edge.camera.sinks.panel import MAX_SIZE, draw_panel
from mnist_edge.camera.view import View
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.opencv import cv2

T = TypeVar("T")

TITLE = "mnist-edge camera"
ESCAPE = chr(27)
ENDING_KEYS = {"q", "Q", ESCAPE}
# How often keys are looked for while there is nothing new to show: sooner than a person notices.
POLL_SECONDS = 0.02
# How long the end waits for a loop that is stuck, in a disk or a network.
END_SECONDS = 2.0


class Window:
    """Shows what is read, until q, Esc or its own closing button asks the loop to stop.

    The loop runs in a thread of its own, and the window in the main thread, where window systems want it. Reading never
    waits for the screen: the window draws the newest view, and skips those that came while it was drawing. A click
    selects a digit, and the key of a class then says what it truly is.
    """

    def __init__(self, controls: Controls, meter: Meter | None = None) -> None:
        """Prepare; nothing is opened before the first frame.

        Args:
            controls: What the keys and the mouse change.
            meter: Counts the pictures that were shown.
        """
        self._controls = controls
        self._meter = meter or Meter()
        self._newest: View | None = None
        self._changed = threading.Event()
        # Used by the main thread.
        self._view: View | None = None
        self._is_open = self._was_visible = False
        self._selected: int | None = None
        self._drawn: tuple[Controls, int | None] | None = None
        self._scale = 1.0
        # The first window fits the screen; it can be resized.
        screen = screen_size() or MAX_SIZE
        self._most = min(MAX_SIZE[0], screen[0]), min(MAX_SIZE[1], screen[1])

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *error: object) -> None:
        """Close the window."""
        if self._is_open:
            cv2.destroyAllWindows()

    def show(self, view: View) -> None:
        """Have a view shown soon, unless a newer one comes first; called by the loop, returns at once."""
        self._newest = view
        self._changed.set()

    def run(self, loop: Callable[[], T]) -> T:
        """Run the loop in a thread, show what it passes to `show` until it ends, and return or raise what it does.

        Raises:
            OutputError: The loop was asked to end, and did not.
        """
        result: Future[T] = Future()
        thread = threading.Thread(target=_settle, args=(result, loop), name="loop", daemon=True)
        thread.start()
        try:
            while not (result.done() or self._controls.stop.requested):
                self.refresh()
        except BaseException:
            self._controls.stop.requested = True
            raise
        finally:
            thread.join(END_SECONDS)
        if not result.done():
            raise OutputError(
                f"reading did not end within {END_SECONDS:.0f} s; check the disk and what takes the events"
            )
        return result.result()

    def refresh(self) -> None:
        """Draw the newest view, unless it is drawn already, and do what keys and the mouse ask for."""
        self._changed.wait(POLL_SECONDS)
        self._changed.clear()
        view, before = self._newest, self._view
        if view is None:
            return
        if self._selected not in {digit.track for digit in view.digits}:
            self._selected = None
        self._view = view
        # Drawing the same again would cost as much as reading.
        state = replace(self._controls), self._selected
        if view is not before or state != self._drawn:
            self._draw(view)
            self._drawn = state
        self._press(cv2.waitKey(1))
        if before is None or view.frame is not before.frame:
            self._meter.shown(view.frame.captured)

    def _draw(self, view: View) -> None:
        panel = draw_panel(view, self._controls, self._selected, self._most)
        self._scale = panel.scale
        if not self._is_open:
            self._open(panel.image)
        cv2.imshow(TITLE, panel.image)

    def _press(self, key: int) -> None:
        """Do what a key asks for; any other ends the look at a still picture."""
        pressed = chr(key & 0xFF) if key >= 0 else ""
        label = self._controls.meant(pressed) if self._selected is not None else None
        # A class may be called q.
        if self._is_closed() or (pressed in ENDING_KEYS and label is None):
            self._controls.stop.requested = True
        if not pressed:
            return
        pressed = pressed.lower()
        if self._selected is not None and label is not None:
            self._correct(self._selected, label)
        elif (pressed == " " and self._controls.held) or not self._controls.press(pressed):
            self._controls.held = False

    def _correct(self, track: int, label: int) -> None:
        self._selected = None
        try:
            self._controls.correct(track, label)
        except UsageError as error:
            self._controls.message = f"not kept: {error}"
        else:
            # Until the collector says what became of it.
            self._controls.message = (
                f"digit {track} is {'' if label == NO_DIGIT else 'a '}{self._controls.called(label)}"
            )

    def _click(self, event: int, x: int, y: int, *_: object) -> None:
        if event == cv2.EVENT_LBUTTONDOWN and self._view is not None:
            point = x / self._scale, y / self._scale
            under = [digit.track for digit in self._view.digits if digit.box.contains(*point)]
            self._selected = under[0] if under else None

    def _open(self, picture: NDArray[np.uint8]) -> None:
        self._is_open = True
        with native_stderr.silenced():
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
            cv2.resizeWindow(TITLE, *picture.shape[1::-1])
            cv2.setMouseCallback(TITLE, self._click)

    def _is_closed(self) -> bool:
        """Whether the user closed it; some window systems cannot tell and always say no."""
        try:
            visible = cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:
            # Qt's answer once its last window is closed.
            visible = False
        self._was_visible = self._was_visible or visible
        return self._was_visible and not visible


def _settle(result: Future[T], work: Callable[[], T]) -> None:
    try:
        result.set_result(work())
    # Whatever it is, the main thread raises it.
    except BaseException as error:
        result.set_exception(error)
