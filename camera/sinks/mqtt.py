"""Events, the current reading and how the loop does, told to an MQTT broker."""

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_edge.camera.events import Event, digits_to_json, timestamp
from mnist_edge.camera.sinks.home_assistant import announcements
from mnist_edge.camera.sinks.mqtt_address import parse_address
from mnist_edge.camera.sinks.mqtt_connection import Connection, new_client_id
from mnist_edge.camera.sinks.outbox import Outbox
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import END_SECONDS
from mnist_edge.optional_packages import require
from mnist_edge.reading import Digit
from mnist_edge.safe_text import to_json

# What the queue holds while the broker is away.
MAX_EVENTS = 1000
STATS_SECONDS = 10.0
# Waits between attempts to connect double from the first to the last.
FIRST_DELAY = 1.0
LAST_DELAY = 30.0
# Of the time that leaving may take: for the last word, that we are offline, once what is queued was sent.
GRACE_SECONDS = 0.4
# How often a quiet connection is looked after.
TURN_SECONDS = 0.5
ONLINE, OFFLINE = b"online", b"offline"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    """What is there to read, since when."""

    digits: tuple[Digit, ...] = ()
    text: tuple[str, ...] = ()
    time: str = ""

    @property
    def news(self) -> tuple[object, ...]:
        """What is worth telling at once: boxes and confidences tremble with every frame."""
        return self.text, tuple((digit.track, digit.label) for digit in self.digits)

    def to_json(self) -> dict[str, Any]:
        return {"time": self.time, "text": list(self.text), "digits": digits_to_json(self.digits)}


@dataclass(slots=True)
class _Told:
    """What one connection has been told; a number is that of the latest message's acknowledgement."""

    said: _Said | None = None
    said_number: int = 0
    outage: str | None = None
    stats_number: int = 0
    stats_due: float = 0.0


