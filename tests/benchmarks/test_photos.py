import json
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.photos import main, match_boxes, measure_photos, overlaps, read_labels, score_photos
from mnist_edge.camera.images import write_image
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.scenes import draw_scene
from mnist_edge.dataset import Dataset
from mnist_edge.errors import DataError, ImageError
from mnist_edge.reading import Box, Digit, Reading


def reading(source: str, *digits: tuple[int, tuple[int, int, int, int]]) -> Reading:
    found = tuple(Digit(label, 0.9, Box(*box)) for label, box in digits)
    return Reading(source, 100, 100, "a model", "a runtime", found)


def photo(file: str, *digits: tuple[int, tuple[int, int, int, int]], **more: Any) -> dict[str, Any]:
    return {"file": file, "digits": [{"label": label, "box": [*box]} for label, box in digits], **more}


A, B, FAR = (0, 0, 10, 10), (30, 0, 10, 10), (70, 70, 10, 10)


def test_overlap_is_what_both_share_of_what_either_covers() -> None:
    found = overlaps([(0, 0, 10, 10)], [(0, 0, 10, 10), (5, 0, 10, 10), (10, 0, 5, 5), (0, 5, 5, 5)])
    assert found.tolist() == [pytest.approx([1, 1 / 3, 0, 0.25])]
    assert overlaps([], [A]).shape == (0, 1)


def test_the_best_overlap_is_matched_first_and_each_box_once() -> None:
    truth = [(0, 0, 10, 10), (2, 0, 10, 10)]
    found = [(2, 0, 10, 10), (1, 0, 10, 10)]
    assert match_boxes(truth, found) == [(1, 0), (0, 1)]
    assert match_boxes(truth, [(2, 0, 10, 10)]) == [(1, 0)]
    # 10 of 25 is just enough, 9 of 25 is not.
    assert match_boxes([(0, 0, 10, 10)], [(0, 0, 25, 10)]) == [(0, 0)]
    assert match_boxes([(0, 0, 9, 10)], [(0, 0, 25, 10)]) == []
    assert match_boxes([], found) == match_boxes(truth, []) == []


def test_counts_and_shares() -> None:
    labels = [photo("a/one.jpg", (1, A), (2, B), (3, FAR)), photo("two.jpg", (4, A)), photo("none.jpg")]
    readings = [
        reading("elsewhere/one.jpg", (1, A), (7, B), (5, (50, 50, 10, 10))),
        reading("none.jpg", (1, A), (2, B)),
    ]
    score = score_photos(labels, readings)
    assert (score.photos, score.negatives) == (2, 1)
    # The second photograph was not read at all.
    assert (score.digits, score.found, score.matched, score.right) == (4, 3, 2, 1)
    assert score.false_on_negatives == score.false_per_negative == 2
    assert (score.label_accuracy, score.precision, score.recall) == (1 / 2, 2 / 3, 2 / 4)
    assert score.f1 == 2 * 1 / (4 + 3)
    document = score.to_json()
    assert document == json.loads(json.dumps(document))
    assert (document["f1"], document["precision"]) == (0.2857, 0.6667)


def test_what_a_person_could_not_tell_counts_neither_way() -> None:
    row = photo("one.jpg", (1, A), (2, B))
    row["digits"][1]["ambiguous"] = True
    # Whatever is said of it, and where nothing is.
    for said in ((2, B), (9, B)):
        score = score_photos([row], [reading("one.jpg", (1, A), said)])
        assert (score.digits, score.found, score.matched, score.right) == (1, 1, 1, 1)
    assert score_photos([row], [reading("one.jpg", (1, A))]) == score


def test_what_is_seen_in_part_is_ignored() -> None:
    row = photo("one.jpg", (1, A), ignore=[[60, 60, 30, 30]])
    score = score_photos([row], [reading("one.jpg", (1, A), (8, FAR), (8, B))])
    assert (score.digits, score.found, score.matched) == (1, 2, 1)


def test_nothing_at_all_is_no_division_by_zero() -> None:
    assert set(score_photos([], []).to_json().values()) == {0}


@pytest.fixture
def folder(digits: Dataset, tmp_path: Path) -> Path:
    """Two generated pages and an empty one, labelled with what the reader should see."""
    rows = []
    for seed in (1, 2):
        scene = draw_scene(digits.test, seed=seed, rows=2)
        write_image(tmp_path / f"{seed}.png", scene.image)
        found = Reader().read(scene.image).digits
        rows.append(photo(f"{seed}.png", *((digit.label, digit.box) for digit in found)))
    empty = draw_scene(digits.test, seed=1, rows=2).image
    empty[:] = 220
    write_image(tmp_path / "empty.png", empty)
    (tmp_path / "labels.json").write_text(json.dumps([*rows, photo("empty.png")]))
    return tmp_path


def test_a_folder_is_read_and_scored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score = measure_photos(folder, Reader())
    assert score.f1 == score.label_accuracy == 1 and score.digits > 5
    assert (score.photos, score.negatives, score.false_on_negatives) == (2, 1, 0)
    assert main(str(folder), "small", "small.float32") == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["model"] for document in documents] == ["small", "small.float32"]
    assert documents[0] == {"model": "small"} | score.to_json()


@pytest.mark.parametrize("content", ["", "{}x", '[{"file": "a.png"}]', "[3]", '{"file": "a"}'])
def test_labels_that_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(DataError, match="is no list of pictures"):
        read_labels(tmp_path)


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match=r"labels\.json cannot be read"):
        read_labels(tmp_path)
    (tmp_path / "labels.json").write_text('[{"file": "gone.png", "digits": []}]')
    with pytest.raises(ImageError, match=r"gone\.png"):
        measure_photos(tmp_path, Reader())
    assert main() == 2
    assert capsys.readouterr().err == "error: name a folder with pictures and labels.json\n"
    assert main(str(tmp_path)) == 1
    assert capsys.readouterr().err.startswith("error: ")
