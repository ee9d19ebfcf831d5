"""What finder and connected ink propose together: each place once, and all that is known of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Candidate, Classified, Classify
from mnist_edge.camera.reader.proposals import CLEAR, CLEAR_SCORE, OTHER_SCORE, Proposal, propose, propose_ink, see
from mnist_edge.confidence import InkEvidence, mix
from mnist_edge.detection import Detections
from mnist_edge.finder import Found, Level, pyramid
from mnist_edge.reading import Box
from mnist_edge.refusal import digit_score

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]
SHAPE = 120, 200
EVEN = np.full(10, 0.1, np.float32)


def opinion(label: int, probability: float, other: int = 0) -> Floats:
    """Probabilities of the ten digits: of one, and what is left for another."""
    row = np.zeros(10, np.float32)
    row[label], row[other] = probability, 1 - probability
    return row


class Answering:
    """A classifier with these rows for the crops that it is shown, which it keeps."""

    def __init__(self, *rows: Floats) -> None:
        self._rows, self.shown = rows, list[Image]()

    def __call__(self, crops: Image) -> Floats:
        self.shown.append(crops)
        return np.stack(self._rows)


class InTurn:
    """A classifier with these rows for its calls, one after another, and the crops that it is shown, which it keeps."""

    def __init__(self, *rows: Floats) -> None:
        self._rows, self.shown = iter(rows), list[Image]()

    def __call__(self, crops: Image) -> Floats:
        self.shown.append(crops)
        return np.tile(next(self._rows), (len(crops), 1))


def strokes(*columns: int) -> Image:
    """An ink level with upright strokes, 5 pixels wide, from row 20 to row 59."""
    level = np.zeros(SHAPE, np.uint8)
    for x in columns:
        level[20:60, x : x + 5] = 200
    return level


def stroke_box(x: int) -> Box:
    return Box(x, 20, 5, 40)


def found(level: Image, columns: Sequence[int], labels: Sequence[Floats] = (), scores: Sequence[float] = ()) -> Found:
    """A finder that sees a digit at each of the columns, in a box with a little paper."""
    boxes = np.array([(x - 1, 19, 7, 42) for x in columns], np.float32).reshape(-1, 4)
    sure = np.array(scores or [0.9] * len(columns), np.float32)
    named = np.array(labels if len(labels) else [EVEN] * len(columns), np.float32).reshape(-1, 10)
    levels = tuple(Level(size, False) for size in pyramid(np.repeat(255 - level[..., None], 3, axis=2)))
    return Found(Detections(boxes, sure, named), np.zeros(len(columns), np.intp), levels, False)


def connected(box: Box, probabilities: Floats, clutter: float = 0.05) -> Classified:
    ink = np.full((box.height, box.width), 255, np.uint8)
    score = float(digit_score(probabilities[None])[0])
    image = np.full((28, 28), 7, np.uint8)
    return Classified(Candidate(box, ink, frozenset({1}), clutter), probabilities, score, image)


def test_all_crops_are_classified_in_one_invoke_and_kept() -> None:
    classifier = Answering(*(opinion(label, 0.9) for label in (1, 2, 3)))
    columns = 30, 90, 150
    proposals = proposed(found(strokes(*columns), columns, scores=(0.9, 0.8, 0.7)), 9, SHAPE, [], classifier)
    (shown,) = classifier.shown
    assert shown.shape == (3, 28, 28) and shown.dtype == np.uint8
    assert [(one.label, one.box) for one in proposals] == [
        (label, stroke_box(x)) for label, x in zip((1, 2, 3), columns, strict=True)
    ]
    assert [one.score for one in proposals] == pytest.approx([0.9, 0.8, 0.7])
    assert all(np.array_equal(one.crop, crop) for one, crop in zip(proposals, shown, strict=True))
    # Upright, and not wider than it was.
    assert shown[0][4:24].max(axis=1).all() and np.count_nonzero(shown[0].any(axis=0)) < 10


def test_no_more_detections_are_looked_at_than_asked_for() -> None:
    classifier = Answering(opinion(1, 0.9), opinion(2, 0.9))
    columns = 30, 90, 150
    proposals = proposed(found(strokes(*columns), columns), 2, SHAPE, [], classifier)
    assert [one.box.x for one in proposals] == [30, 90]


def test_nothing_found_nothing_asked() -> None:
    classifier, empty = Answering(), strokes()
    assert proposed(found(empty, ()), 9, SHAPE, [], classifier) == []
    # Where there is no ink, a detection is nothing.
    assert proposed(found(empty, (60,)), 9, SHAPE, [], classifier) == []
    assert classifier.shown == []


def test_connected_ink_that_the_finder_does_not_see_is_not_proposed() -> None:
    """On generated pages and photographs alike none of 3,500 such places was ever surely a digit."""
    ink = connected(stroke_box(90), opinion(4, 0.99))
    (seen,) = proposed(found(strokes(30, 90), (30,)), 9, SHAPE, [ink], Answering(opinion(1, 0.9)))
    assert (seen.box, seen.label, seen.evidence.ink) == (stroke_box(30), 1, None)


def test_where_no_finder_knows_the_classes_connected_ink_is_proposed_by_itself() -> None:
    ink, cut_off = (connected(box, opinion(4, 0.8), clutter=0.2) for box in (stroke_box(90), Box(195, 20, 5, 40)))
    (one,) = propose_ink([ink, cut_off], SHAPE)
    assert (one.box, one.label, one.score) == (ink.box, 4, ink.score) and one.crop is ink.crop
    assert one.mixed == pytest.approx(ink.probabilities)
    assert one.probability == pytest.approx(0.8)
    assert one.evidence.ink == InkEvidence(True, ink.confidence, ink.score, 0.2)
    assert one.evidence.finder_probability == pytest.approx(0.1)
    assert (one.evidence.probability, one.evidence.digit_score) == (ink.confidence, ink.score)


def proposed(
    found: Found, most: int, shape: tuple[int, ...], connected: Sequence[Classified], classify: Classify
) -> list[Proposal]:
    return propose(see(found, most, shape, classify), connected, found.detections)


def at_one_place(labels: Floats, seen: Floats, ink: Classified) -> Proposal:
    """What is proposed where a finder names a stroke so, a classifier its crop so, and connected ink lies there."""
    (one,) = proposed(found(strokes(60), (60,), [labels]), 9, SHAPE, [ink], Answering(seen))
    return one


def test_a_place_that_both_see_comes_once() -> None:
    ink = connected(Box(60, 21, 5, 38), opinion(1, 0.7), clutter=0.1)
    one = at_one_place(opinion(1, 0.9), opinion(1, 0.8), ink)
    assert (one.label, one.box) == (1, stroke_box(60))
    assert one.evidence.ink == InkEvidence(True, ink.confidence, ink.score, 0.1)
    # What touches it only a little is something else.
    beside = connected(Box(60, 45, 5, 40), opinion(1, 0.7))
    (one,) = proposed(found(strokes(60), (60,)), 9, SHAPE, [beside], Answering(opinion(1, 0.8)))
    assert (one.box, one.evidence.ink) == (stroke_box(60), None)


def test_what_holds_another_detection_says_so() -> None:
    """Two digits that touch, of which one box has both."""
    level = strokes(60, 72)
    level[38:42, 60:77] = 200
    boxes = np.array([(59, 19, 19, 42), (71, 19, 7, 42), (119, 19, 7, 42)], np.float32)
    level[20:60, 120:125] = 200
    sure = np.array([0.9, 0.7, 0.8], np.float32)
    levels = tuple(Level(size, False) for size in pyramid(np.repeat(255 - level[..., None], 3, axis=2)))
    seen = Found(Detections(boxes, sure, np.tile(EVEN, (3, 1))), np.zeros(3, np.intp), levels, False)
    both, _, apart = proposed(seen, 9, SHAPE, [], lambda crops: np.tile(opinion(1, 0.9), (len(crops), 1)))
    assert both.box == Box(60, 20, 17, 40) and both.evidence.other_score == pytest.approx(0.7)
    assert apart.evidence.other_score == 0


def test_surer_ink_of_the_same_digit_gives_its_bounds() -> None:
    """A detection's own bounds may hold a part of its neighbour."""
    ink = connected(Box(60, 22, 5, 37), opinion(1, 0.95))
    one = at_one_place(opinion(1, 0.9), opinion(1, 0.6), ink)
    assert (one.label, one.box) == (1, ink.box) and one.crop is ink.crop


