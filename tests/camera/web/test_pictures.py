"""The live picture: the newest one, and the stream."""

import threading
import time
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.web import pictures
from mnist_edge.opencv import cv2
from tests.helpers import wait_until


def parts(response: Any, count: int) -> list[bytes]:
    """The next pictures of a stream."""
    found = []
    for _ in range(count):
        while not (line := response.readline()).startswith(b"Content-Length:"):
            assert line, "the stream has ended"
        assert response.readline() == b"\r\n"
        found.append(response.read(int(line.split()[1])))
    return found


def test_the_newest_picture(serve: Any, view: Any) -> None:
    served = serve()
    assert served.ask("/snapshot.jpg").status == 503
    served.web.show(view(np.full((3000, 4000, 3), (0, 0, 255), np.uint8)))
    answer = served.ask("/snapshot.jpg")
    assert answer.headers["Content-Type"] == "image/jpeg"
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (960, 1280, 3)
    assert np.abs(picture[100, 100].astype(int) - (0, 0, 255)).max() < 12


def test_several_viewers_cost_one_encode_a_picture(serve: Any, view: Any) -> None:
    served = serve()
    for number in range(20):
        served.web.show(view(number=number))
    assert served.encoded == 0, "nobody watches"
    with served.connection() as one, served.connection() as two, served.connection() as three:
        watching = []
        for connection in (one, two, three):
            connection.request("GET", "/stream.mjpg")
            watching.append(connection.getresponse())
            assert "multipart/x-mixed-replace" in watching[-1].headers["Content-Type"]
        firsts = [parts(response, 1)[0] for response in watching]
        assert firsts[0] == firsts[1] == firsts[2]
        assert served.encoded == 1
        assert served.ask("/api/status").document["viewers"] == 3
        for number in range(8):
            served.web.show(view(np.full((48, 64, 3), 20 * number, np.uint8), number=number))
            for response in watching:
                while True:
                    picture = cv2.imdecode(np.frombuffer(parts(response, 1)[0], np.uint8), cv2.IMREAD_COLOR)
                    if abs(int(picture[5, 5, 0]) - 20 * number) < 4:
                        break
            assert served.encoded == number + 2
    wait_until(lambda: served.ask("/api/status").document["viewers"] == 0)
    encoded = served.encoded
    for number in range(20):
        served.web.show(view(number=number))
    assert served.ask("/healthz").status == 200
    assert served.encoded == encoded, "nobody watches any more"


def test_a_picture_after_which_none_comes_is_sent_again_but_not_encoded(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    with served.connection() as connection:
        connection.request("GET", "/stream.mjpg")
        first, second, third = parts(connection.getresponse(), 3)
    assert first == second == third
    assert served.encoded == 1


def test_no_viewer_gets_more_pictures_than_can_be_seen(serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PICTURE_SECONDS", 0.5)
    served, over = serve(), threading.Event()

    def race() -> None:
        while not over.wait(0.001):
            served.web.show(view())

    racing = threading.Thread(target=race)
    racing.start()
    with served.connection() as connection:
        connection.request("GET", "/stream.mjpg")
        response = connection.getresponse()
        began = time.monotonic()
        parts(response, 4)
        assert time.monotonic() - began > 3 * 0.5 - 0.1
        assert served.encoded <= 5
    over.set()
    racing.join()