class MqttSink:
    """Publishes below a prefix: `available`, `reading` and `stats`, all retained, and each event to `events`.

    A thread of its own connects, and connects again when the broker was away; the loop never waits for it. Events are
    kept until the broker has acknowledged them, so that a restarted broker gets each at least once, perhaps twice, in
    order; while it is away the newest thousand are kept. That it is away, and that it is back, is logged once each.
    """

    def __init__(self, url: str, *, discovery: bool = False) -> None:
        """Check what can be checked without the broker.

        Args:
            url: See `parse_address`.
            discovery: Announce the camera to Home Assistant.

        Raises:
            UsageError: The URL is not understood.
            PackageMissing: paho-mqtt is not installed.
        """
        self._address = parse_address(url)
        require("paho.mqtt.client", extra="mqtt")
        self._prefix = self._address.prefix
        self._announced = announcements(self._prefix) if discovery else {}
        self._client_id = new_client_id()
        self._outbox = Outbox(MAX_EVENTS)
        self._said = _Said(time=timestamp())
        self._view: View | None = None
        self._deadline: float | None = None
        self._ring: socket.socket | None = None
        # How many events were dropped when the broker went away; None while it is there.
        self._dropped_before: int | None = None
        self._thread = threading.Thread(target=self._run, name=f"mqtt to {self._address}", daemon=True)

    def __enter__(self) -> "MqttSink":
        """Begin to connect."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Send what is queued, and say that we are offline, until the deadline at most."""
        self.end(time.monotonic() + END_SECONDS)
        assert self._deadline is not None
        self._thread.join(max(self._deadline - time.monotonic(), 0) + GRACE_SECONDS)
        if lost := self.dropped + self.waiting:
            logger.warning("events for the MQTT broker %s lost: %d; it did not take them in time", self._address, lost)

    def end(self, deadline: float) -> None:
        """Begin to leave, without waiting; leaving waits until `deadline` at most, by `time.monotonic`."""
        self._deadline = self._deadline or deadline - GRACE_SECONDS
        self._wake()

    @property
    def dropped(self) -> int:
        """Events that the broker never got, since they waited too long."""
        return self._outbox.dropped

    @property
    def waiting(self) -> int:
        """Events that the broker has not acknowledged yet."""
        return len(self._outbox)

    def write(self, events: Sequence[Event]) -> None:
        """Queue one frame's events."""
        if events:
            self._outbox.add(events)
            self._said = _Said(events[-1].digits, events[-1].text, events[-1].time)
            self._wake()

    def show(self, view: View) -> None:
        """Remember what is known after a frame, and tell it if it is news."""
        said, before, self._view = self._said, self._view, view
        if (view.digits, view.text) != (said.digits, said.text):
            self._said = _Said(view.digits, view.text, timestamp())
        if self._said.news != said.news or before is None or before.outage != view.outage:
            self._wake()

    def _wake(self) -> None:
        if ring := self._ring:
            # A full pipe wakes as well; one that is closed has nobody to wake.
            with contextlib.suppress(OSError):
                ring.send(b"!")

    def _run(self) -> None:
        bell, self._ring = socket.socketpair()
        with bell, self._ring:
            self._ring.setblocking(False)
            delay = FIRST_DELAY
            while True:
                began = time.monotonic()
                why = self._converse(bell)
                self._outbox.take_back()
                if self._deadline is not None:
                    return
                if self._dropped_before is None:
                    self._dropped_before = self.dropped
                    logger.warning("the MQTT broker %s is away (%s); reading goes on without it", self._address, why)
                # One that lets us in and throws us out again is not asked every second.
                if time.monotonic() - began > LAST_DELAY:
                    delay = FIRST_DELAY
                self._rest(bell, delay)
                delay = min(2 * delay, LAST_DELAY)

    def _rest(self, bell: socket.socket, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._deadline is None and (left := until - time.monotonic()) > 0:
            if select.select([bell], [], [], left)[0]:
                bell.recv(4096)

    def _converse(self, bell: socket.socket) -> str:
        """Connect, and tell what there is to tell until the connection is lost or the end has come.

        Returns:
            Why there is no connection any more.
        """
        told = _Told()
        will = (f"{self._prefix}/available", OFFLINE)
        connection = Connection(self._address, self._client_id, will, self._outbox.acknowledge)
        try:
            connection.open()
            while connection.alive and not self._finished(connection, told):
                if connection.up:
                    self._tell(connection, told)
                connection.turn(bell, TURN_SECONDS)
            self._leave(connection, bell)
        except OSError as error:
            return error.strerror or str(error)
        finally:
            connection.close(bell)
        return connection.refused or "the connection was lost"

    def _finished(self, connection: Connection, told: _Told) -> bool:
        if self._deadline is None:
            return False
        said = told.said is not None and told.said.news == self._said.news
        done = said and (self._view is None or self._view.outage == told.outage)
        return (done and not self._outbox and not connection.unacknowledged) or time.monotonic() > self._deadline

    def _leave(self, connection: Connection, bell: socket.socket) -> None:
        if connection.up and connection.alive:
            connection.publish(f"{self._prefix}/available", OFFLINE, retain=True)
            until = time.monotonic() + GRACE_SECONDS / 2
            while connection.alive and connection.unacknowledged and time.monotonic() < until:
                connection.turn(bell, TURN_SECONDS / 10)

    def _tell(self, connection: Connection, told: _Told) -> None:
        """Send what is new, and what this connection has not been told yet."""
        if told.said is None:
            self._greet(connection)
        refreshed = self._tell_stats(connection, told)
        said = self._said
        news = told.said is None or said.news != told.said.news
        # The newest only: while one is on its way, others replace each other here.
        if (news or (refreshed and said != told.said)) and told.said_number not in connection.unacknowledged:
            told.said, told.said_number = said, self._state(connection, "reading", said.to_json())
        self._outbox.send(lambda event: connection.publish(f"{self._prefix}/events", to_json(event.to_json()).encode()))

    def _greet(self, connection: Connection) -> None:
        for topic, document in self._announced.items():
            connection.publish(topic, to_json(document).encode(), retain=True)
        if self._dropped_before is not None:
            dropped = self.dropped - self._dropped_before
            self._dropped_before = None
            logger.info("the MQTT broker %s is back; %d events were dropped meanwhile", self._address, dropped)

    def _tell_stats(self, connection: Connection, told: _Told) -> bool:
        view, now = self._view, time.monotonic()
        due = now >= told.stats_due or (view is not None and view.outage != told.outage)
        if not due or told.stats_number in connection.unacknowledged:
            return False
        told.stats_due = now + STATS_SECONDS
        # Every time: where this machine lost its power, the last will of before may come after the first of these.
        connection.publish(f"{self._prefix}/available", ONLINE, retain=True)
        if view is None:
            return False
        stats = {"time": timestamp(), **view.stats.to_json(), "away": view.outage, "events_dropped": self.dropped}
        told.outage, told.stats_number = view.outage, self._state(connection, "stats", stats)
        return True

    def _state(self, connection: Connection, topic: str, document: dict[str, Any]) -> int:
        return connection.publish(f"{self._prefix}/{topic}", to_json(document).encode(), retain=True)