def test_of_several_the_ink_that_fits_best_is_at_the_place() -> None:
    inks = [connected(box, opinion(1, sure)) for box, sure in ((Box(60, 20, 5, 30), 0.6), (Box(60, 21, 5, 39), 0.7))]
    (one,) = proposed(found(strokes(60), (60,)), 9, SHAPE, inks, Answering(opinion(1, 0.8)))
    assert one.evidence.ink is not None and one.evidence.ink.probability == pytest.approx(0.7)


def test_connected_ink_that_is_surer_has_its_way() -> None:
    ink, labels = connected(Box(60, 22, 5, 37), opinion(7, 0.95, other=1)), opinion(1, 0.5, other=7)
    one = at_one_place(labels, opinion(1, 0.6, other=7), ink)
    assert (one.label, one.box) == (7, ink.box)
    assert one.crop is ink.crop
    assert one.mixed == pytest.approx(mix(ink.probabilities, labels))
    assert one.mixed.argmax() == 7
    # The evidence is of this ink and this digit; how the detection was cut out speaks against it.
    assert one.evidence.finder_probability == pytest.approx(0.5)
    assert one.evidence.probability == one.probability == pytest.approx(0.95)
    assert one.evidence.digit_score == ink.score
    assert one.evidence.agreement == 0
    assert one.evidence.ink is not None and one.evidence.ink.is_same


