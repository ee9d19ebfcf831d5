"""`POST /api/read`: pictures that clients send."""

import threading
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.endurance import bombs
from mnist_edge.camera.web import reading, serving
from mnist_edge.errors import ModelError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Reading
from tests.helpers import wait_until


def png(height: int = 30, width: int = 40, value: int = 200) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width, 3), value, np.uint8))[1])


def test_a_picture_is_read(serve: Any) -> None:
    served = serve()
    for kind in ("image/png", "application/octet-stream", "application/x-www-form-urlencoded"):
        answer = served.ask("/api/read", png(), Content_Type=kind)
        assert answer.status == 200
        assert answer.document["text"] == ["4"]
        assert answer.document["digits"] == [
            {"label": 4, "confidence": 0.9877, "box": [1, 2, 3, 4], "row": 0, "runner_up": None}
        ]
        assert (answer.document["width"], answer.document["height"]) == (40, 30)
    assert served.ask("/api/read", png()).status == 200
    assert (served.read[0] == 200).all()
    grey = bytes(cv2.imencode(".jpg", np.full((20, 30), 90, np.uint8))[1])
    assert served.ask("/api/read", grey, Content_Type="image/jpeg").document["width"] == 30


@pytest.mark.parametrize("body", [b"", b"no picture", b"\xff\xd8\xff", png()[:50], b"\x89PNG\r\n\x1a\n" + b"\xff" * 99])
def test_what_is_no_picture_is_not_read(serve: Any, body: bytes) -> None:
    answer = serve().ask("/api/read", body, Content_Type="image/png")
    assert answer.status == 400
    assert answer.document["error"].startswith("the body is ")


def test_a_picture_of_many_pixels_is_refused_by_its_header(serve: Any) -> None:
    answer = serve().ask("/api/read", bombs.png((20_000, 10_000)), Content_Type="image/png")
    assert answer.status == 400
    assert answer.document["error"] == "the body has 20000x10000 pixels, more than 25,000,000; make it smaller"


def test_a_reader_that_fails_says_why(serve: Any) -> None:
    def fail(picture: Any) -> Reading:
        raise ModelError("the model is not there")

    answer = serve(read=fail).ask("/api/read", png(), Content_Type="image/png")
    assert (answer.status, answer.document) == (500, {"error": "the model is not there"})


def test_pictures_are_read_one_at_a_time_and_few_wait(serve: Any) -> None:
    go, busy, threads = threading.Event(), [0, 0], set()

    def slow(picture: Any) -> Reading:
        threads.add(threading.current_thread().name)
        busy[0] += 1
        busy[1] = max(busy)
        go.wait(60)
        busy[0] -= 1
        return Reading("upload", 1, 1, "m", "r")

    served = serve(read=slow)
    answers: list[int] = []
    ask = lambda: answers.append(served.ask("/api/read", png(), Content_Type="image/png").status)  # noqa: E731
    asking = [threading.Thread(target=ask) for _ in range(reading.MAX_READS + 3)]
    for thread in asking:
        thread.start()
    wait_until(lambda: answers == [503] * 3)
    # Neither they nor others are held up by it.
    assert served.ask("/healthz").status == 200
    go.set()
    for thread in asking:
        thread.join()
    assert sorted(answers) == [200] * reading.MAX_READS + [503] * 3
    assert busy == [0, 1]
    assert threads == {"web view's requests"}
    assert served.ask("/api/read", png(), Content_Type="image/png").status == 200


SLOW_BODY = (
    b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999999\r\n\r\nbegin"
)


def test_slow_bodies_give_way_to_others(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "GIVE_UP_SECONDS", 1e9)
    served = serve()

    def status() -> int:
        return int(served.ask("/api/read", b"no picture", Content_Type="image/png").status)

    with ExitStack() as stack:
        slow = []
        # One that comes while a question has a place is refused, so that there may have to be more than MAX_READS.
        while status() != 503:
            slow.append(stack.enter_context(served.raw(SLOW_BODY)))
        # Only now, so that they are still there when they are seen, however busy the machine is.
        monkeypatch.setattr(reading, "GIVE_UP_SECONDS", 0.0)
        wait_until(lambda: status() == 400)
        assert served.is_closed(slow[0])


def test_bodies_that_stop_in_the_middle_make_room_again(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 3.0)
    served = serve()
    head = b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nhalf"

    def status() -> int:
        return int(served.ask("/api/read", b"no picture", Content_Type="image/png").status)

    for _ in range(reading.MAX_READS):
        with served.raw(head):
            pass
    # The clients have gone.
    assert wait_until(lambda: status() == 400)
    with ExitStack() as stack:
        while status() != 503:
            stack.enter_context(served.raw(head))
        # They are still there and send no more: their time is up.
        assert wait_until(lambda: status() == 400)
