"""Events, the current reading and the loop's statistics, published to an MQTT broker."""

import contextlib
import logging
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_edge.camera.control_requests import controls_of
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import Event, Happening, digits_to_json, timestamp
from mnist_edge.camera.sinks.home_assistant import announcements
from mnist_edge.camera.sinks.mqtt_address import parse_address
from mnist_edge.camera.sinks.mqtt_commands import Commands
from mnist_edge.camera.sinks.mqtt_connection import Connection, new_client_id
from mnist_edge.camera.sinks.mqtt_fields import Fields, Names
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import Worker
from mnist_edge.optional_packages import require
from mnist_edge.reading import Digit
from mnist_edge.safe_text import to_json

# Events that are kept while the broker is away: a thousand of 500 bytes are half a megabyte.
MAX_EVENTS = 1000
# Events that are sent before the first of them is acknowledged: paho itself sends no more than 20 at a time.
IN_FLIGHT = 20
# The period of `stats`.
STATS_SECONDS = 10.0
# Waits between attempts to connect double from the first to the last: a broker that restarts is there again at once,
# and one that is gone for a night is asked twice a minute.
FIRST_DELAY_SECONDS = 1.0
LAST_DELAY_SECONDS = 30.0
# Queued events are given up so long before the end's deadline, so that there is time to publish that we are offline.
GRACE_SECONDS = 0.4
# How long a quiet connection waits before paho may look after its keep-alive.
TURN_SECONDS = 0.5
ONLINE, OFFLINE = b"online", b"offline"
SLOW = "it did not take them in time"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The digits and rows that are read, and since when."""

    digits: tuple[Digit, ...] = ()
    text: tuple[str, ...] = ()
    time: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it worth publishing at once when it differs: boxes and confidences change with every frame."""
        return self.text, tuple((digit.track, digit.label) for digit in self.digits)

    def to_json(self) -> dict[str, Any]:
        return {"time": self.time, "text": list(self.text), "digits": digits_to_json(self.digits)}


@dataclass(slots=True)
class _Published:
    """What was published on one connection; a number is that of the latest message's acknowledgement."""

    reading: _Reading | None = None
    reading_number: int = 0
    outage: str | None = None
    controls: dict[str, Any] | None = None
    values: dict[str, Any] | None = None
    values_number: int = 0
    stats_number: int = 0
    stats_due: float = 0.0