def spread(label: int, probability: float) -> Floats:
    row = np.full(10, (1 - probability) / 9, np.float32)
    row[label] = probability
    return row


@pytest.mark.parametrize(
    ("seen", "ink"),
    [(opinion(1, 0.97), opinion(7, 0.95)), (opinion(1, 0.51, other=3), spread(7, 0.6))],
    ids=["less sure", "hardly a digit"],
)
def test_connected_ink_that_is_not_is_only_heard(seen: Floats, ink: Floats) -> None:
    one = at_one_place(EVEN, seen, connected(Box(60, 22, 5, 37), ink))
    assert (one.label, one.box) == (1, stroke_box(60))
    assert one.evidence.ink is not None
    assert not one.evidence.ink.is_same
    assert one.evidence.ink.probability == pytest.approx(ink.max())
    assert one.evidence.agreement == 1


def test_the_label_is_what_finder_and_classifier_together_say() -> None:
    labels, seen = opinion(8, 0.98, other=3), opinion(3, 0.55, other=8)
    (one,) = proposed(found(strokes(60), (60,), [labels]), 9, SHAPE, [], Answering(seen))
    assert one.label == 8 and one.mixed == pytest.approx(mix(seen, labels))
    assert one.mixed.sum() == pytest.approx(1)
    # Whatever is chosen, what each network says of it stays visible.
    assert one.probability == one.evidence.probability == pytest.approx(0.45)
    assert one.evidence.finder_probability == pytest.approx(0.98)


def test_lone_ink_speaks_for_itself() -> None:
    row = opinion(1, 0.8)
    (one,) = proposed(found(strokes(60), (60,)), 9, SHAPE, [], Answering(row))
    evidence = one.evidence
    assert (evidence.cut_off, evidence.goes_on, evidence.bare, evidence.agreement) == (False, False, False, 1.0)
    # A stroke counts as two fifths as wide as it is high.
    assert evidence.overlap == pytest.approx(16 * 40 / (16.8 * 42))
    assert evidence.digit_score == pytest.approx(digit_score(row[None])[0])
    assert evidence.score == pytest.approx(0.9)


