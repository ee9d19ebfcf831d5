"""Finds out whether a window can be shown, and how large it may be."""

import ctypes
import os
import signal
import subprocess
import sys

from mnist_edge.child_process import failure_of

# The share of the screen's height that a window may take; the rest is for the title bar.
SCREEN_SHARE = 0.94
# How long opening a window may take: a slow board needs some seconds to import OpenCV.
PROBE_SECONDS = 20
# The probe's exit code where OpenCV has no windows.
NO_WINDOWS = 3
# It runs in a process of its own: where the display cannot be used, OpenCV's Qt does not raise but aborts.
PROBE = f"""
import sys, cv2
try:
    cv2.namedWindow("probe", cv2.WINDOW_NORMAL)
    cv2.destroyAllWindows()
except cv2.error:
    sys.exit({NO_WINDOWS})
"""


def why_no_window() -> str | None:
    """Return why no window can be shown here, and what to do; None where one can."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not display:
        return "neither DISPLAY nor WAYLAND_DISPLAY is set; start it from a desktop, or connect with ssh -X"
    try:
        code = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, timeout=PROBE_SECONDS).returncode
    except subprocess.TimeoutExpired:
        return f"the display {display} does not answer within {PROBE_SECONDS} s; restart the desktop or unset DISPLAY"
    if code == NO_WINDOWS:
        return "this OpenCV has no windows; install opencv-python in place of opencv-python-headless"
    # Qt aborts where it cannot connect to the display; any other signal is a crash.
    if code < 0 and -code != signal.SIGABRT:
        return f"opening a window was {failure_of(code)}; install opencv-python anew, or pass --no-window"
    return f"the display {display} cannot be opened; check DISPLAY, and xhost or ssh -X" if code else None


def screen_size() -> tuple[int, int] | None:
    """Return the width and usable height of the X display in pixels; None where they cannot be found out."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return None
    try:
        screen = x11.XDefaultScreen(display)
        return x11.XDisplayWidth(display, screen), int(SCREEN_SHARE * x11.XDisplayHeight(display, screen))
    finally:
        x11.XCloseDisplay(display)
