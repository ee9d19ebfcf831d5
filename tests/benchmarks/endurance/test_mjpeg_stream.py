"""The stream of pictures, and each trouble that it can have."""

import socket
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from mnist_edge.benchmarks.endurance.mjpeg_stream import Trouble, open_stream
from mnist_edge.opencv import cv2


def test_a_stream_of_pictures() -> None:
    with open_stream() as stream:
        capture = cv2.VideoCapture(stream.url, cv2.CAP_FFMPEG)
        for _ in range(5):
            there, picture = capture.read()
            assert there and picture.shape == (480, 640, 3)
        capture.release()


@pytest.mark.parametrize("trouble", ["unavailable", "gone", "cut"])
def test_a_stream_that_is_lost(trouble: Trouble) -> None:
    with open_stream() as stream, urlopen(stream.url, timeout=30) as watching:
        assert watching.read(100)
        with stream.having(trouble):
            if trouble == "cut":
                with pytest.raises(ConnectionResetError):
                    watching.read()
            else:
                watching.read()
            with pytest.raises(HTTPError if trouble == "unavailable" else OSError, match=r"503|refused"):
                urlopen(stream.url, timeout=30)
        with urlopen(stream.url, timeout=30) as again:
            assert again.read(100)


def test_a_stream_that_is_silent() -> None:
    with open_stream() as stream, socket.create_connection(("127.0.0.1", stream.port)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(1 << 20)
        with stream.having("silent"):
            client.settimeout(0.5)
            with pytest.raises(TimeoutError):
                while client.recv(1 << 20):
                    pass
        client.settimeout(30)
        assert client.recv(100)
