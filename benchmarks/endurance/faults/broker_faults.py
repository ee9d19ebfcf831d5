"""Faults of the MQTT broker: it ends, comes back, or comes late."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.endurance.broker import Messages, free_port, start_broker, subscribe
from mnist_edge.benchmarks.endurance.faults.fault import Fault, Outcome, end, outcome_of, stream_camera
from mnist_edge.benchmarks.endurance.proxy import Proxy, open_proxy
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, until
from mnist_edge.errors import CheckFailed

# Parts of the notes about the loss of the broker and its return.
LOST, BACK = "is away (", "is back; "
PREFIX = "faults"
FAREWELL = (f"{PREFIX}/available", "offline")
READ_SECONDS, GONE_SECONDS = 3.0, 5.0
# What the broker has acknowledged reaches a subscriber of this computer within this.
DELIVER_SECONDS = 0.5


def restart_broker(folder: Path) -> Outcome:
    """Have the broker end, forget everything and come back: in the end it has got every event."""
    port, messages = free_port(), Messages()
    with ExitStack() as stack, ExitStack() as broker:
        broker.enter_context(_broker(folder, port, messages))
        proxy = stack.enter_context(open_proxy(port))
        camera = stack.enter_context(_camera(folder, proxy))
        if not camera.wait_for(lambda: bool(_events(messages))):
            raise CheckFailed(f"no event came to the broker; the camera logged {[note.text for note in camera.notes]}")
        time.sleep(READ_SECONDS)
        with proxy.closed():
            time.sleep(DELIVER_SECONDS)
            broker.close()
            time.sleep(GONE_SECONDS)
            broker.enter_context(_broker(folder, port, messages))
        return _all_delivered(camera, folder, messages)


def late_broker(folder: Path) -> Outcome:
    """Have no broker when the camera starts: it reads, and the broker gets the events when it comes."""
    port, messages = free_port(), Messages()
    with ExitStack() as stack, open_proxy(port) as proxy:
        with proxy.closed():
            camera = stack.enter_context(_camera(folder, proxy))
            time.sleep(GONE_SECONDS)
            stack.enter_context(_broker(folder, port, messages))
        return _all_delivered(camera, folder, messages)


@contextmanager
def _broker(folder: Path, port: int, messages: Messages) -> Iterator[None]:
    with start_broker(folder, port), subscribe(port, f"{PREFIX}/#", messages):
        yield


@contextmanager
def _camera(folder: Path, proxy: Proxy) -> Iterator[CameraProcess]:
    mqtt = ("--mqtt", f"mqtt://127.0.0.1:{proxy.port}/{PREFIX}")
    with stream_camera(folder, *mqtt, events="events.jsonl") as (_, camera):
        yield camera


def _all_delivered(camera: CameraProcess, folder: Path, messages: Messages) -> Outcome:
    """See that the broker, which knows nothing, receives the current state, and in the end every event."""
    before = len(messages)
    seconds = camera.seconds_until(lambda: len(messages) > before)
    time.sleep(READ_SECONDS)
    states = {topic for topic, content in messages[before:] if content == "online" or topic == f"{PREFIX}/reading"}
    ended = end(camera)
    written = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    until(lambda: FAREWELL in messages[before:], seconds=10.0)
    received = _events(messages)
    missing = sum(event not in received for event in written)
    # A message whose acknowledgement was lost comes twice.
    once = [event for index, event in enumerate(received) if event not in received[:index]]
    promises = {
        f"{camera.logged(LOST)} notes of the loss": camera.logged(LOST) == 1,
        f"{camera.logged(BACK)} notes of the return": camera.logged(BACK) == 1,
        f"the new broker received only {sorted(states)}": len(states) == 2,
        f"{missing} of {len(written)} events are missing": not missing,
        "events came in another order": missing > 0 or once == written,
        "the last message was not that it is offline": messages[-1] == FAREWELL,
        **ended,
    }
    figures = {"events": len(written), "missing": missing, "twice": len(received) - len(once)}
    return outcome_of(camera, seconds, promises, figures)


def _events(messages: Messages) -> list[dict[str, Any]]:
    return [content for topic, content in tuple(messages) if topic == f"{PREFIX}/events" and isinstance(content, dict)]


BROKER_FAULTS = (
    Fault("broker restarted", f"the broker ends, and starts without a memory {GONE_SECONDS:g} s later", restart_broker),
    Fault("broker late", f"no broker at the start, but one after {GONE_SECONDS:g} s of reading", late_broker),
)
