"""Generated pages as a reader sees them: the places where a digit may be, and whether it is right about each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import Reader
from mnist_edge.confidence import Places
from mnist_edge.detection import Floats, iou_matrix
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.progress import Progress, no_progress

# A digit is found where the IoU of the boxes reaches this, as photographs are scored.
MIN_OVERLAP = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPage:
    """A page as a reader sees it.

    Attributes:
        places: Where a digit may be; several may be one digit.
        labels: What it takes each for, shape (n,).
        right: Whether that is so, shape (n,).
        written: Boxes of the page's digits, shape (m, 4), in pixels at working size, as those of `places`.
        truth: Which they are, shape (m,).
    """

    places: Places
    labels: NDArray[np.int64]
    right: NDArray[np.bool_]
    written: Floats
    truth: NDArray[np.int64]


def judge_pages(reader: Reader, pages: Sequence[StoredPage], progress: Progress = no_progress) -> list[JudgedPage]:
    """Read generated pages, and tell of each place whether the reader is right about it.

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


def _judge(reader: Reader, page: StoredPage) -> JudgedPage:
    stages = reader.read_in_stages(decode_image(page.picture, "page"), "page")
    proposals = [one.proposal for one in stages.judged]
    places = Places.of([one.evidence for one in proposals], [one.box for one in proposals])
    labels = np.array([one.label for one in proposals], np.int64)
    written = page.boxes * np.float32(stages.scale)
    overlaps = iou_matrix(places.boxes, written)
    if overlaps.size:
        nearest = overlaps.argmax(axis=1)
        right = (overlaps.max(axis=1) >= MIN_OVERLAP) & (page.labels[nearest] == labels)
    else:
        right = np.zeros(len(labels), np.bool_)
    return JudgedPage(places, labels, right, written, page.labels)
