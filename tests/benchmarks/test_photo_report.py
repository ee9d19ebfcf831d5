"""What follows from the pictures of a report: the worst first, by tag, as a table."""

import json
from pathlib import Path

from mnist_edge.benchmarks.photo_report import PhotoReport, caption, table_rows, tag_rows
from mnist_edge.benchmarks.photos import Outcome, PictureScore
from mnist_edge.benchmarks.report import titles
from mnist_edge.machine import this_machine
from mnist_edge.reading import Box

BOX = Box(0, 0, 9, 9)
RIGHT, MISSED, FALSE = Outcome(BOX, 1, 1), Outcome(BOX, 1, None), Outcome(BOX, None, 1)


def report(*pictures: PictureScore, file: str = "folder/small.int8.tflite") -> PhotoReport:
    return PhotoReport("small", Path(file), "a runtime", 1, pictures, this_machine())


def picture(file: str, tags: str, *outcomes: Outcome, rows: int = 0, ms: float = 1.0) -> PictureScore:
    negative = not any(one.true is not None for one in outcomes)
    return PictureScore(file, tuple(tags.split()), negative, outcomes, rows, rows // 2, ms)


GOOD = picture("good", "drawn", RIGHT, RIGHT, rows=2, ms=4)
FAIR = picture("fair", "drawn shadow", RIGHT, RIGHT, MISSED, ms=3)
BAD = picture("bad", "lines shadow", RIGHT, MISSED, MISSED, FALSE, ms=2)
EMPTY = picture("empty", "text", FALSE, FALSE, ms=1)
REPORT = report(GOOD, FAIR, EMPTY, BAD)


def test_tags_worst_first_negatives_apart() -> None:
    # 2 * right to digits and found: lines 2 of 5, shadow 6 of 10, drawn 8 of 9.
    assert [(tag, score.photos, score.digits, round(score.f1, 3)) for tag, score in REPORT.tags] == [
        ("lines", 1, 3, 0.4), ("shadow", 2, 6, 0.6), ("drawn", 2, 5, 0.889),
    ]  # fmt: skip
    assert tag_rows(REPORT)[0] == ("lines", "1", "3", "0.400", "0.333", "0.500")
    assert tag_rows(report(picture("one", "", RIGHT))) == []


def test_of_equal_tags_the_one_with_more_digits_goes_first() -> None:
    assert [tag for tag, _ in report(picture("a", "few", MISSED), picture("b", "many", MISSED, MISSED)).tags] == [
        "many",
        "few",
    ]


def test_the_worst_first() -> None:
    assert [(one.file, one.errors) for one in REPORT.worst] == [("bad", 3), ("empty", 2), ("fair", 1), ("good", 0)]


def test_the_table() -> None:
    rows = {label.partition(",")[0]: figures for label, *figures in table_rows([REPORT, REPORT])}
    assert set(map(len, rows.values())) == {2}
    assert [figures[0] for figures in rows.values()] == [
        "0.714",
        "5 of 8  0.625",
        "5 of 6  0.833",
        "5 of 5  1.000",
        "1 of 2  0.500",
        "2.00",
        "2.5",
    ]
    assert "3 pictures with 8 digits, 1 without; a runtime, 1 thread, on " in caption([REPORT])


def test_what_cannot_be_measured_is_a_dash() -> None:
    rows = [figure for _, figure in table_rows([report(EMPTY)])]
    assert rows[1:6] == ["-", "-", "-", "-", "2.00"]
    assert table_rows([report(GOOD)])[5][1] == "-"


def test_columns_are_told_apart() -> None:
    other = report(GOOD, file="folder/nano.int8.tflite")
    assert titles([REPORT.file, other.file]) == ["small.int8", "nano.int8"]
    twin = report(GOOD, file="other/small.int8.tflite")
    assert titles([REPORT.file, twin.file]) == ["folder/small.int8.tflite", "other/small.int8.tflite"]


def test_json() -> None:
    document = REPORT.to_json()
    assert json.loads(json.dumps(document)) == document
    assert document | REPORT.score.to_json() == document
    assert document["tags"][0] == {
        "tag": "lines", "photos": 1, "digits": 3, "f1": 0.4, "recall": 0.3333, "precision": 0.5,
    }  # fmt: skip
    assert document["pictures"][3] == {
        "file": "bad", "errors": 3, "digits": 3, "found": 2, "matched": 1, "right": 1, "rows": 0, "rows_right": 0,
        "milliseconds": 2.0,
    }  # fmt: skip
