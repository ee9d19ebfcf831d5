"""What programs get: documents, pictures, events, figures; and what they may change."""

import json
import re
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.endurance import bombs
from mnist_edge.camera.controls import CONTROLS, Correction
from mnist_edge.camera.events import Event
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.web import controls, loop_state, pictures, reading, status
from mnist_edge.errors import ModelError, OutputError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Reading

DIGITS = (Digit(4, 0.98765, Box(1, 2, 30, 40), track=3), Digit(2, 0.5, Box(40, 2, 30, 40), track=5))


def png(height: int = 30, width: int = 40, value: int = 200) -> bytes:
    return bytes(cv2.imencode(".png", np.full((height, width, 3), value, np.uint8))[1])


def parts(response: Any, count: int) -> list[bytes]:
    """The next pictures of a stream."""
    found = []
    for _ in range(count):
        while not (line := response.readline()).startswith(b"Content-Length:"):
            assert line, "the stream has ended"
        assert response.readline() == b"\r\n"
        found.append(response.read(int(line.split()[1])))
    return found


def messages(response: Any, until: str) -> list[tuple[str, Any]]:
    """Server-sent events, up to the first of that name."""
    found: list[tuple[str, Any]] = []
    name = ""
    while not found or found[-1][0] != until:
        line = response.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            found.append((name, json.loads(line[6:])))
    return found


def test_the_reading_and_the_status(serve: Any, view: Any) -> None:
    served = serve()
    assert served.ask("/api/reading").document == {"text": [], "digits": [], "frame": None, "seconds": None}
    served.web.show(view(number=7, seconds=1.23456, digits=DIGITS))
    assert served.ask("/api/reading").document == {
        "text": ["42"],
        "digits": [
            {"track": 3, "label": 4, "confidence": 0.9877, "box": [1, 2, 30, 40]},
            {"track": 5, "label": 2, "confidence": 0.5, "box": [40, 2, 30, 40]},
        ],
        "frame": 7,
        "seconds": 1.235,
    }
    served.controls.message = "a snapshot lies there"
    with served.meter.frame(7, 0.0, dropped=2):
        pass
    status = served.ask("/api/status").document
    assert status["model"] == "a model"
    assert status["stats"]["frames"] == 1
    assert status["stats"]["dropped"] == 2
    assert status["controls"] == {"min_confidence": 0.5, "details": False, "paused": False, "recording": False}
    assert (status["away"], status["alive"], status["viewers"], status["limited"]) == ("", True, 0, False)
    assert status["message"] == "a snapshot lies there"
    served.web.show(view(outage="unplugged"))
    assert served.ask("/api/status").document["away"] == "unplugged"


def test_what_is_asked_for_is_changed(serve: Any, view: Any) -> None:
    served = serve()
    answer = served.change({"min_confidence": 0.75, "details": True, "paused": True, "recording": True})
    assert answer.status == 200
    assert answer.document == {"min_confidence": 0.75, "details": True, "paused": True, "recording": True}
    assert (served.controls.min_confidence, served.controls.paused) == (0.75, True)
    assert served.controls.details
    assert served.controls.recording
    served.web.show(view())
    assert served.change({"snapshot": True, "paused": False}).status == 200
    assert (served.controls.snapshot, served.controls.paused) == (True, False)


