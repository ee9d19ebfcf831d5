"""`POST /api/controls`: what is changed, and what is refused."""

import threading
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.camera.controls import CONTROLS, Correction
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.web import controls
from mnist_edge.errors import OutputError
from tests.helpers import wait_until


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


def test_every_control_of_the_table_can_be_changed(serve: Any) -> None:
    served = serve()
    assert set(served.change({}).document) == {"min_confidence", "details", "paused", "recording"}
    for control in CONTROLS:
        assert f"{control.name} must be" in served.change({control.name: None}).document["error"]


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


def test_a_correction_is_answered_with_what_became_of_it(serve: Any, view: Any) -> None:
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


def test_a_correction_names_a_class_of_the_model(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    served.controls.classes = ("A", "B", "C")
    assert served.ask("/api/status").document["classes"] == ["A", "B", "C"]
    answer = served.change({"correct": {"track": 1, "label": 3}})
    assert answer.status == 400 and "0 to 2, or -1 for no digit" in answer.document["error"]
    assert "start the camera with --collect" in served.change({"correct": {"track": 1, "label": 2}}).document["error"]


def test_the_status_of_digits_names_no_classes(serve: Any) -> None:
    assert "classes" not in serve().ask("/api/status").document
