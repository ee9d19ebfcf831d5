"""One connection to a broker, used by one thread that no other may keep waiting."""

import contextlib
import select
import socket
import ssl
import uuid
from collections.abc import Callable
from typing import Any

from mnist_edge.camera.sinks.mqtt_address import MqttAddress
from mnist_edge.optional_packages import require

# After this long without a word from the broker, the connection counts as lost; the broker allows half as much again.
KEEPALIVE_SECONDS = 30
CLOSE_SECONDS = 0.5
# All that a broker has to say to a client that subscribes to nothing and publishes with QoS 1: CONNACK, PUBACK and
# PINGRESP, each with a header of two bytes and at most two more (MQTT 3.1.1, sections 3.2, 3.4 and 3.13).
EXPECTED = (2, 4, 13)
HEADER_BYTES = MAX_BODY_BYTES = 2


def new_client_id() -> str:
    """A name that no other client of the broker has: 23 characters, which every broker takes."""
    return f"mnist-edge-{uuid.uuid4().hex[:12]}"


class _EncryptedSocket(ssl.SSLSocket):
    """Closes itself where paho would forget to: when the other side is not to be trusted."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Connection:
    """A connection that is opened once, used, closed, and never opened again.

    Attributes:
        up: Whether the broker has let us in.
        refused: Why the broker did not, or why it was left; else empty.
        unacknowledged: The numbers of messages that the broker has not confirmed.
    """

    def __init__(
        self,
        address: MqttAddress,
        client_id: str,
        will: tuple[str, bytes],
        acknowledged: Callable[[int], object],
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            address: Of the broker.
            client_id: The same for every connection of one program, so that a new one ends the one before.
            will: Topic and content of what the broker says, and retains, if this connection is lost.
            acknowledged: Told the number of each message that the broker confirms.

        Raises:
            PackageMissing: paho-mqtt is not installed.
        """
        paho: Any = require("paho.mqtt.client", extra="mqtt")
        self.up = False
        self.refused = ""
        self.unacknowledged: set[int] = set()
        self._address = address
        self._acknowledged = acknowledged
        # Its own way of connecting again sends what is new before what is old.
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id, reconnect_on_failure=False)
        if address.user:
            self._client.username_pw_set(address.user, address.password or None)
        if address.tls:
            context = ssl.create_default_context()
            context.sslsocket_class = _EncryptedSocket
            self._client.tls_set_context(context)
        self._client.will_set(*will, qos=1, retain=True)
        # Paho would keep whatever the broker sends; it has no other place where that can be refused.
        self._receive, self._client._sock_recv = self._client._sock_recv, self._expected
        self._packet = b""
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    @property
    def alive(self) -> bool:
        """Whether there is a connection, accepted or not yet."""
        return self._client.socket() is not None

    def open(self) -> None:
        """Connect; the broker's answer comes in a later turn.

        Raises:
            OSError: It cannot be reached.
        """
        self._client.connect(self._address.host, self._address.port, KEEPALIVE_SECONDS)

    def publish(self, topic: str, content: bytes, *, retain: bool = False) -> int:
        """Send a message at least once; the number that its acknowledgement has."""
        number: int = self._client.publish(topic, content, qos=1, retain=retain).mid
        self.unacknowledged.add(number)
        return number

    def turn(self, bell: socket.socket, seconds: float) -> None:
        """Wait until the network is ready, the bell rings or the time is over, and do what can be done."""
        wire = self._client.socket()
        if wire is None:
            return
        to_write = [wire] if self._client.want_write() else []
        readable, writable, _ = select.select([wire, bell], to_write, [], seconds)
        if bell in readable:
            bell.recv(4096)
        if wire in readable:
            self._client.loop_read()
        if writable:
            self._client.loop_write()
        self._client.loop_misc()

    def close(self, bell: socket.socket) -> None:
        """Say goodbye where somebody listens, and let go."""
        if self.up and self.alive:
            self._client.disconnect()
            with contextlib.suppress(OSError):
                self.turn(bell, CLOSE_SECONDS)
        if wire := self._client.socket():
            wire.close()

    def _expected(self, size: int) -> bytes:
        """Receive for paho, which reads packet by packet.

        Raises:
            ConnectionError: The broker sends anything but the answers to what it was sent; paho then ends this.
        """
        received: bytes = self._receive(size)
        packet = self._packet + received
        if packet and (packet[0] >> 4 not in EXPECTED or packet[1:HEADER_BYTES] > bytes([MAX_BODY_BYTES])):
            self.refused = "it sends what was not asked for"
            raise ConnectionError(self.refused)
        whole = len(packet) >= HEADER_BYTES and len(packet) == HEADER_BYTES + packet[1]
        self._packet = b"" if whole else packet
        return received

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.up = not reason.is_failure
        self.refused = "" if self.up else str(reason)

    def _on_publish(self, client: Any, data: Any, number: int, reason: Any, properties: Any) -> None:
        self.unacknowledged.discard(number)
        self._acknowledged(number)
