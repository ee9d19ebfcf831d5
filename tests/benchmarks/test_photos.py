import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.photo_labels import read_labels
from mnist_edge.benchmarks.photos import (
    Outcome,
    PhotoScore,
    match_boxes,
    measure_photos,
    read_pictures,
    score_picture,
)
from mnist_edge.camera.images import write_image
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Dataset
from mnist_edge.errors import DataError, ImageError
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.reading import Box, Digit, Reading


def reading(*digits: tuple[int, tuple[int, int, int, int]], text: tuple[str, ...] = (), ms: float = 0) -> Reading:
    found = tuple(Digit(label, 0.9, Box(*box)) for label, box in digits)
    return Reading("a source", 100, 100, "a model", "a runtime", found, text, milliseconds={"total": ms})


def photo(file: str, *digits: tuple[int, tuple[int, int, int, int]], **more: Any) -> dict[str, Any]:
    return {"file": file, "digits": [{"label": label, "box": [*box]} for label, box in digits], **more}


def score_photos(labels: list[dict[str, Any]], readings: list[Reading]) -> PhotoScore:
    return PhotoScore.of([score_picture(*pair) for pair in zip(labels, readings, strict=True)])


A, B, FAR = (0, 0, 10, 10), (30, 0, 10, 10), (70, 70, 10, 10)


def test_the_best_overlap_is_matched_first_and_each_box_once() -> None:
    truth = [Box(0, 0, 10, 10), Box(2, 0, 10, 10)]
    found = [Box(2, 0, 10, 10), Box(1, 0, 10, 10)]
    assert match_boxes(truth, found) == [(1, 0), (0, 1)]
    assert match_boxes(truth, [Box(2, 0, 10, 10)]) == [(1, 0)]
    # 10 of 25 is just enough, 9 of 25 is not.
    assert match_boxes([Box(0, 0, 10, 10)], [Box(0, 0, 25, 10)]) == [(0, 0)]
    assert match_boxes([Box(0, 0, 9, 10)], [Box(0, 0, 25, 10)]) == []
    assert match_boxes([], found) == match_boxes(truth, []) == []


def test_counts_and_shares() -> None:
    labels = [photo("a/one.jpg", (1, A), (2, B), (3, FAR)), photo("two.jpg", (4, A)), photo("none.jpg")]
    readings = [
        reading((1, A), (7, B), (5, (50, 50, 10, 10)), ms=7),
        reading(ms=3),
        reading((1, A), (2, B), ms=4),
    ]
    score = score_photos(labels, readings)
    assert (score.photos, score.negatives) == (2, 1)
    assert (score.digits, score.found, score.matched, score.right) == (4, 3, 2, 1)
    assert score.false_on_negatives == score.false_per_negative == 2
    assert (score.label_accuracy, score.precision, score.recall) == (1 / 2, 2 / 3, 2 / 4)
    assert score.f1 == 2 * 1 / (4 + 3)
    assert score.median_ms == 4
    document = score.to_json()
    assert document == json.loads(json.dumps(document))
    assert (document["f1"], document["precision"]) == (0.2857, 0.6667)


def test_what_a_person_could_not_tell_counts_neither_way() -> None:
    row = photo("one.jpg", (1, A), (2, B))
    row["digits"][1]["ambiguous"] = True
    # Whatever was read there, and where nothing was.
    for read in ((2, B), (9, B)):
        score = score_photos([row], [reading((1, A), read)])
        assert (score.digits, score.found, score.matched, score.right) == (1, 1, 1, 1)
    assert score_photos([row], [reading((1, A))]) == score


def test_what_is_seen_in_part_is_ignored() -> None:
    row = photo("one.jpg", (1, A), ignore=[[60, 60, 30, 30]])
    score = score_photos([row], [reading((1, A), (8, FAR), (8, B))])
    assert (score.digits, score.found, score.matched) == (1, 2, 1)


def test_every_digit_has_one_outcome() -> None:
    row = photo("one.jpg", (1, A), (2, B), (3, (50, 50, 10, 10)), ignore=[[60, 60, 30, 30]], tags=["shadow"])
    row["digits"][2]["ambiguous"] = True
    picture = score_picture(row, reading((7, (1, 0, 10, 10)), (8, FAR), (9, (0, 40, 5, 5)), ms=5))
    assert picture.outcomes == (
        Outcome(Box(*FAR), None, 8, counts=False),
        Outcome(Box(1, 0, 10, 10), 1, 7),
        Outcome(Box(*B), 2, None),
        Outcome(Box(50, 50, 10, 10), 3, None, counts=False),
        Outcome(Box(0, 40, 5, 5), None, 9),
    )
    # One is missed, one misread, which is two errors, and one false.
    assert (picture.errors, picture.counts()) == (
        4,
        {"errors": 4, "digits": 2, "found": 2, "matched": 1, "right": 0},
    )
    assert (picture.file, picture.tags, picture.negative, picture.milliseconds) == ("one.jpg", ("shadow",), False, 5)


