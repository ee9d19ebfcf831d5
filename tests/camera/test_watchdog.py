"""Signs of life, over a real socket, as systemd listens."""

import logging
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_edge.camera.watchdog import Watchdog

logger = logging.getLogger("mnist_edge.camera")


class Clock:
    """Seconds that pass when a test says so."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that NOTIFY_SOCKET names, with a patience of eight seconds."""
    if request.param == "abstract" and not sys.platform.startswith("linux"):
        pytest.skip("abstract names are Linux's")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = f"@mnist-edge-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
        listening.bind(name.replace("@", "\0"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        monkeypatch.setenv("WATCHDOG_USEC", "8000000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        yield listening


def heard(listening: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listening.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_ready_at_the_first_beat_then_alive_four_times_in_its_patience(systemd: socket.socket) -> None:
    clock = Clock()
    with Watchdog(clock) as watchdog:
        assert heard(systemd) == []
        watchdog.beat()
        assert heard(systemd) == ["READY=1\nWATCHDOG=1"]
        for _ in range(64):
            clock.seconds += 0.125
            watchdog.beat()
        assert heard(systemd) == ["WATCHDOG=1"] * 4
        logger.info("reading\n12 frames of rtsp://me:secret@camera/1")
        assert heard(systemd) == ["STATUS=note: reading\\n12 frames of rtsp://***@camera/1"]
    assert heard(systemd) == ["STOPPING=1"]
    watchdog.beat()
    assert heard(systemd) == []


def test_children_do_not_inherit_it(systemd: socket.socket) -> None:
    with Watchdog():
        assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)


def test_a_watchdog_for_another_process_is_not_fed(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_PID", "1")
    clock = Clock()
    with Watchdog(clock) as watchdog:
        watchdog.beat()
        clock.seconds += 1e6
        watchdog.beat()
        assert heard(systemd) == ["READY=1\nWATCHDOG=1"]


def test_nobody_who_listens_costs_nothing_and_breaks_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looks: list[float] = []

    def asked() -> float:
        looks.append(0.0)
        return 0.0

    for address in ("", "vsock:2:1234", str(tmp_path / "nobody")):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        with Watchdog(asked) as watchdog:
            watchdog.beat()
            logger.info("reading")
        assert not looks, "it looked at the clock"


def test_a_full_queue_does_not_stop_the_loop_and_ready_is_said_again(systemd: socket.socket) -> None:
    clock = Clock()
    with Watchdog(clock) as watchdog:
        for _ in range(10_000):
            logger.info("x" * 1000)
        watchdog.beat()
        assert "READY=1\nWATCHDOG=1" not in heard(systemd)
        watchdog.beat()
        assert heard(systemd) == ["READY=1\nWATCHDOG=1"]


def test_it_says_what_systemd_notify_says(systemd: socket.socket) -> None:
    if not shutil.which("systemd-notify"):
        pytest.skip("systemd-notify is not installed")
    done = subprocess.run(
        ["systemd-notify", "--no-block", "--ready", "--status=note: reading"], capture_output=True, timeout=60
    )
    theirs = "".join(f"{message}\n" for message in heard(systemd)).split("\n")
    if done.returncode or "READY=1" not in theirs:
        pytest.skip(f"systemd-notify does not work here: {done.stderr.decode()}")
    with Watchdog() as watchdog:
        watchdog.beat()
        logger.info("reading")
    ours = "\n".join(heard(systemd)).split("\n")
    assert {"READY=1", "STATUS=note: reading"} <= set(ours) & set(theirs)
