"""Decide which places hold digits: one calibrated confidence for each, and of overlapping ones the surest."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnist_edge.camera.reader.proposals import SAME_INK, Proposal
from mnist_edge.confidence import Confidence, Places
from mnist_edge.detection import Detections, suppress
from mnist_edge.reading import Box, Digit, Guess, Rejected

# Why something is refused: the finder doubts that it is a digit, or else all evidence together does.
NOT_A_DIGIT, UNSURE = "not a digit", "low confidence"


class Judged(NamedTuple):
    """A place with its most likely digit.

    Attributes:
        proposal: What may be a digit.
        confidence: Probability that a digit is there and that it is this one, 0 to 1.
        names: Of the classes; None for the ten digits.
    """

    proposal: Proposal
    confidence: float
    names: Sequence[str] | None = None

    @property
    def box(self) -> Box:
        """Tight around the ink, in pixels of the picture."""
        return self.proposal.box

    @property
    def reason(self) -> str:
        """Why it is refused, where it is."""
        return NOT_A_DIGIT if self.proposal.score < 0.5 else UNSURE

    @property
    def runner_up(self) -> Guess:
        """The second most likely digit."""
        others = self.proposal.mixed.copy()
        others[self.proposal.label] = -1
        second = int(others.argmax())
        return Guess(second, float(others[second]), self._name(second))

    @property
    def text(self) -> str:
        """The most likely digit, as people read it."""
        return self.as_rejected().text

    def as_digit(self) -> Digit:
        """Return it as a digit of a reading."""
        one = self.proposal
        probability, name = float(one.mixed[one.label]), self._name(one.label)
        return Digit(one.label, self.confidence, one.box, 0, self.runner_up, None, probability, one.crop, name)

    def as_rejected(self) -> Rejected:
        """Return it as a reading lists what it refused."""
        one = self.proposal
        return Rejected(
            one.box,
            self.reason,
            one.label,
            self.confidence,
            one.score,
            one.probability,
            one.crop,
            self._name(one.label),
        )

    def _name(self, label: int) -> str | None:
        return self.names[label] if self.names else None


def judge(proposals: Sequence[Proposal], confidence: Confidence) -> list[Judged]:
    """Give each proposal its confidence, with all others around it."""
    places = Places.of([one.evidence for one in proposals], [one.box for one in proposals])
    return [Judged(one, sure) for one, sure in zip(proposals, confidence.of(places).tolist(), strict=True)]


def judge_ink(proposals: Sequence[Proposal], min_score: float, names: Sequence[str]) -> list[Judged]:
    """Give each proposal of other classes, which no finder knows, the classifier's confidence.

    Args:
        proposals: Connected ink.
        min_score: Least score of what is one of the classes at all (`Classifier.refusal_threshold`), 0 to 1.
        names: Of the classes.
    """
    return [Judged(one, one.probability if one.score >= min_score else 0.0, names) for one in proposals]


def distinct(judged: Sequence[Judged]) -> list[Judged]:
    """Of places that hold the same ink the surest, best first."""
    boxes = np.array([one.box for one in judged], np.float32).reshape(-1, 4)
    sure = np.array([one.confidence for one in judged], np.float32)
    kept = suppress(Detections(boxes, sure, np.zeros((len(judged), 10), np.float32)), limits=SAME_INK)
    return [judged[index] for index in kept]
