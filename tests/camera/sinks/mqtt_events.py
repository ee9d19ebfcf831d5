"""Events that the tests of MQTT send, and which of them came."""

import threading

from mnist_edge.camera.events import Event
from mnist_edge.reading import Box, Digit
from tests.camera.sinks.conftest import Listener

LATE = "it did not take them in time"


def seven(track: int = 1, *, label: int = 7, x: int = 10, confidence: float = 0.98765) -> Digit:
    return Digit(label, confidence, Box(x, 20, 30, 40), track=track)


def event(number: int, digits: tuple[Digit, ...] = ()) -> Event:
    text = ("".join(str(digit.label) for digit in digits),) if digits else ()
    time = "2026-01-02T03:04:05.678+00:00"
    return Event(time, number, number / 25, "a camera", "appeared", seven(number), digits, text)


def tracks(listener: Listener, topic: str = "desk/camera/events") -> list[int]:
    """The numbers of the events that came, each where it came first."""
    return list(dict.fromkeys(document["track"] for document in listener.of(topic)))


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("events for the MQTT broker")]
