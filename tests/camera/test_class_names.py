"""A model of other classes than the ten digits, from a page of letters to everything that is written of it."""

import csv
import io
import json
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import NO_DIGIT, Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.sinks.collect import SETTLED_FRAMES, Collector
from mnist_edge.camera.sinks.crops import LIST
from mnist_edge.camera.view import View
from mnist_edge.metadata import append_metadata, strip_metadata
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Reading
from mnist_edge.shipped_models import resolve

Invoke = Callable[..., tuple[int, str, str]]
# What a network of digits calls them: it reads a 3 as a D.
LETTERS = "ABCDEFGHIJ"
NUMBERS, WORDS = ("372", "58241"), ("DHC", "FICEB")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("letters") / "letters.tflite"
    facts = {"name": "letters", "labels": list(LETTERS)}
    path.write_bytes(append_metadata(strip_metadata(resolve("small.int8").read_bytes()), facts))
    return path


@pytest.fixture
def sheet(write_digit: Callable[..., Box]) -> NDArray[np.uint8]:
    image = np.full((300, 500, 3), 235, np.uint8)
    for row, number in enumerate(NUMBERS):
        for column, label in enumerate(number):
            write_digit(image, int(label), 40 + 90 * column, 40 + 130 * row, 76, 8)
    return image


@pytest.fixture
def page(tmp_path: Path, sheet: NDArray[np.uint8]) -> Path:
    cv2.imwrite(str(tmp_path / "page.png"), sheet)
    return tmp_path / "page.png"


