"""Faults of the MQTT broker: it ends, comes back, or comes late."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from mnist_edge.benchmarks.endurance.faults.outcome import Fault, Outcome, end, judge
from mnist_edge.benchmarks.endurance.mjpeg_stream import open_stream
from mnist_edge.benchmarks.endurance.proxy import Gate, open_gate
from mnist_edge.benchmarks.endurance.soak import free_port, start_broker
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera, until
from mnist_edge.errors import CheckFailed
from mnist_edge.optional_packages import require

LOST, BACK = "is away (", "is back; "
PREFIX = "faults"
READ_SECONDS, GONE_SECONDS = 3.0, 5.0

# Topic and content, in the order in which they came.
Heard = list[tuple[str, Any]]


def restart_broker(folder: Path) -> Outcome:
    """Have the broker end, forget everything and come back: in the end it has got every event."""
    port, heard = free_port(), Heard()
    with ExitStack() as stack:
        broker = stack.enter_context(ExitStack())
        broker.enter_context(start_broker(folder, port))
        listening = stack.enter_context(ExitStack())
        listening.enter_context(_listen(port, heard))
        gate = stack.enter_context(open_gate(port))
        camera = stack.enter_context(_start(folder, gate))
        if not camera.wait_for(lambda: bool(_events(heard))):
            raise CheckFailed(f"no event came to the broker; the camera said {[note.text for note in camera.notes]}")
        time.sleep(READ_SECONDS)
        with gate.shut():
            # What it has acknowledged must have come here, before it ends.
            time.sleep(0.5)
            listening.close()
            broker.close()
            time.sleep(GONE_SECONDS)
            broker.enter_context(start_broker(folder, port))
            listening.enter_context(_listen(port, heard))
        return _all_told(camera, folder, heard)


def late_broker(folder: Path) -> Outcome:
    """Have no broker when the camera starts: it reads, and the broker gets the events when it comes."""
    port, heard = free_port(), Heard()
    with ExitStack() as stack, open_gate(port) as gate:
        with gate.shut():
            camera = stack.enter_context(_start(folder, gate))
            camera.wait_until_it_reads()
            time.sleep(GONE_SECONDS)
            stack.enter_context(start_broker(folder, port))
            stack.enter_context(_listen(port, heard))
        return _all_told(camera, folder, heard)


@contextmanager
def _start(folder: Path, gate: Gate) -> Iterator[CameraProcess]:
    flags = ("--events", "events.jsonl", "--mqtt", f"mqtt://127.0.0.1:{gate.port}/{PREFIX}")
    with open_stream() as stream, start_camera(folder, "--source", stream.url, *flags) as camera:
        yield camera


def _all_told(camera: CameraProcess, folder: Path, heard: Heard) -> Outcome:
    """See that the broker, which knows nothing, is told how things stand, and in the end every event."""
    opened, before = time.monotonic(), len(heard)
    back = camera.wait_for(lambda: len(heard) > before)
    seconds = round(time.monotonic() - opened, 2)
    time.sleep(READ_SECONDS)
    states = {topic for topic, content in heard[before:] if content == "online" or topic == f"{PREFIX}/reading"}
    ended = end(camera)
    written = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    farewell = (f"{PREFIX}/available", "offline")
    until(lambda: farewell in heard[before:], seconds=10.0)
    told = _events(heard)
    missing = sum(event not in told for event in written)
    # A message whose acknowledgement was lost comes twice.
    once = [event for index, event in enumerate(told) if event not in told[:index]]
    return judge(
        camera,
        seconds if back else None,
        {
            f"{camera.logged(LOST)} notes of the loss": camera.logged(LOST) == 1,
            f"{camera.logged(BACK)} notes of the return": camera.logged(BACK) == 1,
            f"the new broker was told only {sorted(states)}": len(states) == 2,
            f"{missing} of {len(written)} events are missing": not missing,
            "events came in another order": missing > 0 or once == written,
            "the last word was not that it is offline": heard[-1] == farewell,
            **ended,
        },
        {"events": len(written), "missing": missing, "twice": len(told) - len(once)},
    )


def _events(heard: Heard) -> list[dict[str, Any]]:
    return [content for topic, content in tuple(heard) if topic == f"{PREFIX}/events" and isinstance(content, dict)]


@contextmanager
def _listen(port: int, heard: Heard) -> Iterator[None]:
    """Hear all that the broker tells from now on.

    Raises:
        PackageMissing: paho-mqtt is not installed.
        CheckFailed: The broker does not answer.
    """
    paho: Any = require("paho.mqtt.client", extra="mqtt")
    client, ready = paho.Client(paho.CallbackAPIVersion.VERSION2), Event()
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _, __, message: heard.append((message.topic, _content(message.payload)))
    client.on_connect = lambda *_: client.subscribe(f"{PREFIX}/#", qos=1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        if not ready.wait(10):
            raise CheckFailed(f"the broker on port {port} does not answer")
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def _content(payload: bytes) -> Any:
    return json.loads(payload) if payload.startswith(b"{") else payload.decode()


BROKER_FAULTS = (
    Fault("broker restarted", f"the broker ends, and starts without a memory {GONE_SECONDS:g} s later", restart_broker),
    Fault("broker late", f"no broker at the start, but one after {GONE_SECONDS:g} s of reading", late_broker),
)
