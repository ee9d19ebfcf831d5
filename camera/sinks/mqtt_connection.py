"""One connection to an MQTT broker, by paho without paho's own thread and its own reconnecting."""

import contextlib
import select
import socket
import ssl
import uuid
from collections.abc import Callable
from typing import Any

from mnist_edge.camera.sinks.mqtt_address import MqttAddress
from mnist_edge.optional_packages import require

# A connection is lost when the broker sends nothing for so long; the broker itself allows half as much again.
KEEPALIVE_SECONDS = 30
# How long closing waits until the goodbye can be sent.
CLOSE_SECONDS = 0.5
# The packets that a broker sends to a client that subscribes to nothing and publishes with QoS 1: CONNACK, PUBACK and
# PINGRESP, each with a header of two bytes and at most two more (MQTT 3.1.1, sections 3.2, 3.4 and 3.13).
EXPECTED = (2, 4, 13)
HEADER_BYTES = MAX_BODY_BYTES = 2


def new_client_id() -> str:
    """Return a name that no other client of the broker has: 23 characters, which every broker accepts."""
    return f"mnist-edge-{uuid.uuid4().hex[:12]}"


class _EncryptedSocket(ssl.SSLSocket):
    """Closes itself where paho would leave it open: when the broker's certificate is refused."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Connection:
    """A connection that is opened once, used, closed, and never opened again.

    Attributes:
        up: Whether the broker has accepted the connection.
        refused: Why the broker refused it, or why it was closed here; else empty.
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
            address: The broker's address and login.
            client_id: The same for every connection of one program, so that a new one ends the one before.
            will: Topic and content of what the broker publishes, retained, if this connection is lost.
            acknowledged: Called with the number of each message that the broker confirms.

        Raises:
            PackageMissing: paho-mqtt is not installed.
        """
        paho: Any = require("paho.mqtt.client", extra="mqtt")
        self.up = False
        self.refused = ""
        self.unacknowledged: set[int] = set()
        self._address = address
        self._acknowledged = acknowledged
        # When paho reconnects it sends new messages before old ones.
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id, reconnect_on_failure=False)
        if address.user:
            self._client.username_pw_set(address.user, address.password or None)
        if address.tls:
            context = ssl.create_default_context()
            context.sslsocket_class = _EncryptedSocket
            self._client.tls_set_context(context)
        self._client.will_set(*will, qos=1, retain=True)
        # Paho would keep in memory whatever the broker sends; nowhere else can that be refused.
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
            OSError: The broker cannot be reached.
        """
        self._client.connect(self._address.host, self._address.port, KEEPALIVE_SECONDS)

    def publish(self, topic: str, content: bytes, *, retain: bool = False) -> int:
        """Queue a message to be sent at least once; return the number of its acknowledgement."""
        number: int = self._client.publish(topic, content, qos=1, retain=retain).mid
        self.unacknowledged.add(number)
        return number

    def turn(self, wakened: socket.socket, seconds: float) -> None:
        """Wait until the network or `wakened` is ready or the time is over, and receive and send what is possible."""
        wire = self._client.socket()
        if wire is None:
            return
        to_write = [wire] if self._client.want_write() else []
        readable, writable, _ = select.select([wire, wakened], to_write, [], seconds)
        if wakened in readable:
            wakened.recv(4096)
        if wire in readable:
            self._client.loop_read()
        if writable:
            self._client.loop_write()
        self._client.loop_misc()

    def close(self, wakened: socket.socket) -> None:
        """Disconnect, with a goodbye where the broker has accepted the connection."""
        if self.up and self.alive:
            self._client.disconnect()
            with contextlib.suppress(OSError):
                self.turn(wakened, CLOSE_SECONDS)
        if wire := self._client.socket():
            wire.close()

    def _expected(self, size: int) -> bytes:
        """Receive bytes for paho, which reads packet by packet.

        Raises:
            ConnectionError: The broker sends anything but answers to what it was sent; paho then closes the connection.
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
