"""The window, where there is a display."""

import os
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from mnist_edge import quiet
from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.view import View

TITLE = "mnist-edge camera"
ENDING_KEYS = {ord("q"), ord("Q"), 27}
# The first window is at most this large; it can be resized.
MAX_SIZE = (1280, 800)
# So long may one wait for keys take: signals are handled between two.
SLICE_MS = 20
PROBE_SECONDS = 20
NO_WINDOWS = 3
# In a process of its own: where the display cannot be used, OpenCV's Qt does not raise but aborts.
PROBE = f"""
import sys, cv2
try:
    cv2.namedWindow("{TITLE}", cv2.WINDOW_NORMAL)
    cv2.destroyAllWindows()
except cv2.error:
    sys.exit({NO_WINDOWS})
"""


def why_no_window() -> str | None:
    """Why no window can be shown here, and what to do; None where it can."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not display:
        return "neither DISPLAY nor WAYLAND_DISPLAY is set; start it from a desktop, or connect with ssh -X"
    try:
        code = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, timeout=PROBE_SECONDS).returncode
    except subprocess.TimeoutExpired:
        return f"the display {display} does not answer within {PROBE_SECONDS} s; restart the desktop or unset DISPLAY"
    if code == NO_WINDOWS:
        return "this OpenCV has no windows; install opencv-python in place of opencv-python-headless"
    return f"the display {display} cannot be opened; check DISPLAY, and xhost or ssh -X" if code else None


class Window:
    """Shows frames until q, Esc or its own closing button asks the loop to stop.

    A video plays no faster than its frame rate. Of still pictures each waits for a key.
    """

    def __init__(self, stop: Stop, *, wait_for_key: bool = False) -> None:
        """Nothing is opened before the first frame.

        Args:
            stop: Where to ask for the end.
            wait_for_key: Keep each picture until a key is pressed.
        """
        self._stop = stop
        self._wait_for_key = wait_for_key
        self._began: float | None = None
        self._was_visible = False

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *error: object) -> None:
        """Close the window."""
        if self._began is not None:
            cv2.destroyAllWindows()

    def show(self, view: View) -> None:
        """Show a picture, and let the window live for as long as it is due."""
        picture, frame = view.picture, view.frame
        if self._began is None:
            self._open(picture)
            self._began = time.monotonic() - frame.seconds
        cv2.imshow(TITLE, picture)
        due = self._began + frame.seconds
        pressed = False
        while not self._stop.requested:
            left_ms = SLICE_MS if self._wait_for_key else round((due - time.monotonic()) * 1000)
            key = cv2.waitKey(min(max(left_ms, 1), SLICE_MS))
            pressed = key >= 0
            if (pressed and key & 0xFF in ENDING_KEYS) or self._is_closed():
                self._stop.requested = True
            if pressed if self._wait_for_key else time.monotonic() >= due:
                return

    def _open(self, picture: NDArray[np.uint8]) -> None:
        height, width = picture.shape[:2]
        scale = min(1.0, MAX_SIZE[0] / width, MAX_SIZE[1] / height)
        with quiet.silenced():
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
            cv2.resizeWindow(TITLE, max(1, round(width * scale)), max(1, round(height * scale)))

    def _is_closed(self) -> bool:
        """Whether the user closed it; some window systems cannot tell and always say no."""
        try:
            visible = cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:
            # Qt's answer once its last window is closed.
            visible = False
        self._was_visible = self._was_visible or visible
        return self._was_visible and not visible
