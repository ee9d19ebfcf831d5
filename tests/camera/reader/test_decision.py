"""Who decides what: the model, the paper around, the threshold, and joins against their parts."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Candidate, Classify
from mnist_edge.camera.reader.decision import Decision, decide
from mnist_edge.camera.reader.segment import Segmentation
from mnist_edge.reading import Box, Guess, Rejected


def candidate(box: Box, parts: set[int], clutter: float = 0.0) -> Candidate:
    return Candidate(box, np.full((box.height, box.width), 9, np.uint8), frozenset(parts), clutter, 200.0)


def answers(*rows: NDArray[np.float32]) -> Classify:
    """A network with these rows for the first crops that it is asked about, in order, and doubts about all others."""
    left = list(rows)
    return lambda crops: np.stack([left.pop(0) if left else np.full(10, 0.1, np.float32) for _ in crops])


def decision(candidates: list[Candidate], opinions: list[tuple[int, float]], least: float = 0.7) -> Decision:
    """What is decided where the network has one opinion on each candidate: its label and confidence."""
    rows = [np.eye(10, dtype=np.float32)[label] * np.float32(confidence) for label, confidence in opinions]
    return decide(Segmentation(tuple(candidates), ()), answers(*rows), least)


def refusals(found: Decision) -> list[tuple[Box, str]]:
    return [(one.box, one.reason) for one in found.rejected]


ONE, TWO = Box(100, 100, 24, 40), Box(200, 100, 24, 40)


@pytest.mark.parametrize(
    ("confidence", "clutter", "reason"),
    [(0.95, 0.0, None), (0.7, 0.3, None), (0.6, 0.0, "low confidence"), (0.95, 0.5, "not on plain paper")],
)
def test_the_first_doubt_is_the_reason(confidence: float, clutter: float, reason: str | None) -> None:
    found = decision([candidate(ONE, {1}, clutter)], [(3, confidence + 1e-6)])
    assert [(digit.label, digit.box) for digit in found.digits] == ([] if reason else [(3, ONE)])
    assert refusals(found) == ([(ONE, reason)] if reason else [])


def doubtful(confidence: float, spread: int) -> NDArray[np.float32]:
    """A 3 with this confidence, and the rest spread over so many other digits."""
    row = np.zeros(10, np.float32)
    row[3] = confidence
    row[4 : 4 + spread] = (1 - confidence) / spread
    return row


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (doubtful(0.75, 1), None),
        (doubtful(0.65, 1), "low confidence"),
        # As likely a 3, but the rest could be anything.
        (doubtful(0.75, 6), "not a digit"),
        (doubtful(0.2, 6), "not a digit"),
    ],
)
def test_what_the_network_refuses_is_no_digit_and_what_it_is_unsure_of_another(
    row: NDArray[np.float32], reason: str | None
) -> None:
    found = decide(Segmentation((candidate(ONE, {1}),), ()), answers(row), 0.7, 0.6)
    assert [digit.label for digit in found.digits] == [3] * (reason is None)
    assert refusals(found) == ([(ONE, reason)] if reason else [])


@pytest.mark.parametrize("confidence", [0.75, 0.65])
def test_what_the_network_thinks_is_kept_of_what_is_read_and_of_what_is_refused(confidence: float) -> None:
    fragment, row = Rejected(Box(0, 0, 5, 5), "too small"), doubtful(confidence, 1)
    found = decide(Segmentation((candidate(ONE, {1}),), (fragment,)), answers(row), 0.7)
    assert [digit.runner_up for digit in found.digits] == [Guess(4, 0.25)] * (confidence > 0.7)
    # The network is not asked about fragments.
    assert (found.rejected[0].label, found.rejected[0].probability) == (None, None)
    assert [(one.label, one.probability) for one in found.rejected[1:]] == [(3, row[3])] * (confidence < 0.7)


def test_a_join_that_is_no_digit_for_the_network_replaces_nothing() -> None:
    rows = doubtful(0.1, 6), doubtful(0.8, 1), doubtful(0.85, 6)
    whole = Segmentation(tuple(parts_and_whole()), ())
    assert [digit.box for digit in decide(whole, answers(*rows), 0.7).digits] == [WHOLE]
    assert [digit.box for digit in decide(whole, answers(*rows), 0.7, 0.7).digits] == [BODY]


@pytest.mark.parametrize("least", [0.0, 0.5, 0.75, 0.85, 1.0])
def test_the_threshold_decides(least: float) -> None:
    found = decision([candidate(ONE, {1}), candidate(TWO, {2})], [(3, 0.8), (4, 0.6)], least)
    assert [digit.label for digit in found.digits] == [3] * (least <= 0.8) + [4] * (least <= 0.6)
    assert len(found.digits) + len(found.rejected) == 2


BAR, BODY = Box(106, 100, 20, 11), Box(100, 112, 24, 30)
WHOLE = Box(100, 100, 26, 42)


def parts_and_whole() -> list[Candidate]:
    return [candidate(BAR, {1}), candidate(BODY, {2}), candidate(WHOLE, {1, 2})]


def test_a_join_that_reads_better_replaces_its_parts() -> None:
    found = decision(parts_and_whole(), [(1, 0.6), (3, 0.8), (5, 0.95)])
    assert [(digit.label, digit.box) for digit in found.digits] == [(5, WHOLE)]
    assert found.rejected == ()


def test_a_part_too_small_to_stand_alone_is_not_refused_once_its_join_is_read() -> None:
    fragment, speck = Rejected(Box(106, 100, 20, 8), "too small"), Rejected(Box(300, 100, 5, 5), "too small")
    rows = np.eye(10, dtype=np.float32)[[3, 5]] * np.float32(0.9)
    found = decide(Segmentation(tuple(parts_and_whole()[1:]), (fragment, speck)), answers(*rows), 0.7)
    assert [digit.label for digit in found.digits] == [5]
    assert found.rejected == (speck,)


@pytest.mark.parametrize("join", [0.85, 0.65], ids=["worse than a part", "below the threshold"])
def test_a_join_that_does_not_is_dropped_without_a_word(join: float) -> None:
    part = 0.9 if join > 0.7 else 0.6
    found = decision(parts_and_whole(), [(1, 0.3), (3, part), (5, join)])
    assert [digit.label for digit in found.digits] == [3] * (part > 0.7)
    assert WHOLE not in [rejected.box for rejected in found.rejected]


def test_a_piece_serves_one_join_only_the_surest() -> None:
    other = candidate(Box(130, 100, 20, 11), {4})
    rival = candidate(Box(100, 100, 50, 42), {2, 4})
    opinions = [(1, 0.2), (3, 0.2), (5, 0.8), (1, 0.2), (6, 0.9)]
    found = decision([*parts_and_whole(), other, rival], opinions)
    assert [digit.label for digit in found.digits] == [6]
    assert [rejected.box for rejected in found.rejected] == [BAR]


@pytest.mark.parametrize("min_score", [0.0, 0.9, 0.99])
def test_touching_digits_are_split_where_the_whole_does_not_convince(min_score: float) -> None:
    ink = np.zeros((60, 62), np.uint8)
    ink[:, :8] = ink[:, -8:] = 255
    ink[30:33] = 255
    pair = Candidate(Box(50, 50, 62, 60), ink, frozenset([1]), 0.0, 200.0)

    def classify(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        rows = np.zeros((len(crops), 10), np.float32)
        rows[:, 1] = [0.97 if np.count_nonzero(crop.any(axis=0)) < 14 else 0.4 for crop in crops]
        return rows

    found = decide(Segmentation((pair,), ()), classify, 0.7, min_score)
    # Each half scores 0.987.
    assert [digit.label for digit in found.digits] == ([1, 1] if min_score < 0.987 else [])
    assert refusals(found) == ([] if min_score < 0.987 else [(pair.box, "not a digit")])


@pytest.mark.parametrize(("height", "cut"), [(60, True), (32, True), (28, False)])
def test_what_is_much_lower_than_the_digits_is_not_cut(height: int, cut: bool) -> None:
    asked, network = [], answers(*np.eye(10, dtype=np.float32)[[3, 3]])

    def classify(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        asked.append(len(crops))
        return network(crops)

    two_bars = np.zeros((height, 2 * height), np.uint8)
    two_bars[:, :8] = two_bars[:, -8:] = 255
    wide = Candidate(Box(300, 100, 2 * height, height), two_bars, frozenset({3}), 0.0, 200.0)
    digits = [candidate(Box(100, 100, 40, 60), {1}), candidate(Box(200, 100, 40, 60), {2})]
    found = decide(Segmentation((*digits, wide), ()), classify, 0.7)
    assert (len(asked) > 1) == cut
    assert refusals(found) == [(wide.box, "low confidence")]


def test_what_segmentation_and_the_surroundings_refused_is_listed_too() -> None:
    speck = Rejected(Box(0, 0, 5, 5), "too small")
    fragment = candidate(Box(300, 130, 6, 10), {3})
    digits = [candidate(ONE, {1}), candidate(TWO, {2})]
    rows = np.eye(10, dtype=np.float32)[[7, 7, 7]]
    found = decide(Segmentation((*digits, fragment), (speck,)), answers(*rows), 0.7)
    assert [digit.box for digit in found.digits] == [ONE, TWO]
    assert refusals(found) == [(speck.box, "too small"), (fragment.box, "too small beside the others")]


def test_nothing_found_nothing_asked() -> None:
    def never(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise AssertionError("asked")

    assert decide(Segmentation((), ()), never, 0.7) == Decision((), ())
