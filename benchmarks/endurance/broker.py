"""A mosquitto of one's own, and a subscriber that keeps all it receives."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

from mnist_edge.errors import CheckFailed, PackageMissing
from mnist_edge.optional_packages import require

START_SECONDS, SUBSCRIBE_SECONDS = 60.0, 10.0

# Topic and content, in the order in which they came; JSON objects are decoded.
Messages = list[tuple[str, Any]]


@contextmanager
def start_broker(folder: Path, port: int = 0) -> Iterator[int]:
    """Run mosquitto while the block runs; give its port.

    Raises:
        PackageMissing: It is not installed.
        CheckFailed: It does not start.
    """
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise PackageMissing("there is no mosquitto; install it with: sudo apt install mosquitto")
    port = port or free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    broker = subprocess.Popen([program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield port
    finally:
        broker.terminate()
        broker.wait()


def free_port() -> int:
    """Return a port of localhost that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def subscribe(port: int, topic: str, messages: Messages) -> Iterator[None]:
    """Add all messages of a topic to a list while the block runs.

    Raises:
        PackageMissing: paho-mqtt is not installed.
        CheckFailed: The broker does not answer.
    """
    paho: Any = require("paho.mqtt.client", extra="mqtt")
    client, ready = paho.Client(paho.CallbackAPIVersion.VERSION2), Event()
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _, __, message: messages.append((message.topic, _content(message.payload)))
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        if not ready.wait(SUBSCRIBE_SECONDS):
            raise CheckFailed(f"the broker on port {port} does not answer")
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def _content(payload: bytes) -> Any:
    return json.loads(payload) if payload.startswith(b"{") else payload.decode()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise CheckFailed(f"nothing listens on port {port} after {START_SECONDS:g} s")