class MqttSink(Worker[Happening]):
    """Publishes below a prefix: `available`, `reading` and `stats`, all retained, and each event to `events`.

    Where rows are taken, `fields` has the newest value of each field, and where commands are obeyed, those to `set`,
    `controls` has what they have changed; both are retained too.

    Its thread connects, and connects again when the broker was away; the loop never waits for it. Events stay queued
    until the broker has acknowledged them, so that a restarted broker gets each at least once, perhaps twice, in order;
    while it is away the newest thousand are kept. That it is away, and that it is back, is logged once each.
    """

    def __init__(
        self,
        url: str,
        *,
        discovery: bool = False,
        commands: Controls | None = None,
        fields: Names = tuple,
    ) -> None:
        """Check what can be checked without the broker.

        Args:
            url: See `parse_address`.
            discovery: Announce the camera to Home Assistant.
            commands: What others may change over the broker; None for nothing.
            fields: Returns the names of the fields that are taken now, to be announced.

        Raises:
            UsageError: The URL is not understood.
            PackageMissing: paho-mqtt is not installed.
        """
        self._address = parse_address(url)
        super().__init__(
            f"events for the MQTT broker {self._address}", self._publish_event, limit=MAX_EVENTS, slow=SLOW
        )
        require("paho.mqtt.client", extra="mqtt")
        self._prefix = self._address.prefix
        self._commands = Commands(commands, f"{self._prefix}/set") if commands else None
        self._fields = Fields(self._prefix, fields, discovery)
        self._announced = announcements(self._prefix, commands is not None) if discovery else {}
        self._client_id = new_client_id()
        # By the number of its acknowledgement, in the order of sending.
        self._sent: dict[int, Happening] = {}
        self._reading = _Reading(time=timestamp())
        self._view: View | None = None
        self._settings: object = None
        # Of the thread. Writing to the first socket ends a wait for the network, which looks at the second, too.
        self._wakers: tuple[socket.socket, socket.socket] | None = None
        self._connection: Connection | None = None
        # How many events were lost when the broker went away; None while it is there.
        self._lost_before: int | None = None

    def end(self, deadline: float) -> None:
        """See `Worker.end`."""
        super().end(deadline)
        self._wake()

    @property
    def waiting(self) -> int:
        """How many events the broker has not acknowledged yet."""
        return len(self._items) + len(self._sent)

    def write(self, events: Sequence[Happening]) -> None:
        """Queue one frame's events; where there are too many, the oldest are lost."""
        if not events:
            return
        with self._changed:
            self._items.extend(events)
            while self.waiting > self._limit:
                self._items.popleft()
                self.lost += 1
        self._fields.take(events)
        last = events[-1]
        if isinstance(last, Event):
            self._reading = _Reading(last.digits, last.text, last.time)
        self._wake()

    def show(self, view: View) -> None:
        """Remember a frame's reading, and publish it if its digits or rows have changed."""
        reading, before, self._view = self._reading, self._view, view
        if (view.digits, view.text) != (reading.digits, reading.text):
            self._reading = _Reading(view.digits, view.text, timestamp())
        settings = self._commands and controls_of(self._commands.controls), self._fields.names
        has_changed, self._settings = settings != self._settings, settings
        if has_changed or self._reading.key != reading.key or before is None or before.outage != view.outage:
            self._wake()

    def _wake(self) -> None:
        if wakers := self._wakers:
            # A full buffer wakes as well; once the sockets are closed, the thread has ended.
            with contextlib.suppress(OSError):
                wakers[0].send(b"!")

    def _run(self) -> None:
        """The thread: one connection after the other."""
        self._wakers = socket.socketpair()
        with self._wakers[0] as waker, self._wakers[1] as wakened:
            waker.setblocking(False)
            delay = FIRST_DELAY_SECONDS
            while True:
                began = time.monotonic()
                why = self._serve_one_connection(wakened)
                self._requeue()
                if self._ending:
                    return
                if self._lost_before is None:
                    self._lost_before = self.lost
                    logger.warning("the MQTT broker %s is away (%s); reading goes on without it", self._address, why)
                # A broker that accepts and soon closes each connection is not asked every second.
                if time.monotonic() - began > LAST_DELAY_SECONDS:
                    delay = FIRST_DELAY_SECONDS
                self._pause(wakened, delay)
                delay = min(2 * delay, LAST_DELAY_SECONDS)

    def _pause(self, wakened: socket.socket, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._ending and (left := until - time.monotonic()) > 0:
            if select.select([wakened], [], [], left)[0]:
                wakened.recv(4096)

    def _requeue(self) -> None:
        """Queue in front what was sent and not acknowledged: the connection is gone."""
        with self._changed:
            self._items.extendleft(reversed(self._sent.values()))
            self._sent.clear()

    def _serve_one_connection(self, wakened: socket.socket) -> str:
        """Connect, and publish until the connection is lost or the worker ends; return why there is none any more."""
        published = _Published()
        will = (f"{self._prefix}/available", OFFLINE)
        connection = Connection(
            self._address, self._client_id, will, lambda number: self._sent.pop(number, None), self._commands
        )
        self._connection = connection
        try:
            connection.open()
            while connection.alive and not self._finished(connection, published):
                if connection.up:
                    self._publish_news(connection, published)
                connection.turn(wakened, TURN_SECONDS)
            self._leave(connection, wakened)
        except OSError as error:
            return error.strerror or str(error)
        finally:
            connection.close(wakened)
        return connection.refused or "the connection was lost"

    def _finished(self, connection: Connection, published: _Published) -> bool:
        """Whether this is the end, and all is published and acknowledged, or it is too late for that."""
        if not self._ending or self._deadline is None:
            return False
        done = published.reading is not None and published.reading.key == self._reading.key
        done = done and (self._view is None or self._view.outage == published.outage)
        done = done and (published.values or {}) == self._fields.values
        too_late = time.monotonic() > self._deadline - GRACE_SECONDS
        return too_late or (done and not self.waiting and not connection.unacknowledged)

    def _leave(self, connection: Connection, wakened: socket.socket) -> None:
        if connection.up and connection.alive:
            connection.publish(f"{self._prefix}/available", OFFLINE, retain=True)
            until = time.monotonic() + GRACE_SECONDS / 2
            while connection.alive and connection.unacknowledged and time.monotonic() < until:
                connection.turn(wakened, TURN_SECONDS / 10)

    def _publish_news(self, connection: Connection, published: _Published) -> None:
        """Publish what is new, or was not published on this connection yet."""
        if published.reading is None:
            self._greet(connection)
        refreshed = self._publish_stats(connection, published)
        reading = self._reading
        changed = published.reading is None or reading.key != published.reading.key
        # The newest only: while one is on its way, others replace each other here.
        free = published.reading_number not in connection.unacknowledged
        if free and (changed or (refreshed and reading != published.reading)):
            published.reading_number = self._publish_state(connection, "reading", reading.to_json())
            published.reading = reading
        self._publish_fields(connection, published)
        while self._items and len(self._sent) < IN_FLIGHT:
            with self._changed:
                self._handle(self._items.popleft())

    def _publish_fields(self, connection: Connection, published: _Published) -> None:
        """Publish the newest values and controls, and announce fields that are new."""
        if self._commands and published.controls != (controls := controls_of(self._commands.controls)):
            self._publish_state(connection, "controls", controls)
            published.controls = controls
        values, is_first = self._fields.values, published.values is None
        self._fields.announce(connection, anew=is_first)
        if is_first and not values:
            published.values = values
        elif values != published.values and published.values_number not in connection.unacknowledged:
            published.values_number = self._publish_state(connection, "fields", values)
            published.values = values

    def _publish_event(self, event: Happening) -> None:
        assert self._connection
        number = self._connection.publish(f"{self._prefix}/events", to_json(event.to_json()).encode())
        self._sent[number] = event

    def _greet(self, connection: Connection) -> None:
        for topic, document in self._announced.items():
            connection.publish(topic, to_json(document).encode(), retain=True)
        if self._lost_before is not None:
            dropped, self._lost_before = self.lost - self._lost_before, None
            logger.info("the MQTT broker %s is back; %d events were dropped meanwhile", self._address, dropped)

    def _publish_stats(self, connection: Connection, published: _Published) -> bool:
        """Publish the statistics where they are due; whether they were."""
        view, now = self._view, time.monotonic()
        due = now >= published.stats_due or (view is not None and view.outage != published.outage)
        if not due or published.stats_number in connection.unacknowledged:
            return False
        published.stats_due = now + STATS_SECONDS
        # Every time: where this machine lost its power, the last will of before may come after the first of these.
        connection.publish(f"{self._prefix}/available", ONLINE, retain=True)
        if view is None:
            return False
        stats = {"time": timestamp(), **view.stats.to_json(), "away": view.outage, "events_dropped": self.lost}
        published.outage, published.stats_number = view.outage, self._publish_state(connection, "stats", stats)
        return True

    def _publish_state(self, connection: Connection, topic: str, document: dict[str, Any]) -> int:
        return connection.publish(f"{self._prefix}/{topic}", to_json(document).encode(), retain=True)
