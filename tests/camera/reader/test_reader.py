from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader import Reader, read
from mnist_edge.camera.reader import reader as reader_module
from mnist_edge.camera.reader.connected import classify_ink
from mnist_edge.camera.reader.segment import segment
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ImageError, ModelError, UsageError
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import Page, draw_page
from mnist_edge.opencv import cv2
from mnist_edge.reading import Reading


def hits(page: Page, reading: Reading) -> tuple[int, int]:
    """How many digits were found (more than half of both boxes shared), and how many of them read right."""
    found = right = 0
    for true in page.digits:
        for digit in reading.digits:
            if true.box.iou(digit.box) > 0.6:
                found, right = found + 1, right + (true.label == digit.label)
    return found, right


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture
def pages(digits: Dataset) -> list[Page]:
    if digits.name != "MNIST":
        pytest.skip("the bundled 8x8 digits are too coarse to enlarge: set MNIST_EDGE_DATA")
    sheets = Conditions(), Conditions(lines="ruled")
    return [draw_page(digits.validation, seed, sheets[seed % 2], width=640, height=480) for seed in range(6)]


def test_generated_pages_are_read(reader: Reader, pages: list[Page]) -> None:
    results = [hits(page, reader.read(page.image)) for page in pages]
    digits = sum(len(page.digits) for page in pages)
    assert sum(found for found, _ in results) >= 0.95 * digits
    assert sum(right for _, right in results) >= 0.95 * digits
    exact = sum(page.text == reader.read(page.image).text for page in pages)
    assert exact >= 3


def test_each_digit_carries_what_the_classifier_saw(reader: Reader, pages: list[Page]) -> None:
    stages = reader.read_in_stages(pages[0].image, "page")
    assert stages.reading.digits
    of = {id(one.proposal.crop): one.proposal for one in stages.places}
    for digit in stages.reading.digits:
        assert digit.crop is not None and digit.crop.shape == (28, 28)
        proposal = of[id(digit.crop)]
        seen = reader.classifier.probabilities(digit.crop[None])[0]
        ink = proposal.evidence.ink
        # What finder and classifier see, or connected ink that was surer.
        said = [proposal.probability] + ([ink.probability] if ink else [])
        assert min(abs(float(seen[digit.label]) - one) for one in said) < 0.01


def test_places_are_the_surest_of_all_that_was_judged(reader: Reader, pages: list[Page]) -> None:
    stages = reader.read_in_stages(pages[0].image, "page")
    sure = [one.confidence for one in stages.places]
    assert sure == sorted(sure, reverse=True)
    assert set(map(id, stages.places)) <= set(map(id, stages.judged))
    assert len(pages[0].digits) <= len(stages.places) <= len(stages.judged)
    assert len(stages.reading.digits) == sum(one >= reader.min_confidence for one in sure)
    assert stages.scale == 1.0


def test_what_is_refused_keeps_what_both_networks_say(pages: list[Page]) -> None:
    stages = Reader(min_confidence=1.0).read_in_stages(pages[0].image, "page")
    refused = stages.reading.rejected
    assert len(refused) == len(stages.places) >= len(pages[0].digits)
    for one, judged in zip(refused, stages.places, strict=True):
        proposal = judged.proposal
        assert (one.label, one.confidence) == (proposal.label, judged.confidence)
        assert (one.score, one.probability) == (proposal.score, proposal.probability)
        assert one.reason == ("not a digit" if one.score < 0.5 else "low confidence")


@pytest.mark.parametrize(
    ("shape", "working", "scale"),
    [
        ((2400, 3200), (1200, 1600), 0.5),
        ((3200, 1000), (1600, 500), 0.5),
        ((480, 640), (480, 640), 1.0),
        ((1, 6400), (1, 1600), 0.25),
    ],
)
def test_large_pictures_are_worked_on_at_1600_pixels(
    reader: Reader, shape: tuple[int, int], working: tuple[int, int], scale: float
) -> None:
    stages = reader.read_in_stages(np.full((*shape, 3), 230, np.uint8), "large")
    assert stages.found.levels[0].picture.shape[:2] == working
    assert stages.scale == pytest.approx(scale)


