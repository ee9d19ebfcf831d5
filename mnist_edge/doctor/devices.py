"""Check cameras and the display."""

import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from mnist_edge.child_process import run_module
from mnist_edge.doctor.check import Check, Status
from mnist_edge.machine import this_machine

# VIDIOC_QUERYCAP of linux/videodev2.h: its number, the size of its answer, where in it the capabilities are.
QUERY_CAPABILITIES = 0x80685600
ANSWER_BYTES = 104
CARD, DEVICE_CAPABILITIES = slice(16, 48), slice(88, 92)
VIDEO_CAPTURE, VIDEO_CAPTURE_MULTIPLANAR = 0x1, 0x1000
# Seconds for a display server to accept a connection, and the TCP port of X display 0.
DISPLAY_SECONDS, X11_PORT = 1.0, 6000
SYSTEM_SITE = "sudo apt install python3-picamera2, and a venv made with --system-site-packages"


def check_cameras(devices: Path = Path("/dev")) -> Check:
    """Look for cameras that the kernel shows as /dev/video*, without switching any on."""
    if not sys.platform.startswith("linux"):
        return Check("cameras", Status.OK, "not looked for on this system; try: mnist-edge camera")
    nodes = sorted(devices.glob("video[0-9]*"), key=lambda node: int(node.name[5:]) if node.name[5:].isdigit() else 0)
    closed = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    cameras = [f"{node} ({card})" for node in nodes if str(node) not in closed and (card := _camera_name(node))]
    if cameras:
        return Check("cameras", Status.OK, ", ".join(cameras))
    if closed:
        advice = "join the group and log in again: sudo usermod -aG video $USER"
        return Check("cameras", Status.BROKEN, f"no permission for {', '.join(closed)}", advice)
    found = f"{len(nodes)} video devices, none of them a camera" if nodes else f"no {devices}/video*"
    return Check("cameras", Status.MISSING, found, "plug in a USB camera; files and network streams work without one")


def _camera_name(node: Path) -> str | None:
    """Ask a device for its name, None unless it captures video: codecs and metadata have device nodes as well."""
    import fcntl

    answer = bytearray(ANSWER_BYTES)
    try:
        handle = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        try:
            fcntl.ioctl(handle, QUERY_CAPABILITIES, answer)
        finally:
            os.close(handle)
    except OSError:
        return None
    if not int.from_bytes(answer[DEVICE_CAPABILITIES], sys.byteorder) & (VIDEO_CAPTURE | VIDEO_CAPTURE_MULTIPLANAR):
        return None
    return bytes(answer[CARD]).split(b"\0")[0].decode(errors="replace")


def check_picamera2(timeout_s: float) -> Check:
    """Import picamera2, for a Raspberry Pi's camera module, in a child process."""
    on_pi = "Raspberry Pi" in this_machine().board
    if find_spec("picamera2") is None:
        advice = SYSTEM_SITE if on_pi else "only a Raspberry Pi's camera module needs it"
        return Check("picamera2", Status.MISSING, "not installed", advice)
    outcome = run_module("picamera2", timeout_s=timeout_s)
    # A package without `__main__` cannot be run: this message means that the import succeeded.
    if outcome.failure and "cannot be directly executed" not in outcome.failure:
        numpy = "numpy" in outcome.failure.lower()
        advice = "it was built for numpy < 2: pip install 'numpy<2' 'opencv-python<4.12'" if numpy else SYSTEM_SITE
        return Check("picamera2", Status.BROKEN, outcome.failure, advice)
    return Check("picamera2", Status.OK, "can be imported")


def check_display() -> Check:
    """Check whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return Check("display", Status.OK, "this system's own")
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    if wayland and _answers(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/run"), wayland))):
        return Check("display", Status.OK, f"Wayland {wayland}")
    if x11 and _x11_answers(x11):
        return Check("display", Status.OK, f"X11 {x11}")
    if wayland or x11:
        named = " and ".join(f"{k}={v}" for k, v in (("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)) if v)
        return Check("display", Status.BROKEN, f"{named} does not answer", "correct or unset it; over ssh use ssh -X")
    return Check("display", Status.MISSING, "none", "not needed: without one the camera runs without a window")


def _x11_answers(display: str) -> bool:
    host, _, number = display.rpartition(":")
    index = number.partition(".")[0]
    if not index.isdigit():
        return False
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{index}"
        return _answers(path) or _answers(f"\0{path}")
    try:
        socket.create_connection((host, X11_PORT + int(index)), timeout=DISPLAY_SECONDS).close()
    except OSError:
        return False
    return True


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DISPLAY_SECONDS)
        try:
            connection.connect(path)
        except OSError:
            return False
    return True
