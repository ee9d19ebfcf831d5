"""Teach the models that ship what the finder's boxes hold: remnants of neighbours, pieces of lines, boxes that are off.

Run as `make boxes`, after `make finder` and where the pages lie that the finder was trained on. A model sees what the
reader cuts out of these pages, with the truth known; what is no digit is labelled uniformly. Each model goes on from
the one that ships, and what it knew of MNIST is kept (`fine_tune`).
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.benchmarks.harness.tool import run_tool, stamp, tool_parser
from mnist_edge.benchmarks.judged_pages import judge_pages
from mnist_edge.benchmarks.release.card import PACKAGE, write_cards
from mnist_edge.benchmarks.release.figures import stamped, write_released
from mnist_edge.benchmarks.release.models import RELEASES, ship
from mnist_edge.benchmarks.release.refusal import NonDigits, held_out_non_digits
from mnist_edge.benchmarks.released import read_released
from mnist_edge.camera.reader import Reader
from mnist_edge.converters.export_metadata import parity_metadata
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset, load
from mnist_edge.errors import DataError, UsageError
from mnist_edge.models.collected import CollectedDigits
from mnist_edge.models.finder.pool import read_pages
from mnist_edge.models.fine_tune import fine_tune, fine_tuning_recipe
from mnist_edge.models.recipes import find_recipe
from mnist_edge.progress import Progress, no_progress
from mnist_edge.run_folders import RUNS

# Generated pages that are read, of those of training: about 35 boxes on each, two in five a digit's.
PAGES = 2_000
EPOCHS, LEARNING_RATE = 30, 5e-4
# Of each batch, boxes; and how much of MNIST's validation images may be lost for them.
SHARE, MAX_DROP = 0.4, 0.0004


def collect_boxes(pool: Path, count: int = PAGES, progress: Progress = no_progress) -> CollectedDigits:
    """What the reader cuts out of the pages that a finder was trained on.

    Args:
        pool: A folder as `draw_pool` fills it.
        count: How many pages are read.
        progress: Called with the number of pages read.

    Raises:
        DataError: There are no pages.
    """
    paths = sorted(pool.glob("training-pages-*.npz"))
    if not paths:
        raise DataError(f"there are no pages in {pool}; draw them with: mnist-edge train finder")
    pages: list[Any] = []
    for path in paths:
        if len(pages) < count:
            pages += read_pages([path])
    judged = judge_pages(Reader(), pages[:count], progress)
    images, truth = (np.concatenate([getattr(one, name) for one in judged]) for name in ("images", "truth"))
    return CollectedDigits(images[..., None], truth)


def teach(
    name: str,
    data: Dataset,
    boxes: CollectedDigits,
    others: NonDigits,
    figures: dict[str, Any],
    *,
    package: Path = PACKAGE,
    runs: Path = RUNS / "release",
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Fine-tune one model, put it into the package, and return its new entry in `models.json`.

    Raises:
        CheckFailed: The int8 model that would ship is not as good as the one that was fine-tuned.
    """
    recipe = replace(fine_tuning_recipe(find_recipe(name)), epochs=EPOCHS, learning_rate=LEARNING_RATE)
    run = fine_tune(
        recipe, data, boxes, runs / f"{name}-boxes", share=SHARE, max_drop=MAX_DROP, force=True, progress=progress
    )
    shipped = ship(run.model, name, RELEASES[name], data, others, package=package, progress=progress)
    parity = verify(run.model, package / f"{name}.int8.tflite", data.test)
    parity.raise_if_failed()
    assert run.fine_tuning
    return figures | {"parity": parity_metadata(parity), "boxes": asdict(run.fine_tuning)} | shipped


def main(arguments: Sequence[str] | None = None) -> int:
    """Teach the models that ship, or the named ones."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RELEASES)}; default: all")
    parser.add_argument("--pool", type=Path, metavar="DIR", help="the pages; the newest runs/finder-pages-*")
    return run_tool(parser, _teach_all, arguments)


def _teach_all(options: Namespace) -> None:
    from mnist_edge.cli.console import progress

    unknown = [name for name in options.names if name not in RELEASES]
    if unknown:
        raise UsageError(f"{', '.join(unknown)} is not released; choose of: {', '.join(RELEASES)}")
    newest = max(RUNS.glob("finder-pages-*"), key=lambda path: path.stat().st_mtime, default=RUNS / "finder-pages")
    data, figures, measured_at = load(), read_released(), stamp()
    others = held_out_non_digits(data)
    with progress("boxes") as report:
        boxes = collect_boxes(options.pool or newest, progress=report)
    for name in options.names or RELEASES:
        with progress(name) as report:
            figures[name] = teach(name, data, boxes, others, figures[name], progress=report)
        write_released(stamped(figures, [name], "release", measured_at))
        write_cards()
