"""The cameras of this machine, and the reason why one does not open."""

import os
import sys
from pathlib import Path

DEV = Path("/dev")
PROC = Path("/proc")


def list_cameras(dev: Path = DEV) -> list[str]:
    """List the video devices of Linux in the order of their numbers; empty on other systems."""
    found = [path for path in dev.glob("video*") if path.name[5:].isdecimal()]
    return [str(path) for path in sorted(found, key=lambda path: int(path.name[5:]))]


def device_of(source: str) -> str | int:
    """Return what OpenCV opens for a camera's number or path; on Linux a path, as a missing one can be recognised."""
    if source.isdecimal():
        return f"{DEV}/video{source}" if sys.platform.startswith("linux") else int(source)
    return source


def why_not(device: str | int, cameras: list[str]) -> str:
    """Explain in one line why a camera cannot be opened, and what to do.

    Args:
        device: As from `device_of`.
        cameras: As from `list_cameras`.
    """
    others = [camera for camera in cameras if camera != str(device)]
    instead = f"or choose another with --source ({', '.join(others)})" if others else "or give --source a video file"
    if isinstance(device, int):
        return f"camera {device} does not open; plug it in, close other programs that use it, {instead}"
    if not Path(device).exists():
        return f"there is no camera {device}; plug one in, {instead}"
    if not os.access(device, os.R_OK | os.W_OK):
        return f"{device} may not be used by this user; allow it with: sudo usermod -aG video $USER, and log in again"
    holder = _holder(Path(device))
    if holder:
        return f"{device} is in use by {holder}; close that program, {instead}"
    return f"{device} is there but does not open as a camera; close other programs that may use it, {instead}"


def _holder(device: Path) -> str | None:
    """Name another process that has the device open, as far as this user may see: `NAME (process NUMBER)`."""
    wanted = Path(os.path.realpath(device))
    for link in PROC.glob("[0-9]*/fd/*"):
        process = link.parts[-3]
        try:
            if process != str(os.getpid()) and Path(os.readlink(link)) == wanted:
                return f"{(PROC / process / 'comm').read_text().strip()} (process {process})"
        except OSError:
            continue
    return None