@pytest.mark.parametrize(("touching", "bare"), [(0.9, 0.6), (0.6, 0.9)])
def test_of_several_ways_to_cut_it_out_the_most_liked_is_taken(touching: float, bare: float) -> None:
    level = strokes(60)
    # A line across the picture: the stroke with an end of it, or without.
    level[60:63] = 200
    classifier = InTurn(opinion(2, touching), opinion(1, bare))
    (one,) = proposed(found(level, (60,)), 9, SHAPE, [], classifier)
    assert [len(crops) for crops in classifier.shown] == [1, 1]
    is_bare = bare > touching
    assert one.label == (1 if is_bare else 2)
    assert (one.evidence.bare, one.evidence.cut_off, one.evidence.goes_on) == (is_bare, not is_bare, False)
    assert (one.box.width > 10) == (not is_bare)
    assert np.array_equal(one.crop, classifier.shown[int(is_bare)][0])
    # The other way is another digit.
    assert one.evidence.agreement == 0.5


def test_ink_that_goes_on_speaks_against_it() -> None:
    level = strokes()
    level[20:, 60:65] = 200
    (one,) = proposed(found(level, (60,)), 9, SHAPE, [], Answering(opinion(1, 0.9)))
    assert (one.evidence.goes_on, one.evidence.cut_off) == (True, False)


def test_what_is_clear_is_cut_out_once_and_is_its_own_connected_ink() -> None:
    level = strokes(60)
    clear, sure = opinion(1, 0.999), opinion(1, 0.99)
    (one,) = see(found(level, (60,), [sure]), 9, SHAPE, InTurn(clear))
    assert one.is_clear and one.votes.tolist() == [1]
    (seen,) = propose([one], [], found(level, (60,), [sure]).detections)
    assert seen.evidence.ink == InkEvidence(True, float(clear[1]), one.way.digit_score, 0.0)


@pytest.mark.parametrize("doubt", ["classifier", "finder", "digit"])
def test_a_doubt_of_either_asks_for_more(doubt: str) -> None:
    labels = opinion(1, 0.99)
    rows = {"classifier": opinion(1, CLEAR - 0.03), "digit": spread(1, 0.6)}
    score = CLEAR_SCORE - 0.01 if doubt == "finder" else 0.9
    (one,) = see(found(strokes(60), (60,), [labels], [score]), 9, SHAPE, Answering(rows.get(doubt, opinion(1, 0.999))))
    assert not one.is_clear
    (seen,) = propose([one], [], found(strokes(60), (60,), [labels], [score]).detections)
    assert seen.evidence.ink is None


def test_what_holds_the_ink_of_a_clear_one_is_not_looked_at() -> None:
    sure = opinion(1, 0.99)
    seen = found(strokes(60, 130), (60, 60, 130), [sure, sure, sure], [0.9, 0.18, 0.18])
    asked = Answering(opinion(1, 0.999), opinion(1, 0.999), opinion(1, 0.999))
    assert [(one.way.detection, one.is_clear) for one in see(seen, 9, SHAPE, asked)] == [(0, True), (2, False)]
    # All three are cut out once, and there is no other way to cut out the doubtful one.
    assert [len(crops) for crops in asked.shown] == [3]


@pytest.mark.parametrize(("other", "is_clear"), [(0.5, False), (OTHER_SCORE - 0.05, True)])
def test_what_holds_another_digit_is_not_clear(other: float, is_clear: bool) -> None:
    level, sure = strokes(60, 72), opinion(1, 0.99)
    level[38:42, 60:77] = 200
    touching = found(level, (60, 72), [sure, sure], [0.9, other])
    boxes = np.array([(59, 19, 19, 42), (71, 19, 7, 42)], np.float32)
    touching = touching._replace(detections=replace(touching.detections, boxes=boxes))
    first = see(touching, 9, SHAPE, lambda crops: np.tile(opinion(1, 0.999), (len(crops), 1)))[0]
    assert first.way.crop.box == Box(60, 20, 17, 40) and first.is_clear == is_clear
