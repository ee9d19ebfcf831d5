"""How well generated pages are read, condition by condition.

Run as `python -m mnist_edge.benchmarks.pages [COUNT]` (200): prints one JSON document. The pages are written with the
test split's digits and with seeds that were never used for choosing a setting of the reader; those were chosen on the
validation split's digits, seeds below 10,000.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from mnist_edge.benchmarks.photo_report import PhotoReport
from mnist_edge.benchmarks.photos import PictureScore, score_picture
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.synthetic.pages import draw_page
from mnist_edge.camera.synthetic.scenes import Scene
from mnist_edge.dataset import Split, load
from mnist_edge.errors import MnistEdgeError
from mnist_edge.machine import this_machine
from mnist_edge.progress import Progress, no_progress

FIRST_SEED, COUNT = 10_000, 200


def read_pages(
    reader: Reader, split: Split, seeds: Iterable[int], progress: Progress = no_progress
) -> list[PictureScore]:
    """Draw a page for each seed, and read it.

    Args:
        reader: With the model and the least confidence to measure.
        split: Where the digits come from.
        seeds: Of `draw_page`, which decide on the conditions too.
        progress: Told the number of pages read.
    """
    scores, seeds = [], list(seeds)
    for seed in seeds:
        page = draw_page(split, seed)
        scores.append(score_picture(_row(page, seed), reader.read(page.image, f"page {seed}")))
        progress(len(scores), len(seeds), reader.model)
    return scores


def _row(page: Scene, seed: int) -> dict[str, Any]:
    """The page's truth as a row of `labels.json`."""
    return {
        "file": f"page {seed}",
        "digits": [{"label": digit.label, "box": list(digit.box)} for digit in page.digits],
        "reading_order_text": list(page.text),
        "tags": list(page.tags),
    }


def main(count: str = str(COUNT)) -> int:
    """Print the figures; 0 if all could be measured."""
    from mnist_edge.cli.console import progress

    try:
        reader, data = Reader(), load()
        with progress("pages") as report:
            pictures = read_pages(reader, data.test, range(FIRST_SEED, FIRST_SEED + int(count)), report)
    except MnistEdgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    measured = PhotoReport(reader.model, reader.classifier.path, reader.runtime, 1, tuple(pictures), this_machine())
    document = measured.to_json()
    # Of 200 pages nobody looks at each, and a path is of one machine.
    del document["pictures"], document["file"]
    print(json.dumps(document | {"data": data.name, "first_seed": FIRST_SEED}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
