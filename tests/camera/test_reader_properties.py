"""Whatever the frame, a reading keeps its promises, and finding digits in it stays bounded."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist_edge.benchmarks.endurance.fuzz_cases import PAINTERS, load_digits
from mnist_edge.benchmarks.endurance.fuzz_promises import broken_promises
from mnist_edge.camera.reader import Reader
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.opencv import cv2
from mnist_edge.reading import Reading

Image = NDArray[np.uint8]
READER = Reader()
# What scikit-learn does as it is imported looks to hypothesis like chance of ours.
load_digits()
properties = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

sides = st.one_of(st.integers(1, 8), st.integers(1, 120), st.integers(1, 400))
shapes = st.one_of(
    st.tuples(sides, sides),
    st.tuples(st.integers(1, 3), st.integers(1, 5000)),
    st.tuples(st.integers(1, 5000), st.integers(1, 3)),
)
confidences = st.sampled_from([0.0, 0.5, 0.8, 1.0])


@st.composite
def frames(draw: st.DrawFn) -> Image:
    """Any shape, painted in any way, in colour or grey, as it is or light on dark, in one piece or a view."""
    (height, width), seed = draw(shapes), draw(st.integers(0, 2**32 - 1))
    frame = PAINTERS[draw(st.sampled_from(list(PAINTERS)))](np.random.default_rng(seed), height, width)
    if draw(st.booleans()):
        frame = 255 - frame
    if draw(st.booleans()):
        frame = frame[..., 0]
    return frame[::-1, ::-1] if draw(st.booleans()) else frame


def timeless(reading: Reading) -> dict[str, Any]:
    return {key: value for key, value in reading.to_json().items() if key != "milliseconds"}


@properties
@given(frames(), confidences)
@example(np.zeros((1, 1), np.uint8), 0.0)
@example(np.full((1, 5000, 3), 255, np.uint8), 0.0)
def test_any_frame_gives_a_sound_reading(frame: Image, least: float) -> None:
    kept = frame.copy()
    frame.flags.writeable = False
    reader = READER
    reader.min_confidence = least
    reading = reader.read(frame)
    assert broken_promises(reading, frame, least) == []
    assert (frame == kept).all()
    assert timeless(reader.read(kept)) == timeless(reading)


def test_what_is_promised_is_looked_at() -> None:
    """A broken reading is told from a sound one."""
    page = draw_page(load_digits(), 1, Conditions(), width=640, height=480).image
    reading = Reader(min_confidence=0.8).read(page)
    assert len(reading.digits) > 1
    assert broken_promises(reading, page, 0.8) == []
    assert broken_promises(reading, page[:-1], 0.8)
    assert broken_promises(reading, page[: reading.digits[0].box.y + 1], 0.8)
    assert broken_promises(reading, page, 1.01)


class Counting:
    """A classifier that counts the images it is shown."""

    def __init__(self, classifier: Any) -> None:
        self._classifier, self.images = classifier, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._classifier, name)

    def probabilities(self, images: Image) -> NDArray[np.float32]:
        self.images += len(images)
        return np.asarray(self._classifier.probabilities(images))


def paper(height: int = 1200, width: int = 1600) -> Image:
    return np.full((height, width, 3), 235, np.uint8)


def specks() -> Image:
    rng, page = np.random.default_rng(0), paper()
    page[rng.integers(0, 1200, 100_000), rng.integers(0, 1600, 100_000)] = 20
    return page


def crumbs() -> Image:
    """As many rings as fit, each just large enough to be a digit."""
    page = paper()
    for y in range(4, 1180, 15):
        for x in range(4, 1590, 12):
            cv2.ellipse(page, (x + 3, y + 5), (3, 5), 0, 0, 250, (20, 20, 20), 1)
    return page


def scribble() -> Image:
    rng, page = np.random.default_rng(0), paper()
    for start, reach in zip(rng.integers(0, 1200, (6000, 2)), rng.integers(-14, 15, (6000, 2)), strict=True):
        cv2.line(page, start.tolist(), (start + reach).tolist(), (20, 20, 20), 2)
    return page


def combs(height: int, width: int, gap: int, pen: int) -> Image:
    """Pieces of many strokes side by side."""
    page = paper()
    for y in range(6, 1190 - height, height + 8):
        for x in range(6, 1590 - width, width + 8):
            cv2.line(page, (x, y + height // 2), (x + width, y + height // 2), (20, 20, 20), pen)
            for tooth in range(0, width + 1, gap):
                ends = (x + tooth, y + tooth % 5), (x + tooth, y + height - 3 * tooth % 5)
                cv2.line(page, *ends, (20, 20, 20), pen)
    return page


def rings() -> Image:
    page = paper()
    for radius in range(4, 600, 6):
        cv2.circle(page, (800, 600), radius, (20, 20, 20), 2)
    return page


def checkers(side: int) -> Image:
    rows, columns = np.indices((1200, 1600)) // side
    return np.where((rows + columns) % 2, 235, 20).astype(np.uint8)


def noise() -> Image:
    return np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), np.uint8)


HOSTILE: dict[str, Callable[[], Image]] = {
    "100,000 specks": specks,
    "crumbs": crumbs,
    "scribble": scribble,
    "combs": lambda: combs(40, 42, 6, 2),
    "long combs": lambda: combs(26, 100, 5, 1),
    "rings": rings,
    "checkers of 1": lambda: checkers(1),
    "checkers of 5": lambda: checkers(5),
    "checkers of 12": lambda: checkers(12),
    "noise": noise,
    "largest noise": lambda: np.tile(noise(), (8, 8, 1))[:9_000, :12_000],
}
# Some microseconds each: whatever the page, it is read in a second or so.
MOST_IMAGES = 4_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_made_to_take_long_is_cut_short(name: str) -> None:
    reader, frame = Reader(), HOSTILE[name]()
    counting = Counting(reader.classifier)
    reader.classifier = counting  # type: ignore[assignment]
    reading = reader.read(frame)
    assert broken_promises(reading, frame, reader.min_confidence) == []
    assert counting.images <= MOST_IMAGES
    assert reading.limited or name not in ("crumbs", "scribble", "combs", "long combs")
    assert len(reading.digits) <= MOST_IMAGES
