"""The newest value of each field on a broker, and the fields as entities of Home Assistant."""

from collections.abc import Callable, Sequence
from typing import Any

from mnist_edge.camera.events import Happening
from mnist_edge.camera.rows import Row
from mnist_edge.camera.sinks.home_assistant import field_announcement
from mnist_edge.camera.sinks.mqtt_connection import Connection
from mnist_edge.safe_text import to_json

Names = Callable[[], Sequence[str]]


class Fields:
    """What was taken last of each field.

    Attributes:
        values: By the fields' names; replaced as a whole when a row is taken.
    """

    def __init__(self, prefix: str, names: Names, discovery: bool) -> None:
        """Nothing is taken yet.

        Args:
            prefix: Of the topics.
            names: Returns the names of the fields that are taken now.
            discovery: Whether they are announced.
        """
        self.values: dict[str, Any] = {}
        self._prefix, self._names, self._discovery = prefix, names, discovery
        self._announced: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that are taken now."""
        return tuple(self._names())

    def take(self, events: Sequence[Happening]) -> None:
        """Take the values of the rows among some events."""
        for row in (one for one in events if isinstance(one, Row)):
            self.values = self.values | {name: one.to_json() | {"time": row.time} for name, one in row.values.items()}

    def announce(self, connection: Connection, anew: bool) -> None:
        """Announce the fields that are new, all of them `anew` on a new connection, and take away those that went."""
        names = self.names if self._discovery else ()
        for gone in [name for name in self._announced if name not in names]:
            # An empty message takes the entity away.
            connection.publish(self._announced.pop(gone), b"", retain=True)
        for name in names:
            if anew or name not in self._announced:
                topic, document = field_announcement(self._prefix, name)
                connection.publish(topic, to_json(document).encode(), retain=True)
                self._announced[name] = topic