def test_a_recording_that_cannot_begin_is_refused(serve: Any, view: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    served, ended = serve(), threading.Event()
    recorder = Recorder(tmp_path / "file" / "videos", ArraySource([]), served.controls, always=False)

    def loop() -> None:
        with recorder:
            while not ended.wait(0.01):
                recorder.show(view())

    thread = threading.Thread(target=loop)
    thread.start()
    answer = served.change({"recording": True})
    ended.set()
    thread.join()
    assert answer.status == 507 and answer.document["error"].startswith("recording stopped: ")
    assert not served.controls.recording


def test_a_correction_is_answered_with_what_became_of_it(serve: Any, view: Any, wait_until: Any) -> None:
    served = serve()
    served.web.show(view())
    served.controls.corrections = waiting = deque[Correction]()
    answers: dict[int, Any] = {
        3: "kept as 9",
        4: LookupError("not kept as 9: there is no digit 4"),
        5: OutputError("not kept as 9: No space left on device"),
    }

    def collect() -> None:
        for _ in answers:
            wait_until(lambda: waiting)
            one = waiting.popleft()
            assert one.label == 9
            found = answers[one.track]
            one.answer.set_result(found) if isinstance(found, str) else one.answer.set_exception(found)

    thread = threading.Thread(target=collect)
    thread.start()
    kept, unknown, full = (
        served.change({"correct": {"track": track, "label": 9}, "paused": True}) for track in answers
    )
    thread.join()
    assert (kept.status, kept.document["corrected"], kept.document["paused"]) == (200, "kept as 9", True)
    assert (unknown.status, unknown.document) == (404, {"error": "not kept as 9: there is no digit 4"})
    assert (full.status, full.document) == (507, {"error": "not kept as 9: No space left on device"})


def test_a_correction_that_nobody_keeps_is_refused(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    answer = served.change({"correct": {"track": 3, "label": 9}, "paused": True})
    assert answer.status == 409 and "start the camera with --collect DIR" in answer.document["error"]
    assert not served.controls.paused


def test_a_correction_that_is_not_taken_in_time_is_refused_and_not_kept_later(
    serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "CORRECTION_SECONDS", 0.1)
    served = serve()
    served.web.show(view())
    served.controls.corrections = deque()
    assert served.change({"correct": {"track": 3, "label": 9}}).status == 503
    assert served.controls.corrections[0].answer.cancelled()


def test_before_the_first_picture_there_is_nothing_to_keep(serve: Any) -> None:
    served = serve()
    served.controls.corrections = deque()
    for request in ({"snapshot": True}, {"correct": {"track": 3, "label": 9}}):
        answer = served.change(request)
        assert (answer.status, answer.document) == (503, {"error": "there is no picture yet"})
    assert not served.controls.snapshot and not served.controls.corrections


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"threshold": 1, "paused": true}', "'threshold'; known are paused"),
        ('{"min_confidence": NaN}', "no JSON"),
        ('{"min_confidence": Infinity}', "no JSON"),
        ('{"min_confidence": 1e999}', "from 0 to 1"),
        ('{"min_confidence": 1.01}', "from 0 to 1"),
        ('{"min_confidence": -0.01}', "from 0 to 1"),
        ('{"min_confidence": true}', "from 0 to 1"),
        ('{"min_confidence": "0.5"}', "from 0 to 1"),
        ('{"min_confidence": null}', "from 0 to 1"),
        ('{"paused": 1}', "paused must be true or false"),
        ('{"snapshot": false}', "snapshot must be true"),
        ('{"recording": true, "details": "yes"}', "details must be"),
        ('{"correct": {"track": 1, "label": 10}}', "correct must be"),
        ('{"correct": {"track": 0, "label": 1}}', "correct must be"),
        ('{"correct": {"track": 1.0, "label": 1}}', "correct must be"),
        ('{"correct": {"track": 1}}', "correct must be"),
        ('{"correct": {"track": 1, "label": 1, "more": 1}}', "correct must be"),
        ('{"correct": [1, 2]}', "correct must be"),
        ("[]", "must be a JSON object"),
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 9000, "no JSON"),
        ('{"min_confidence": ' + "9" * 9000 + "}", ""),
        ("\udcff".encode("utf-8", "surrogatepass").decode("latin-1"), "no JSON"),
    ],
)
def test_requests_that_are_not_understood_change_nothing(serve: Any, body: str, why: str) -> None:
    served = serve()
    answer = served.ask("/api/controls", body.encode("latin-1"), Content_Type="application/json")
    assert answer.status == 400
    assert why in answer.document["error"]
    assert "\n" not in answer.document["error"]
    assert served.controls == type(served.controls)(0.5)


def test_every_control_of_the_table_can_be_changed(serve: Any) -> None:
    served = serve()
    assert set(served.change({}).document) == {"min_confidence", "details", "paused", "recording"}
    for control in CONTROLS:
        assert f"{control.name} must be" in served.change({control.name: None}).document["error"]


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


def test_pictures_are_read_one_at_a_time_and_few_wait(serve: Any, wait_until: Any) -> None:
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
    assert threads == {"web view's readings"}
    assert served.ask("/api/read", png(), Content_Type="image/png").status == 200


