"""How the loop does: documents, the event stream, the health check and metrics."""

import json
import re
import time
from typing import Any

import pytest

from mnist_edge.camera.events import Event
from mnist_edge.camera.rows import Mark, Value
from mnist_edge.camera.web import loop_state, status
from mnist_edge.reading import Box, Digit
from tests.helpers import wait_until

MARK = Mark("mark", ((1.0, 2.0), (41.0, 2.0), (41.0, 32.0), (1.0, 32.0)), Value("42", 0.98765))
DIGITS = (Digit(4, 0.98765, Box(1, 2, 30, 40), track=3), Digit(2, 0.5, Box(40, 2, 30, 40), track=5))


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
    assert served.ask("/api/reading").document == {
        "text": [],
        "digits": [],
        "fields": [],
        "frame": None,
        "seconds": None,
    }
    served.web.show(view(number=7, seconds=1.23456, digits=DIGITS, marks=(MARK,)))
    assert served.ask("/api/reading").document == {
        "text": ["42"],
        "digits": [
            {"track": 3, "label": 4, "confidence": 0.9877, "box": [1, 2, 30, 40]},
            {"track": 5, "label": 2, "confidence": 0.5, "box": [40, 2, 30, 40]},
        ],
        "fields": [{"name": "mark", "box": [1, 2, 40, 30], "value": "42", "trust": 0.9877, "outcome": "read"}],
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


def test_health_is_the_loops_sign_of_life(serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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
