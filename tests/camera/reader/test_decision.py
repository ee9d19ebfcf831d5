"""Which places hold digits: their confidence, the surest of what overlaps, and why the others are refused."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.decision import NOT_A_DIGIT, UNSURE, Judged, distinct, judge
from mnist_edge.camera.reader.proposals import Proposal
from mnist_edge.confidence import FEATURES, KNOWN, Confidence, Evidence, Places, Step
from mnist_edge.reading import Box, Digit, Guess, Rejected

BOX = Box(20, 30, 24, 40)
# The finder's score alone decides.
SCORE_ALONE = Confidence((0.0, 1.0) + (0.0,) * (FEATURES - 2))


def proposal(box: Box = BOX, label: int = 7, score: float = 0.9, probability: float = 0.8, other: int = 1) -> Proposal:
    mixed = np.zeros(10, np.float32)
    mixed[label], mixed[other] = probability, 1 - probability
    crop: NDArray[np.uint8] = np.full((28, 28), label, np.uint8)
    return Proposal(box, crop, label, mixed, probability, score, Evidence(label, score, 0.7, probability, 0.6))


def judged(confidence: float, box: Box = BOX, score: float = 0.9) -> Judged:
    return Judged(proposal(box, score=score), confidence)


def test_each_has_the_confidence_of_its_evidence_in_order() -> None:
    proposals = [proposal(Box(20 + 400 * k, 30, 24, 40), score=score) for k, score in enumerate((0.95, 0.3, 0.6))]
    found = judge(proposals, SCORE_ALONE)
    assert [one.proposal for one in found] == proposals
    assert [one.confidence for one in found] == pytest.approx([0.95, 0.3, 0.6], abs=1e-4)
    assert [one.box for one in found] == [one.box for one in proposals]
    assert judge([], SCORE_ALONE) == []


def test_it_is_judged_beside_all_others() -> None:
    # Its own logit, and more of the neighbours in its row.
    beside = SCORE_ALONE._replace(steps=(Step((0.0,) * KNOWN + (1.0, 2.0, 0.0)),))
    middle = proposal(Box(50, 30, 24, 40), score=0.6)
    alone, among_sure, among_doubtful = (
        judge([middle, *(proposal(Box(x, 30, 24, 40), score=score) for x in around)], beside)[0].confidence
        for around, score in (((), 0.0), ((20, 80), 0.95), ((20, 80), 0.05))
    )
    assert among_doubtful < alone < among_sure
    several = [middle, proposal(BOX, score=0.05)]
    expected = beside.of(Places.of([one.evidence for one in several], [one.box for one in several]))
    assert [one.confidence for one in judge(several, beside)] == pytest.approx(expected.tolist())


def test_of_places_that_hold_the_same_ink_the_surest_stays() -> None:
    unsure, sure, apart = judged(0.5), judged(0.9, Box(22, 31, 24, 40)), judged(0.7, Box(200, 30, 24, 40))
    within = judged(0.6, Box(26, 36, 6, 10))
    assert distinct([unsure, sure, within, apart]) == [sure, apart]
    assert distinct([]) == []


def test_digits_that_touch_or_overlap_a_little_stay() -> None:
    left, right = judged(0.8), judged(0.9, Box(38, 30, 24, 40))
    assert distinct([left, right]) == [right, left]
    # Half of a stroke in the crook of a larger digit.
    assert len(distinct([left, judged(0.7, Box(40, 50, 8, 24))])) == 2


@pytest.mark.parametrize(("score", "reason"), [(0.49, NOT_A_DIGIT), (0.51, UNSURE), (0.99, UNSURE)])
def test_where_the_finder_doubts_it_is_no_digit_else_it_is_unsure(score: float, reason: str) -> None:
    refused = judged(0.4, score=score).as_rejected()
    assert refused == Rejected(BOX, reason, 7, 0.4, score, 0.8)
    assert refused.crop is not None and refused.crop[0, 0] == 7


def test_a_digit_has_the_tight_box_and_the_runner_up() -> None:
    one = Judged(proposal(label=7, probability=0.8, other=1), 0.93)
    digit = one.as_digit()
    seven, one_ = (float(one.proposal.mixed[label]) for label in (7, 1))
    assert digit == Digit(7, 0.93, BOX, 0, Guess(1, one_), label_probability=seven)
    assert digit.crop is one.proposal.crop


def test_the_runner_up_is_the_likeliest_other() -> None:
    one = proposal()
    mixed = np.array([0.01, 0.02, 0.15, 0.01, 0.01, 0.2, 0.02, 0.5, 0.07, 0.01], np.float32)
    assert Judged(one._replace(mixed=mixed), 0.5).runner_up == Guess(5, float(np.float32(0.2)))
    # Finding it leaves the probabilities as they were.
    assert mixed[7] == np.float32(0.5)
