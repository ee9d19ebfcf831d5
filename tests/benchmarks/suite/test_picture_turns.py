"""Engines read in turns, in processes; what was read is kept."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.suite.picture_turns import Journal, RunningEngine, find_engines, read_in_turns
from mnist_edge.benchmarks.suite.pictures import Picture
from mnist_edge.errors import UsageError
from mnist_edge.opencv import cv2

ENGINE = "webcam, Otsu"
TRUTH = {"file": "x", "digits": [], "tags": []}


def picture(name: str, text: str = "7") -> Picture:
    page = np.full((60, 80, 3), 220, np.uint8)
    cv2.putText(page, text, (20, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 4)
    return Picture("pages", name, lambda: (TRUTH, page))


def test_every_picture_is_read_once_and_what_was_read_is_kept(tmp_path: Path) -> None:
    log, path = tmp_path / "log.txt", tmp_path / "reading.jsonl"
    found = find_engines([ENGINE], log)
    here = found[ENGINE]
    assert here and here[0] is None
    begun = {ENGINE: here[1]}
    read_in_turns([picture("a")], {ENGINE: None}, Journal(path, begun), log)
    (row,) = Journal(path, begun).rows
    assert (row["kind"], row["name"], row["truth"], row["width"], row["height"]) == ("pages", "a", TRUTH, 80, 60)
    answer = row["answers"][ENGINE]
    assert len(answer["digits"]) == 1 and answer["ms"] > 0 and answer["cpu_ms"] > 0

    # Broken off in the middle of a line; it goes on with what is not there yet, and what is there stays.
    with path.open("a") as file:
        file.write('{"kind": "pages", "name": "b", "tru')
    read_in_turns([picture("a"), picture("b", "71")], {ENGINE: None}, Journal(path, begun), log)
    again = [json.loads(line) for line in path.read_text().splitlines()]
    assert again[0] == begun and again[1] == row
    assert [(one["name"], len(one["answers"][ENGINE]["digits"])) for one in again[1:]] == [("a", 1), ("b", 2)]


def test_another_version_does_not_go_on(tmp_path: Path) -> None:
    path = tmp_path / "reading.jsonl"
    Journal(path, {"rapidocr": "3.9"})
    with pytest.raises(UsageError, match="other engines, versions or models"):
        Journal(path, {"rapidocr": "3.10"})


def test_an_engine_that_fails_is_started_again(tmp_path: Path) -> None:
    engine = RunningEngine(ENGINE, tmp_path, tmp_path / "log.txt", None)
    pixels = picture("a").get()[1]
    assert "picture.npy" in engine.read(pixels)["error"]
    np.save(tmp_path / "picture.npy", pixels)
    assert len(engine.read(pixels)["digits"]) == 1
    engine.close()
