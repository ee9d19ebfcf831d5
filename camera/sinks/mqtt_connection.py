"""One connection to an MQTT broker, by paho without paho's own thread and its own reconnecting."""

import contextlib
import logging
import select
import socket
import ssl
import struct
import uuid
from collections.abc import Callable
from typing import Any

from mnist_edge.camera.sinks.mqtt_address import MqttAddress
from mnist_edge.camera.sinks.mqtt_commands import Commands
from mnist_edge.optional_packages import require

# A connection is lost when the broker sends nothing for so long; the broker itself allows half as much again.
KEEPALIVE_SECONDS = 30
# How long closing waits until the goodbye can be sent.
CLOSE_SECONDS = 0.5
# The packets that a broker sends to a client that publishes with QoS 1, CONNACK, PUBACK and PINGRESP, and the bytes of
# each behind its header (MQTT 3.1.1, sections 3.2, 3.4 and 3.13); and to one that subscribes to a topic with QoS 0 as
# well, PUBLISH and SUBACK (3.3 and 3.9), where a message with its topic is at most so long.
EXPECTED = {2: 2, 4: 2, 13: 0}
MAX_MESSAGE_BYTES = 2_000
SUBSCRIBED = {3: MAX_MESSAGE_BYTES, 9: 3}
# Type 3, and in the first byte of a packet the bits of its QoS.
PUBLISH, QOS_BITS = 3, 0b110
UNASKED = "it sends what was not asked for"

logger = logging.getLogger(__name__)


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
        commands: Commands | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            address: The broker's address and login.
            client_id: The same for every connection of one program, so that a new one ends the one before.
            will: Topic and content of what the broker publishes, retained, if this connection is lost.
            acknowledged: Called with the number of each message that the broker confirms.
            commands: What is done with what is heard of their topic; nothing is subscribed to without.

        Raises:
            PackageMissing: paho-mqtt is not installed.
        """
        paho: Any = require("paho.mqtt.client", extra="mqtt")
        self.up = False
        self.refused = ""
        self.unacknowledged: set[int] = set()
        self._address = address
        self._acknowledged = acknowledged
        self._commands = commands
        self._longest = EXPECTED | (SUBSCRIBED if commands else {})
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
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe

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
            self._read()
        if writable:
            self._client.loop_write()
        self._client.loop_misc()

    def _read(self) -> None:
        try:
            self._client.loop_read()
        except (struct.error, ValueError, IndexError):
            # Paho unpacks whatever it gets.
            raise self._unasked() from None

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
        self._packet += received
        if self._packet:
            kind, (head, body) = self._packet[0] >> 4, _lengths(self._packet)
            asked_qos = kind != PUBLISH or not self._packet[0] & QOS_BITS
            if body > self._longest.get(kind, -1) or not asked_qos:
                raise self._unasked()
            if len(self._packet) == head + body:
                self._packet = b""
        return received

    def _unasked(self) -> ConnectionError:
        self.refused = UNASKED
        return ConnectionError(UNASKED)

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.up = not reason.is_failure
        self.refused = "" if self.up else str(reason)
        if self.up and self._commands:
            client.subscribe(self._commands.topic, 0)

    def _on_subscribe(self, client: Any, data: Any, number: int, reasons: Any, properties: Any) -> None:
        if self._commands and any(reason.is_failure for reason in reasons):
            logger.warning("the MQTT broker %s gives nothing of the topic %s", self._address, self._commands.topic)

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        if self._commands is None or message.topic != self._commands.topic:
            raise self._unasked()
        self._commands.obey(message.payload, message.retain)

    def _on_publish(self, client: Any, data: Any, number: int, reason: Any, properties: Any) -> None:
        self.unacknowledged.discard(number)
        self._acknowledged(number)


def _lengths(packet: bytes) -> tuple[int, int]:
    """Return how long a packet's header is, and what follows it, as far as its first bytes tell (MQTT 3.1.1, 2.2.3)."""
    length = 0
    for place, byte in enumerate(packet[1:5]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return 2 + place, length
    # More of the header is to come; more than four bytes of length there are not.
    return len(packet) + 1, length if len(packet) < 5 else MAX_MESSAGE_BYTES + 1
