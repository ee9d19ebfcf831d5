"""Steadiness is measured with the real loop, and what is not steady fails."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.endurance import steady
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.sources.fake.film import Film
from mnist_edge.camera.sources.fake.motion import CameraShake
from mnist_edge.dataset import Dataset
from mnist_edge.handwriting import write_digit
from mnist_edge.reading import Box, Digit, Reading
from mnist_edge.strokes import Stroke

Alter = Callable[[int, tuple[Digit, ...]], tuple[Digit, ...]]
FRAMES = 160


def glyph(rng: np.random.Generator) -> tuple[int, list[Stroke]]:
    label = int(rng.integers(10))
    return label, write_digit(label, rng)


@pytest.fixture(scope="module")
def film() -> Film:
    return Film(glyph, 320, 240, 25.0, 7, steady.SHAKE, page_seconds=2.4)


class Knowing:
    """Reads the truth, altered."""

    min_confidence = 0.4

    def __init__(self, film: Film, alter: Alter) -> None:
        self.film, self.alter, self.number = film, alter, -1

    def read(self, frame: NDArray[np.uint8], source: str) -> Reading:
        self.number += 1
        digits = tuple(replace(digit, confidence=0.95) for digit in self.film.truth(self.number))
        return Reading(source, 320, 240, "knowing", "none", self.alter(self.number, digits))


def measure(film: Film, alter: Alter) -> steady.Steadiness:
    return steady.measure_steadiness(film, Knowing(film, alter), FRAMES)


def test_the_truth_is_steady(film: Film) -> None:
    found = measure(film, lambda number, digits: digits)
    assert not found.broken()
    assert found.share == found.read_exactly / found.frames == 1
    assert found.digits > 6 and found.changed == found.false == 0
    # Three pages of 60 frames, the last of them cut short; each without its first half second and its coming.
    assert 70 < found.frames < 125


def test_what_flickers_is_made_steady(film: Film) -> None:
    def flicker(number: int, digits: tuple[Digit, ...]) -> tuple[Digit, ...]:
        rng = np.random.default_rng(number)
        seen = [
            replace(digit, label=int(rng.integers(10)) if rng.random() < 0.1 else digit.label)
            for digit in digits
            if rng.random() > 0.05
        ]
        stray = Digit(1, 0.9, Box(int(rng.integers(10, 200)), int(rng.integers(10, 200)), 8, 30))
        return (*seen, stray) if rng.random() < 0.2 else tuple(seen)

    found = measure(film, flicker)
    assert found.read_exactly < 0.7 * found.frames
    assert not found.broken(), found


@pytest.mark.parametrize("kind", ["wrong label", "missing", "extra", "elsewhere"])
def test_what_is_always_wrong_fails(film: Film, kind: str) -> None:
    def alter(number: int, digits: tuple[Digit, ...]) -> tuple[Digit, ...]:
        first, rest = digits[:1], digits[1:]
        if kind == "wrong label":
            return (*(replace(digit, label=9 - digit.label) for digit in first), *rest)
        if kind == "missing":
            return rest
        if kind == "extra":
            return (*digits, Digit(3, 0.9, Box(4, 4, 16, 24)))
        return (*(replace(digit, box=digit.box._replace(y=digit.box.y - 60)) for digit in first), *rest)

    found = measure(film, alter)
    assert found.share < 0.2
    assert found.broken()


def test_a_digit_that_comes_back_counts_twice(film: Film) -> None:
    def hide(number: int, digits: tuple[Digit, ...]) -> tuple[Digit, ...]:
        return digits[1:] if 18 <= number < 36 else digits

    found = measure(film, hide)
    assert found.appeared[2] == found.gone[2] == 1
    assert found.broken()


def test_the_real_reader_on_our_own_handwriting() -> None:
    film = Film(glyph, 640, 480, 25.0, 3, CameraShake(), page_seconds=4.0)
    found = steady.measure_steadiness(film, Reader(), 130)
    assert not found.broken(), found


def test_only_clear_digits_are_written(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    if digits.name != "MNIST":
        pytest.skip("the bundled 8x8 digits are too coarse to be written large: set MNIST_EDGE_DATA")
    training = digits.training.take(np.arange(8000))
    write = steady.clear_glyphs(digits.validation, training)
    rng = np.random.default_rng(0)
    glyphs = [write(rng) for _ in range(30)]
    assert len({label for label, _ in glyphs}) >= 8
    assert all(len(strokes) for _, strokes in glyphs)
    again = np.random.default_rng(0)
    assert [write(again)[0] for _ in range(5)] == [label for label, _ in glyphs[:5]]
    # Compared with others' labels none is clear.
    monkeypatch.setattr(steady, "TRIES", 20)
    other = replace(training, labels=(9 - training.labels).astype(np.uint8))
    with pytest.raises(Exception, match="not one is clear"):
        steady.clear_glyphs(digits.validation, other)(rng)


def test_the_document(digits: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    if digits.name != "MNIST":
        pytest.skip("the bundled 8x8 digits are too coarse to be written large: set MNIST_EDGE_DATA")
    code = steady.main(["--frames", "60", "--seeds", "1", "--split", "validation", "--first-seed", "0"])
    document = json.loads(capsys.readouterr().out)
    (video,) = document["videos"]
    assert code == (3 if document["broken"] else 0)
    assert bool(document["broken"]) == bool(video["broken"])
    assert (video["seed"], video["frames"], document["split"]) == (0, 47, "validation")
    assert video["share"] > 0.9
