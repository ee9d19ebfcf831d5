"""Generated pages as a reader sees them: what both networks say of a detection, what its box holds, and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.reader import Stages
from mnist_edge.confidence import Opinions
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.normalisation import SIDE
from mnist_edge.progress import Progress, no_progress
from mnist_edge.reading import Box

# A detection is a digit where the IoU of the boxes reaches this, as photographs are scored.
MIN_OVERLAP = 0.4
NO_DIGIT = -1


@dataclass(frozen=True, slots=True, eq=False)
class JudgedBoxes:
    """The detections of a page.

    Attributes:
        opinions: What both networks say of them.
        images: What the classifier saw, shape (n, 28, 28), uint8.
        truth: Shape (n,): 0 to 9, or -1 where no digit is.
    """

    opinions: Opinions
    images: NDArray[np.uint8]
    truth: NDArray[np.int64]


def judge_pages(reader: Reader, pages: Sequence[StoredPage], progress: Progress = no_progress) -> list[JudgedBoxes]:
    """Read generated pages, and tell of each detection whether it is right.

    Args:
        reader: What reads them.
        pages: The pages.
        progress: Called with the number of pages read.
    """
    judged = []
    for done, page in enumerate(pages, 1):
        judged.append(_judge(reader, page))
        progress(done, len(pages), "reading pages")
    return judged


def _judge(reader: Reader, page: StoredPage) -> JudgedBoxes:
    stages = reader.read_in_stages(decode_image(page.picture, "page"), "page")
    count = len(stages.judged)
    return JudgedBoxes(
        Opinions(
            stages.detections.scores,
            stages.detections.labels,
            np.array([one.probabilities for one in stages.judged], np.float32).reshape(count, 10),
            np.array([one.box for one in stages.judged], np.float32).reshape(count, 4),
        ),
        np.array([one.crop for one in stages.judged], np.uint8).reshape(count, SIDE, SIDE),
        _truth(stages, page),
    )


def _truth(stages: Stages, page: StoredPage) -> NDArray[np.int64]:
    """The label of each detection: each digit is one detection's, best overlap first."""
    written = [Box(*box) for box in np.rint(page.boxes).astype(int).tolist()]
    overlaps = sorted(
        (
            (overlap, found, digit)
            for found, one in enumerate(stages.judged)
            for digit, box in enumerate(written)
            if (overlap := one.box.scaled(1 / stages.scale).iou(box)) >= MIN_OVERLAP
        ),
        reverse=True,
    )
    truth, taken = np.full(len(stages.judged), NO_DIGIT, np.int64), set[int]()
    for _, found, digit in overlaps:
        if truth[found] == NO_DIGIT and digit not in taken:
            truth[found] = page.labels[digit]
            taken.add(digit)
    return truth
