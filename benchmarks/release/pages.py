"""How well generated pages are read, condition by condition.

Run as `make pages`. The pages are written with the test split's digits and with seeds that were never used for choosing
a setting of the reader; those were chosen on the validation split's digits, seeds below 10,000.
"""

from argparse import Namespace
from collections.abc import Iterable, Sequence

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.photo_labels import page_truth
from mnist_edge.benchmarks.photo_report import PhotoReport
from mnist_edge.benchmarks.photos import PictureScore, score_picture
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Split, load
from mnist_edge.machine import this_machine
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.progress import Progress, no_progress

FIRST_SEED, COUNT = 10_000, 200


def read_pages(
    reader: Reader, split: Split, seeds: Iterable[int], progress: Progress = no_progress
) -> list[PictureScore]:
    """Draw a page for each seed, read it, and return its score."""
    scores, seeds = [], list(seeds)
    for seed in seeds:
        page = draw_page(split, seed)
        scores.append(score_picture(page_truth(page, f"page {seed}"), reader.read(page.image, f"page {seed}")))
        progress(len(scores), len(seeds), reader.model)
    return scores


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT, help=f"pages ({COUNT})")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    reader, data = Reader(), load()
    pictures = read_pages(reader, data.test, range(FIRST_SEED, FIRST_SEED + options.count), progress)
    measured = PhotoReport(reader.model, reader.classifier.path, reader.runtime, 1, tuple(pictures), this_machine())
    document = measured.to_json()
    # 200 pages are too many to list; path and device are of one machine, which the stamp names; times have other tools.
    for name in ("pictures", "file", "device", "median_ms"):
        del document[name]
    return Result(document | {"data": data.name, "first_seed": FIRST_SEED})