def test_every_digit_on_a_negative_is_false() -> None:
    # Nothing is ignored there, and no row is expected.
    row = photo("none.jpg", ignore=[[60, 60, 30, 30]], reading_order_text=["8"])
    picture = score_picture(row, reading((8, FAR), (1, A), text=("8", "1")))
    assert (picture.negative, picture.errors, picture.rows) == (True, 2, 0)


@pytest.mark.parametrize(
    ("read", "right"),
    [
        (("7 42", "7 42", "1"), 3),
        # Spaces and the order of the rows are not judged.
        (("1", "742", "74 2"), 3),
        # A row that was read once is one row.
        (("742", "1"), 2),
        (("742", "742", "742", "11"), 2),
        (("74", "2"), 0),
        ((), 0),
    ],
)
def test_rows(read: tuple[str, ...], right: int) -> None:
    row = photo("one.jpg", (1, A), reading_order_text=["742", "7 42", "1"])
    score = score_photos([row, photo("two.jpg", (1, A))], [reading(text=read), reading(text=("1",))])
    assert (score.rows, score.rows_right, score.rows_exact) == (3, right, right / 3)
    row["digits"][0]["ambiguous"] = True
    assert score_photos([row], [reading(text=read)]).rows == 0


def test_nothing_at_all_is_no_division_by_zero() -> None:
    assert set(PhotoScore.of([]).to_json().values()) == {0}


@pytest.fixture
def folder(digits: Dataset, tmp_path: Path) -> Path:
    """Two generated pages and an empty one, labelled with what the reader should see."""
    rows = []
    for seed in (1, 2):
        page = draw_page(digits.test, seed, Conditions(), width=640, height=480)
        write_image(tmp_path / f"{seed}.png", page.image)
        found = Reader().read(page.image).digits
        rows.append(photo(f"{seed}.png", *((digit.label, digit.box) for digit in found)))
    write_image(tmp_path / "empty.png", np.full((480, 640, 3), 220, np.uint8))
    (tmp_path / "labels.json").write_text(json.dumps([*rows, photo("empty.png")]))
    return tmp_path


def test_a_folder_is_read_and_scored(folder: Path) -> None:
    score = measure_photos(folder, Reader())
    assert score.f1 == score.label_accuracy == 1 and score.digits > 5
    assert (score.photos, score.negatives, score.false_on_negatives) == (2, 1, 0)


def test_pictures_of_one_name_are_told_apart(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "1.png").rename(folder / "more" / "2.png")
    text = (folder / "labels.json").read_text().replace("1.png", "more/2.png")
    (folder / "labels.json").write_text(text)
    assert [one.errors for one in read_pictures(folder, Reader())] == [0, 0, 0]


@pytest.mark.parametrize("content", ["", "{}x", "{}", "[]", '"a.png"', "3", "[" * 100_000, "9" * 5000])
def test_labels_that_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(DataError, match="is no list of pictures"):
        read_labels(tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        "3",
        "[]",
        '{"file": "a.png"}',
        '{"file": 1, "digits": []}',
        '{"file": "a.png", "digits": 3}',
        '{"file": "a.png", "digits": [{"label": 10, "box": [0, 0, 1, 1]}]}',
        '{"file": "a.png", "digits": [{"label": "1", "box": [0, 0, 1, 1]}]}',
        '{"file": "a.png", "digits": [{"label": 1, "box": [0, 0, 1]}]}',
        '{"file": "a.png", "digits": [{"label": 1, "box": [0, 0, 1, "1"]}]}',
        '{"file": "a.png", "digits": [{"label": 1, "box": [0, 0, 0, 1]}]}',
        '{"file": "a.png", "digits": [{"label": 1, "box": [0, 0, 1, Infinity]}]}',
        '{"file": "a.png", "digits": [{"label": 1, "box": [NaN, 0, 1, 1]}]}',
        '{"file": "a.png", "digits": [{"label": 1}]}',
        '{"file": "a.png", "digits": [], "ignore": [3]}',
        '{"file": "a.png", "digits": ""}',
        '{"file": "a.png", "digits": [], "tags": "shadow"}',
        '{"file": "a.png", "digits": [], "reading_order_text": [3]}',
    ],
)
def test_a_picture_that_is_badly_described_is_named(tmp_path: Path, row: str) -> None:
    (tmp_path / "labels.json").write_text('[{"file": "good.png", "digits": []}, ' + row + "]")
    with pytest.raises(DataError, match=r"labels\.json: picture 2 is not"):
        read_labels(tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"labels\.json cannot be read"):
        read_labels(tmp_path)
    (tmp_path / "labels.json").write_text('[{"file": "gone.png", "digits": []}]')
    with pytest.raises(ImageError, match=r"gone\.png"):
        measure_photos(tmp_path, Reader())