def test_events_are_sent_as_they_happen(serve: Any, view: Any) -> None:
    served = serve()

    def event(kind: Any, text: str) -> Event:
        return Event("2026-01-01T00:00:00.000+00:00", 9, 0.5, "a camera", kind, DIGITS[0], DIGITS[:1], (text,))

    served.web.write([event("appeared", "4")])
    served.web.show(view(digits=DIGITS[:1]))
    with served.connection() as connection:
        connection.request("GET", "/api/events")
        response = connection.getresponse()
        assert response.headers["Content-Type"] == "text/event-stream"
        first = dict(messages(response, "reading"))
        assert first["status"]["model"] == "a model"
        assert [one["event"] for one in first["history"]] == ["appeared"]
        assert first["reading"]["text"] == ["4"]
        served.web.write([event("changed", "9"), event("gone", "")])
        found = messages(response, "event") + messages(response, "event")
        changes = [document for name, document in found if name == "event"]
        assert [one["event"] for one in changes] == ["changed", "gone"]
        assert changes[0]["digits"] == [{"track": 3, "label": 4, "confidence": 0.9877, "box": [1, 2, 30, 40]}]
        assert not [name for name, _ in found if name == "history"]
        served.web.show(view(digits=DIGITS))
        assert messages(response, "reading")[-1][1]["text"] == ["42"]
        served.change({"paused": True})
        while not (status := messages(response, "status")[-1][1])["controls"]["paused"]:
            pass
        served.web.show(view(outage="unplugged"))
        while not (status := messages(response, "status")[-1][1])["away"]:
            pass
        assert status["away"] == "unplugged"


def test_news_do_not_wait_for_the_next_status(serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "STATUS_SECONDS", 50.0)
    served = serve()
    with served.connection() as connection:
        connection.request("GET", "/api/events")
        response = connection.getresponse()
        began = time.monotonic()
        for digits in (DIGITS, DIGITS[:1], DIGITS[1:]):
            messages(response, "reading")
            served.web.show(view(digits=digits))
        assert messages(response, "reading")[-1][1]["text"] == ["2"]
        assert time.monotonic() - began < 40


def test_figures_for_prometheus(serve: Any, view: Any) -> None:
    served = serve()
    with served.meter.frame(4, 0.0, dropped=2):
        pass
    served.web.show(view(digits=DIGITS, outage="unplugged"))
    served.web.write([Event("", 1, 0.0, "", "appeared", DIGITS[0], (), ())])
    answer = served.ask("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert all(re.fullmatch(r"mnist_edge_[a-z_]+(\{([a-z]+=\"[^\"]*\",?)+\})?", name) for name in values)
    assert all(float(value) == float(value) for value in values.values())
    assert values["mnist_edge_frames_total"] == "1"
    assert values["mnist_edge_frames_dropped_total"] == "2"
    assert values['mnist_edge_events_total{event="appeared"}'] == "1"
    assert (values["mnist_edge_digits"], values["mnist_edge_away"]) == ("2", "1")
    assert float(values["mnist_edge_min_confidence"]) == 0.5
    assert float(values["mnist_edge_resident_memory_bytes"]) > 10e6
    families = {re.split(r"[{ ]", name)[0] for name in values}
    assert families == {line.split()[2] for line in lines if line.startswith("# TYPE")}


def test_health_is_the_loops_sign_of_life(
    serve: Any, view: Any, wait_until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve()
    assert served.ask("/healthz").status == 200
    monkeypatch.setattr(loop_state, "SILENT_SECONDS", 0.2)
    wait_until(lambda: served.ask("/healthz").status == 503)
    assert served.ask("/api/status").document["alive"] is False
    monkeypatch.setattr(loop_state, "SILENT_SECONDS", 10.0)
    shown = view()
    served.web.show(shown)
    monkeypatch.setattr(loop_state, "SILENT_SECONDS", 0.2)
    wait_until(lambda: served.ask("/healthz").status == 503)
    # A loop that waits shows the same again, or beats.
    monkeypatch.setattr(loop_state, "SILENT_SECONDS", 10.0)
    served.web.beat()
    assert served.ask("/healthz").status == 200


def test_the_newest_picture(serve: Any, view: Any) -> None:
    served = serve()
    assert served.ask("/snapshot.jpg").status == 503
    served.web.show(view(np.full((3000, 4000, 3), (0, 0, 255), np.uint8)))
    answer = served.ask("/snapshot.jpg")
    assert answer.headers["Content-Type"] == "image/jpeg"
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (960, 1280, 3)
    assert np.abs(picture[100, 100].astype(int) - (0, 0, 255)).max() < 12


def test_several_viewers_cost_one_encode_a_picture(serve: Any, view: Any, wait_until: Any) -> None:
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
