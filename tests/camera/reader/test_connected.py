"""Connected ink: joins against their parts, and what is cut where that makes each part a digit."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader import connected
from mnist_edge.camera.reader.candidate import Candidate, Classified, Classify
from mnist_edge.camera.reader.connected import SEVERAL_SCORE, classify_ink
from mnist_edge.detection import Detections
from mnist_edge.reading import Box
from tests.camera.reader.seen import seen_at

Floats = NDArray[np.float32]
NOTHING_SEEN = Detections.none()
BAR, BODY = Box(106, 100, 20, 11), Box(100, 112, 24, 30)
WHOLE = Box(100, 100, 26, 42)


def candidate(box: Box, parts: set[int], clutter: float = 0.0) -> Candidate:
    return Candidate(box, np.full((box.height, box.width), 9, np.uint8), frozenset(parts), clutter)


def opinion(label: int, confidence: float, spread: int = 1) -> Floats:
    """This digit with this confidence, and the rest spread over so many others; confidence must be the largest."""
    row = np.zeros(10, np.float32)
    row[(label + 1 + np.arange(spread)) % 10] = (1 - confidence) / spread
    row[label] = confidence
    return row


def answers(*rows: Floats) -> Classify:
    """A network with these rows for the first crops that it is asked about, in order, and doubts about all others."""
    left = list(rows)
    return lambda crops: np.stack([left.pop(0) if left else np.full(10, 0.1, np.float32) for _ in crops])


def read(candidates: list[Candidate], *rows: Floats, min_score: float = 0.0) -> list[tuple[int, Box]]:
    found, limited = classify_ink(candidates, answers(*rows), min_score, NOTHING_SEEN)
    assert not limited
    return sorted((one.label, one.box) for one in found)


def parts_and_whole() -> list[Candidate]:
    return [candidate(BAR, {1}), candidate(BODY, {2}), candidate(WHOLE, {1, 2})]


def test_each_component_comes_with_what_the_network_said_of_what_it_saw() -> None:
    seen = []

    def classify(crops: NDArray[np.uint8]) -> Floats:
        seen.append(crops)
        return np.stack([opinion(1, 0.95), opinion(3, 0.4, 6)])

    bar, body = parts_and_whole()[:2]
    found, limited = classify_ink([bar, body], classify, 0.0, NOTHING_SEEN)
    assert len(seen) == 1 and not limited
    assert [one.original for one in found] == [bar, body]
    assert [one.label for one in found] == [1, 3]
    assert [one.confidence for one in found] == pytest.approx([0.95, 0.4])
    assert found[0].score > 0.8 > 0.4 > found[1].score
    assert all(np.array_equal(one.crop, crop) for one, crop in zip(found, seen[0], strict=True))


def test_a_join_that_reads_better_replaces_its_parts() -> None:
    assert read(parts_and_whole(), opinion(1, 0.6), opinion(3, 0.8), opinion(5, 0.95)) == [(5, WHOLE)]


@pytest.mark.parametrize(("part", "join"), [(0.98, 0.95), (0.6, 0.9)], ids=["worse than a part", "not clear"])
def test_a_join_that_does_not_is_dropped(part: float, join: float) -> None:
    found = read(parts_and_whole(), opinion(1, 0.6), opinion(3, part), opinion(5, join))
    assert found == [(1, BAR), (3, BODY)]


@pytest.mark.parametrize(("min_score", "replaces"), [(0.0, True), (0.99, False)])
def test_a_join_that_is_no_digit_for_the_network_replaces_nothing(min_score: float, replaces: bool) -> None:
    rows = opinion(1, 0.6), opinion(3, 0.8), opinion(5, 0.96, 6)
    found = read(parts_and_whole(), *rows, min_score=min_score)
    assert found == ([(5, WHOLE)] if replaces else [(1, BAR), (3, BODY)])


def test_a_piece_serves_one_join_only_the_surest() -> None:
    other = candidate(Box(130, 100, 20, 11), {4})
    rival = candidate(Box(100, 100, 50, 42), {2, 4})
    rows = [opinion(1, 0.2), opinion(3, 0.2), opinion(5, 0.95), opinion(1, 0.2), opinion(6, 0.97)]
    found, _ = classify_ink([*parts_and_whole(), other, rival], answers(*rows), 0.0, NOTHING_SEEN)
    assert [one.box for one in found] == [BAR, rival.box]


def two_bars(x: int = 50, part: int = 1) -> Candidate:
    """Two upright strokes with a bridge between them, 60 pixels high and 62 wide."""
    ink = np.zeros((60, 62), np.uint8)
    ink[:, :8] = ink[:, -8:] = 255
    ink[30:33] = 255
    return Candidate(Box(x, 50, 62, 60), ink, frozenset({part}), 0.0)


def strokes_of(*pairs: Candidate, score: float = 0.9) -> Detections:
    """What a finder sees in both strokes of each."""
    return seen_at(*((one.box.x + x, 80) for x in (4, 58) for one in pairs), score=score)


class Strokes:
    """A network that is sure of a single stroke and takes wider ink for a 1 with this confidence; counts its crops."""

    def __init__(self, whole: float = 0.6) -> None:
        self.whole, self.asked = whole, list[int]()

    def __call__(self, crops: NDArray[np.uint8]) -> Floats:
        self.asked.append(len(crops))
        slender = [np.count_nonzero(crop.any(axis=0)) < 14 for crop in crops]
        return np.stack([opinion(1, 0.97 if one else self.whole) for one in slender])


def are_whole(found: list[Classified]) -> list[bool]:
    return [one.box.width > 40 for one in found]


# Each half's score, of 0.97 for one digit and 0.03 for one other.
HALF = float(1 + (0.97 * np.log(0.97) + 0.03 * np.log(0.03)) / np.log(10))


@pytest.mark.parametrize(("min_score", "is_cut"), [(0.0, True), (HALF - 0.01, True), (HALF + 0.01, False)])
def test_touching_digits_are_cut_where_each_part_is_one(min_score: float, is_cut: bool) -> None:
    pair = two_bars()
    found, limited = classify_ink([pair], Strokes(), min_score, strokes_of(pair))
    assert are_whole(found) == ([False, False] if is_cut else [True])
    assert not limited
    if is_cut:
        assert [one.label for one in found] == [1, 1]
        assert found[0].box.right <= found[1].box.x
        assert found[0].parts == found[1].parts == {1}
    else:
        assert found[0].original is pair


def test_what_is_clearly_one_digit_is_not_cut() -> None:
    network, pair = Strokes(whole=0.98), two_bars()
    found, _ = classify_ink([pair], network, 0.0, strokes_of(pair))
    assert are_whole(found) == [True]
    assert network.asked == [1]


@pytest.mark.parametrize(
    "seen",
    [
        NOTHING_SEEN,
        seen_at((54, 80)),
        strokes_of(two_bars(), score=SEVERAL_SCORE - 0.01),
        # The second one's middle lies just beyond, to each side.
        *(seen_at((55, 80), other) for other in [(112, 80), (45, 80), (64.5, 110), (64.5, 49)]),
    ],
    ids=["nothing", "one digit", "unsure", "right", "left", "below", "above"],
)  # fmt: skip
def test_where_the_finder_does_not_see_several_nothing_is_cut(seen: Detections) -> None:
    network = Strokes()
    found, limited = classify_ink([two_bars()], network, 0.0, seen)
    assert are_whole(found) == [True] and not limited
    assert network.asked == [1]


def test_no_more_is_cut_than_can_be_afforded_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "MAX_CUT_CROPS", 0)
    network, pairs = Strokes(), [two_bars(), two_bars(150, 2), two_bars(250, 3)]
    found, limited = classify_ink(pairs, network, 0.0, strokes_of(*pairs))
    assert limited
    # The first is cut, the others are left whole.
    assert are_whole(found) == [False, False, True, True]
    assert len(network.asked) == 2
    # Where the others are not to be cut, nothing is missed.
    _, limited = classify_ink(pairs, network, 0.0, strokes_of(pairs[0]))
    assert not limited


def test_nothing_found_nothing_asked() -> None:
    network = Strokes()
    assert classify_ink([], network, 0.0, NOTHING_SEEN) == ([], False)
    assert network.asked == []
