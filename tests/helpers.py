"""What the tests of several packages need: waiting, parts of a stream, and a broker."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

# For what happens at once on a quiet machine.
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.01
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
with_broker = pytest.mark.skipif(not MOSQUITTO, reason="mosquitto is not installed")
T = TypeVar("T")


def wait_until(
    condition: Callable[[], T],
    what: str = "what the test waits for",
    *,
    seconds: float = PATIENCE_SECONDS,
    meanwhile: Callable[[], object] | None = None,
) -> T:
    """Wait for a condition, call `meanwhile` over and over if there is one, and return what the condition gives."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        if meanwhile:
            meanwhile()
        time.sleep(POLL_SECONDS)
    return found


def free_port() -> int:
    """Return a port of localhost that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def as_part(jpeg: bytes) -> bytes:
    """Return a picture as a part of a multipart stream whose boundary is `cut`."""
    head = f"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


class Broker:
    """A mosquitto on this machine, which can be stopped and started again at the same port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "max_queued_messages 0", *options]
        if os.getuid() == 0:
            lines.append("user root")
        if "password_file" not in " ".join(options):
            lines.append("allow_anonymous true")
        self._config.write_text("\n".join(lines) + "\n")

    def url(self, prefix: str = "desk/camera", login: str = "") -> str:
        return f"mqtt://{login}127.0.0.1:{self.port}/{prefix}"

    def start(self) -> None:
        assert MOSQUITTO
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        wait_until(self._accepts, "mosquitto to start")

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None