def test_letters_are_read_by_name(model: Path, page: Path, tmp_path: Path, invoke: Invoke) -> None:
    code, out, err = invoke("read", page, "--model", model)
    assert (code, err) == (0, "") and out.splitlines()[0].startswith(f"{page}: 8 symbols, ")
    assert out.split("ms")[1].split() == list(WORDS)
    code, out, _ = invoke("read", page, "--model", model, "--json")
    digits = json.loads(out)["digits"]
    assert "".join(digit["name"] for digit in digits) == "".join(WORDS)
    assert all(LETTERS[digit["label"]] == digit["name"] for digit in digits)
    assert all(LETTERS[second["label"]] == second["name"] for second in (digit["runner_up"] for digit in digits))
    code, out, _ = invoke("read", page, "--model", model, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert "".join(row["name"] for row in rows) == "".join(WORDS) and rows[0]["label"] == str(LETTERS.index("D"))
    code, _, err = invoke("read", page, "--model", model, "--output", tmp_path / "all.jsonl", "--workers", 1)
    assert code == 0 and json.loads((tmp_path / "all.jsonl").read_text())["text"] == list(WORDS), err
    code, _, err = invoke("read", page, "--model", model, "--explain", tmp_path)
    assert code == 0 and (tmp_path / "page.explained.png").exists(), err


def test_light_letters_on_a_dark_sheet_and_those_that_are_refused(model: Path, sheet: NDArray[np.uint8]) -> None:
    reader = Reader(model)
    assert reader.classes == tuple(LETTERS) and reader.read(255 - sheet).text == WORDS
    reader.min_confidence = 1.0
    reading = reader.read(sheet)
    assert not reading.digits and {one.name for one in reading.rejected} >= set("".join(WORDS))


def test_digits_have_no_names(sheet: NDArray[np.uint8]) -> None:
    reading = Reader("small").read(sheet)
    assert reading.text == NUMBERS and '"name"' not in json.dumps(reading.to_json())
    assert {digit.name for digit in reading.digits} == {None}


def test_the_camera_says_names_everywhere(model: Path, page: Path, tmp_path: Path, invoke: Invoke) -> None:
    events, kept = tmp_path / "events.csv", tmp_path / "kept"
    how = ("camera", "--source", page, "--model", model, "--no-window")
    code, out, err = invoke(*how, "--events", events, "--collect", kept)
    assert code == 0, err
    assert out.splitlines() == [" / ".join(WORDS)]
    rows = list(csv.DictReader(io.StringIO(events.read_text())))
    assert [row["name"] for row in rows if row["event"] == "appeared"] == list("".join(WORDS))
    collected = [json.loads(line) for line in (kept / LIST).read_text().splitlines()]
    assert sorted(line["name"] for line in collected if line["label"] is not None) == sorted("".join(WORDS))
    code, out, err = invoke(*how, "--events", "-")
    first = json.loads(out.splitlines()[0])
    assert code == 0 and first["name"] == first["digits"][0]["name"] == "D" and first["text"] == list(WORDS), err


def test_forms_are_for_digits(model: Path, page: Path, tmp_path: Path, invoke: Invoke) -> None:
    form = tmp_path / "form.toml"
    form.write_text('form = 1\npage = [200, 100]\n[[field]]\nname = "age"\nbox = [10, 10, 30, 12]\n')
    for command in (("read", page), ("camera", "--no-window", "--source", page)):
        code, _, err = invoke(*command, "--model", model, "--form", form)
        assert code == 2 and "forms hold digits, and " in err and "10 classes (A, B, C, ...)" in err


def named(name: str, track: int, x: int, confidence: float = 0.9) -> Digit:
    crop: NDArray[np.uint8] = np.full((28, 28), 9, np.uint8)
    return Digit(ord(name[0]) % 10, confidence, Box(x, 10, 20, 30), track=track, crop=crop, name=name)


class NamingReader:
    """Reads two words at their places in every frame."""

    min_confidence = 0.5

    def read(self, frame: NDArray[np.uint8], source: str) -> Reading:
        digits = tuple(named(name, 0, x) for name, x in (("Trouser", 10), ("Coat", 60)))
        return Reading(source, frame.shape[1], frame.shape[0], "m", "r", digits, ("Trouser Coat",))


def test_names_are_followed_from_frame_to_frame() -> None:
    views: list[View] = []

    class Seen:
        def show(self, view: View) -> None:
            views.append(view)

    run(ArraySource([np.zeros((60, 100, 3), np.uint8)] * 6), NamingReader(), views=[Seen()])
    assert views[-1].text == ("Trouser Coat",)
    assert [digit.name for digit in views[-1].digits] == ["Trouser", "Coat"]


def test_a_label_is_drawn_by_its_name() -> None:
    frame = np.full((200, 300, 3), 255, np.uint8)
    drawn = [
        annotate(frame, Reading("a", 300, 200, "m", "r", (digit,)))
        for digit in (Digit(4, 0.9, Box(140, 90, 20, 40), name=name) for name in ("D", "Q", None))
    ]
    assert (drawn[0] != drawn[1]).any() and (drawn[0] != drawn[2]).any()


@pytest.fixture
def controls() -> Iterator[Controls]:
    yield Controls(0.5, classes=tuple(LETTERS))


def test_a_key_says_a_class(controls: Controls) -> None:
    assert [controls.meant(key) for key in ("J", "j", "x", "X", "7", "")] == [
        LETTERS.index("J"), LETTERS.index("J"), NO_DIGIT, NO_DIGIT, None, None,
    ]  # fmt: skip
    assert [Controls(0.5).meant(key) for key in ("7", "x", "X", "k")] == [7, NO_DIGIT, NO_DIGIT, None]
    both = Controls(0.5, classes=("x", "X", "q"))
    assert [both.meant(key) for key in ("x", "X", "q", "Q")] == [0, 1, 2, None]


def test_corrections_are_kept_by_name(tmp_path: Path, controls: Controls, view: Callable[..., View]) -> None:
    controls.corrections = deque()
    digits = (named("D", 1, 10), named("E", 2, 60))
    image = np.full((60, 100, 3), 220, np.uint8)
    with Collector(tmp_path, controls, model="letters") as collector:
        for number in range(SETTLED_FRAMES + 1):
            collector.show(view(image, number, digits=digits))
        answers = [controls.correct(track, label).answer for track, label in ((1, LETTERS.index("I")), (2, NO_DIGIT))]
        collector.show(view(image, 20, digits=digits))
        assert [answer.result(20) for answer in answers] == ["kept as I", "kept as no digit"]
        again = controls.correct(1, NO_DIGIT).answer
        collector.show(view(image, 21, digits=digits))
        again.result(20)
    lines: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / LIST).read_text().splitlines()]
    told = [(line["name"], line["corrected"], line.get("corrected_name")) for line in lines]
    i = LETTERS.index("I")
    assert told == [("D", None, None), ("E", None, None), ("D", i, "I"), ("E", -1, None), ("D", -1, None)]