CHANGES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "light on dark": lambda image: 255 - image,
    "grey": lambda image: np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8),
    "four times the size": lambda image: np.asarray(cv2.resize(image, None, fx=4, fy=4), np.uint8),
    "half the contrast": lambda image: (image // 2 + 100).astype(np.uint8),
    "dark room": lambda image: (image // 3).astype(np.uint8),
    "hard shadow": lambda image: np.concatenate([image[:, :200], image[:, 200:] // 2], axis=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_light_polarity_and_size_do_not_matter(reader: Reader, pages: list[Page], change: str) -> None:
    digits = read_digits = 0
    for page in pages[:3]:
        read_digits += len(reader.read(CHANGES[change](page.image)).digits)
        digits += len(page.digits)
    assert 0.9 * digits <= read_digits <= 1.05 * digits


@pytest.mark.parametrize(
    "frame",
    [
        np.full((480, 640, 3), 255, np.uint8),
        np.zeros((480, 640, 3), np.uint8),
        np.full((480, 640, 3), 127, np.uint8),
        np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8),
        np.full((1, 1, 3), 9, np.uint8),
        np.zeros((3, 2000, 3), np.uint8),
        np.tile(np.linspace(0, 255, 640).astype(np.uint8)[None, :, None], (480, 1, 3)),
    ],
    ids=["white", "black", "grey", "noise", "one pixel", "strip", "gradient"],
)
def test_nothing_written_nothing_read(reader: Reader, frame: NDArray[np.uint8]) -> None:
    reading = reader.read(frame)
    assert reading.digits == ()
    assert reading.text == ()
    assert (reading.width, reading.height) == frame.shape[1::-1]


def test_many_specks_take_bounded_time_and_are_no_digits(reader: Reader) -> None:
    frame = np.full((1200, 1600, 3), 240, np.uint8)
    rng = np.random.default_rng(0)
    frame[rng.integers(0, 1200, 100_000), rng.integers(0, 1600, 100_000)] = 0
    assert len(reader.read(frame).digits) <= 2


def test_boxes_are_pixels_of_the_frame_as_given(reader: Reader) -> None:
    frame = np.full((3000, 4000, 3), 230, np.uint8)
    cv2.line(frame, (2000, 1000), (2000, 1600), (20, 20, 20), 50)
    digits = reader.read(frame).digits
    assert [digit.label for digit in digits] == [1]
    box = digits[0].box
    assert abs(box.x - 1975) < 12
    assert abs(box.y - 975) < 12
    assert abs(box.width - 51) < 20
    assert abs(box.height - 651) < 20


@pytest.mark.parametrize(
    "frame", [np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5), np.float32), np.zeros((0, 5, 3), np.uint8)]
)
def test_a_frame_of_another_kind_is_refused(reader: Reader, frame: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="a frame must"):
        reader.read(frame)


def test_the_threshold_decides(pages: list[Page]) -> None:
    readings = [Reader(min_confidence=least).read(pages[0].image) for least in (0.0, 0.8, 1.0)]
    counts = [len(reading.digits) for reading in readings]
    assert counts[0] >= counts[1] >= counts[2]
    assert all(digit.confidence >= 0.8 for digit in readings[1].digits)
    with pytest.raises(UsageError, match=r"1\.5"):
        Reader(min_confidence=1.5)


def test_more_than_is_looked_at_is_said(reader: Reader, monkeypatch: pytest.MonkeyPatch, pages: list[Page]) -> None:
    whole = reader.read_in_stages(pages[0].image, "page")
    assert not whole.reading.limited
    monkeypatch.setattr(reader_module, "MOST", 3)
    part = reader.read_in_stages(pages[0].image, "page")
    assert part.reading.limited
    # The best are looked at.
    best = sorted((float(score) for score in whole.found.detections.scores), reverse=True)[:3]
    assert sorted((one.proposal.score for one in part.judged), reverse=True) == pytest.approx(best)


@pytest.mark.parametrize("module", ["segment", "connected"])
def test_more_ink_than_is_looked_at_is_said_too(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, pages: list[Page], module: str
) -> None:
    if module == "segment":
        monkeypatch.setattr(reader_module, "segment", lambda *given: segment(*given)._replace(limited=True))
    else:
        monkeypatch.setattr(reader_module, "classify_ink", lambda *given: (classify_ink(*given)[0], True))
    assert reader.read(pages[0].image).limited


def test_another_finder_sees_something_else(finders: Path, pages: list[Page]) -> None:
    other = Reader(finder=finders / "finder.int8.tflite")
    assert other.model == "small"
    assert other.read(pages[0].image).text != Reader().read(pages[0].image).text


def test_a_classifier_is_no_finder_and_the_other_way_round(finders: Path) -> None:
    with pytest.raises(ModelError, match=r"^small\.int8\.tflite is no finder: .* a 'classifier'$"):
        Reader(finder="small")
    with pytest.raises(ModelError, match=r"^finder\.int8\.tflite is no classifier: .* a 'finder'$"):
        Reader(finders / "finder.int8.tflite")


def test_a_file_is_read_by_one_call(tmp_path: Path) -> None:
    frame = np.full((200, 200, 3), 240, np.uint8)
    cv2.line(frame, (100, 40), (100, 160), (20, 20, 20), 12)
    cv2.imwrite(str(tmp_path / "one.png"), frame)
    reading = read(tmp_path / "one.png")
    assert reading.text == ("1",)
    assert reading.model == "small"
    document = reading.to_json()
    keys = {"source", "width", "height", "model", "runtime", "digits", "text", "rejected", "milliseconds"} | {"limited"}
    assert set(document) == keys
    assert set(document["digits"][0]) == {"label", "confidence", "box", "row", "runner_up"}
    with pytest.raises(ImageError):
        read(tmp_path / "nowhere.png")
