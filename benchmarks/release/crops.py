"""Draw pages with training digits, read them, and keep what the reader cut out, for classifiers to be trained on.

Run as `make crops`, with what `make typefaces negatives` fetches, before `make release`; takes 20 minutes of a core.
What is cut out depends on the finder that ships, and of several ways to cut a digit out the model `small` chooses.
"""

import logging
from argparse import Namespace
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import VALIDATION_IMAGES, Split, load
from mnist_edge.detection import iou_matrix
from mnist_edge.models.finder.levels import faces
from mnist_edge.models.finder.negatives import negative_pages
from mnist_edge.models.finder.plain import cut_close, draw_conditions
from mnist_edge.models.finder.pool import PICTURES, TYPEFACES, draw_stored
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.models.finder.workers import workers
from mnist_edge.models.found_crops import CROPS, NONE, FoundCrops, write_crops
from mnist_edge.models.pages.random_conditions import random_conditions

# Two halves, each with pages of its own seed.
HALVES, PAGES, SEED = 2, 2_400, 9
# Of ten pages six are crowded, of which the third is cut close round a row, three are plain, and one has no digit.
KINDS, CROWDED, CLOSE, EMPTY = 10, 6, 2, 9
# A crop is a digit's from this IoU, and nothing's below that one; what lies between is left out.
IS_DIGIT, IS_NONE = 0.5, 0.15
# Most crops of a page that hold no digit.
MOST_OTHERS = 12
# Of them what scores more is left out: it looks like a digit, as an l like a 1 does, and only what stands around tells.
# A network that was taught to doubt it gave one true 1 in four less than 0.63, where it had been sure of nearly all.
LIKE_A_DIGIT = 0.5
# Of digits that the classifier is so sure of one in three is kept: they are 73 of 100, and teach little.
SURE, ONE_IN = 0.99, 3

# What a process draws with.
_drawing: dict[str, Any] = {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the crops."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("count", nargs="?", type=int, default=PAGES, help=f"pages of each half ({PAGES})")
    return run_tool(parser, _collect, arguments)


def _collect(options: Namespace) -> None:
    from mnist_edge.cli.console import progress

    training = load().with_validation(VALIDATION_IMAGES).training
    parts = []
    with workers(HALVES, _begin, training) as executor, progress("halves of the pages") as report:
        report(0, HALVES)
        for done, part in enumerate(executor.map(collect, range(HALVES), [options.count] * HALVES), 1):
            parts.append(part)
            report(done, HALVES)
    crops = _joined(parts)
    write_crops(crops)
    print(f"{len(crops.labels):,} crops, {crops.digits:,} of them digits, in {CROPS}")


def _begin(training: Split) -> None:
    # Typefaces have faults in tables that nothing here uses.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    _drawing.update(training=training, faces=faces(TYPEFACES, held_out=False), reader=Reader())


def collect(half: int, count: int) -> FoundCrops:
    """Draw and read the pages of one half."""
    empty = negative_pages(PICTURES, count // KINDS, 77 + half, validation=False)
    parts = []
    for number in range(count):
        rng = np.random.default_rng([SEED, half, number])
        page = _draw(number % KINDS, empty, rng)
        parts.append(cut_out(_drawing["reader"], page, rng))
    return _joined(parts)


def _joined(parts: Sequence[FoundCrops]) -> FoundCrops:
    return FoundCrops(*(np.concatenate(some) for some in zip(*parts, strict=True)))


def _draw(kind: int, empty: list[StoredPage], rng: np.random.Generator) -> StoredPage:
    if kind == EMPTY and empty:
        return empty.pop()
    if kind >= CROWDED:
        return draw_conditions(_drawing["training"], random_conditions(rng), rng)
    page = draw_stored(_drawing["training"], _drawing["faces"], rng)
    return cut_close(page, rng) if kind == CLOSE and len(page.boxes) else page


def cut_out(reader: Reader, page: StoredPage, rng: np.random.Generator) -> FoundCrops:
    """What a reader cuts out of a page, with the truth; of too much that holds no digit, `rng` chooses some."""
    stages = reader.read_in_stages(decode_image(page.picture, "page"), "page")
    places = [one.proposal for one in stages.judged]
    boxes = np.array([one.box for one in places], np.float32).reshape(-1, 4)
    images = np.array([one.crop for one in places], np.uint8).reshape(-1, 28, 28)
    overlaps = iou_matrix(boxes, page.boxes * np.float32(stages.scale))
    best = overlaps.max(axis=1, initial=0)
    nearest = overlaps.argmax(axis=1) if overlaps.size else np.zeros(len(boxes), np.intp)
    labels = np.append(page.labels, NONE)[np.where(best >= IS_DIGIT, nearest, len(page.labels))]
    kept = (best >= IS_DIGIT) | (best < IS_NONE)
    others = np.flatnonzero(kept & (labels == NONE))
    if len(others) > MOST_OTHERS:
        kept[rng.permutation(others)[MOST_OTHERS:]] = False
    for index, place in enumerate(places):
        if labels[index] == NONE:
            kept[index] &= place.evidence.digit_score <= LIKE_A_DIGIT
        elif place.label == labels[index] and place.probability >= SURE:
            # Which, the crop itself decides.
            kept[index] &= crc32(place.crop.tobytes()) % ONE_IN == 0
    return FoundCrops(images[kept], labels[kept])
