"""What answers at a broker's port and is none, or a hostile one, is left; the rest is tested with a real broker."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mnist_edge.camera.sinks.mqtt import MqttSink
from tests.helpers import PATIENCE_SECONDS, wait_until

Log = pytest.LogCaptureFixture


@pytest.mark.parametrize(
    "greeting",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x00", b"\x20\x01\x00", b"\x20\xff\xff\xff\xff\xff", bytes(64)],
    ids=["nothing", "web", "empty", "short", "endless", "zeros"],
)
def test_what_is_no_broker_is_one_note(greeting: bytes, caplog: Log) -> None:
    def answer() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            with caller:
                caller.recv(4096)
                caller.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        with MqttSink(f"mqtt://127.0.0.1:{server.getsockname()[1]}"):
            wait_until(lambda: caplog.messages, "the note")
            time.sleep(1.2)
            assert any("MQTT broker" in thread.name for thread in threading.enumerate())
        server.shutdown(socket.SHUT_RDWR)
    answering.join(PATIENCE_SECONDS)
    assert len(caplog.messages) == 1


CONNACK = b"\x20\x02\x00\x00"
# A header that promises 64 MB for a topic of one letter, and such a message piece by piece.
LARGE = b"\x30\x80\x80\x80\x20\x00\x01t"
PIECE = bytes(1 << 20)


def exactly_once(number: int) -> bytes:
    """A small message of QoS 2, which its receiver keeps until it is released."""
    return b"\x34\x09\x00\x01t" + (number % 65535 + 1).to_bytes(2, "big") + b"hello"[:4]


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(itertools.chain([LARGE], itertools.repeat(PIECE, 63)), id="one large message"),
        pytest.param(map(exactly_once, range(100_000)), id="QoS 2 without end"),
        pytest.param(itertools.repeat(b"\x20\xff\xff\xff\x7f" + PIECE, 64), id="a large answer"),
        pytest.param(itertools.repeat(b"\x30\x03\x00\x01t", 100_000), id="small messages"),
    ],
)
def test_a_broker_that_floods_is_left(flood: Iterator[bytes], caplog: Log) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"mqtt://127.0.0.1:{server.getsockname()[1]}/desk"
        with MqttSink(url):
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE_SECONDS)
                connection.recv(4096)
                # It takes no more than what the system holds on the way.
                with pytest.raises(ConnectionError):
                    connection.sendall(CONNACK)
                    for piece in flood:
                        connection.sendall(piece)
                        time.sleep(1e-5)
            wait_until(lambda: caplog.messages, "the note")
    assert "is away (it sends what was not asked for); reading goes on without it" in caplog.messages[0]
