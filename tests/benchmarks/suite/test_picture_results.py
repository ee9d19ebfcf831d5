"""What was read is scored as `make pages` scores it, with times beside ours."""

import json
from typing import Any

import pytest

from mnist_edge.benchmarks.suite.picture_engines import OURS
from mnist_edge.benchmarks.suite.picture_report import picture_sections
from mnist_edge.benchmarks.suite.picture_results import (
    PictureResults,
    digit_error_rate,
    edit_distance,
    summarise_pictures,
)
from mnist_edge.reading import Reading

BOXES = ((10, 10, 20, 30), (40, 10, 20, 30), (70, 10, 20, 30))
TRUTH = {
    "file": "one", "digits": [{"label": n, "box": list(BOXES[n - 1])} for n in (1, 2, 3)],
    "reading_order_text": ["12 3"], "tags": [],
}  # fmt: skip
EMPTY: dict[str, Any] = {"file": "none", "digits": [], "tags": []}
ENVIRONMENT = {
    "machine": {"cpu": "a <processor>", "cores": 2}, "date": "today", "settings": {OURS: "as it comes"},
}  # fmt: skip


def answer(labels: str, cpu_ms: float) -> dict[str, Any]:
    digits = [[int(label), *box] for label, box in zip(labels, BOXES, strict=False) if label != "-"]
    return {"digits": digits, "ms": 2 * cpu_ms, "cpu_ms": cpu_ms}


def rows(*answers: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    truths = (TRUTH, TRUTH, EMPTY)
    return [
        {"kind": "pages", "name": f"{place}", "truth": truth, "width": 100, "height": 50, "answers": given}
        for place, (truth, given) in enumerate(zip(truths, answers, strict=True))
    ]


@pytest.fixture
def results() -> PictureResults:
    read = rows(
        {OURS: answer("123", 10), "rapidocr": answer("113", 200), "tesseract, psm 6": {"error": "it died"}},
        {OURS: answer("12", 20), "rapidocr": {"error": "no answer"}, "tesseract, psm 6": {"error": "it died"}},
        {OURS: answer("", 30), "rapidocr": answer("4", 600), "tesseract, psm 6": {"error": "it died"}},
    )
    versions = {OURS: "0.1", "rapidocr": "3.10", "tesseract, psm 6": "5.3", "rapidocr-onnxruntime": None}
    return summarise_pictures(read, versions, "digits", ENVIRONMENT)


def test_each_is_scored_and_timed_beside_ours(results: PictureResults) -> None:
    ours, rapid = results.of("pages")
    assert (ours.engine, ours.score.f1) == (OURS, 2 * 5 / (6 + 5))
    assert (ours.digit_error_rate, ours.score.rows_right, ours.score.rows) == (round(1 / 6, 4), 1, 2)
    assert (ours.cpu_ms, ours.ms, ours.to_ours, ours.failures) == (20, 40, None, 0)
    # A picture that it failed on counts as read with no digit, and has no time.
    assert rapid.score.f1 == 2 * 2 / (6 + 3)
    assert rapid.digit_error_rate == round(4 / 6, 4)
    assert rapid.score.false_per_negative == 1.0
    assert rapid.to_ours and rapid.to_ours.median == 20 and rapid.failures == 1


def test_absent_ones_have_their_reason(results: PictureResults) -> None:
    assert dict(results.absent) == {"tesseract, psm 6": "it died", "rapidocr-onnxruntime": "not installed; pip"}


def test_what_is_to_be_reached_is_judged(results: PictureResults) -> None:
    (bound,) = results.bounds()
    assert bound.startswith("pages, beside rapidocr 3.10: holds (20 (20 to 20) times as fast, F1 0.909 to 0.444")
    slow = rows(
        *({OURS: answer("123", 10), "rapidocr": answer("113", 99)} for _ in range(2)),
        {OURS: answer("", 10), "rapidocr": answer("", 99)},
    )
    (bound,) = summarise_pictures(slow, {OURS: "0.1", "rapidocr": "3.10"}, "digits", ENVIRONMENT).bounds()
    assert "does not hold (9.9" in bound


def test_results_come_back_from_their_document(results: PictureResults) -> None:
    document = json.loads(json.dumps(results.to_json()))
    assert PictureResults.from_json(document) == results
    titles = [section.title for section in picture_sections(PictureResults.from_json(document))]
    assert titles == ["Reading pictures", "Reading pages", "What is to be reached", "Not read with", "What reads"]


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "123", 3), ("123", "", 3), ("123", "123", 0), ("1243", "123", 1), ("113", "123", 1),
     ("3412", "123", 3), ("2222", "12", 3), ("71264", "1264", 1)],
)  # fmt: skip
def test_edits_between_texts(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edits


def test_a_picture_with_a_digit_that_nobody_recognises_has_no_error_rate() -> None:
    doubtful = TRUTH | {"digits": [{"label": 1, "box": [0, 0, 9, 9], "ambiguous": True}]}
    readings = [Reading("x", 9, 9, "", "", text=("12",)), Reading("x", 9, 9, "", "", text=("9999",))]
    assert digit_error_rate([TRUTH, doubtful], readings) == round(1 / 3, 4)
