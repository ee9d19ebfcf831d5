"""The batches of a finder's training, drawn ahead of it by another process."""

from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.detection import Floats
from mnist_edge.models.finder.pool import read_pages
from mnist_edge.models.finder.samples import StoredPage, batch
from mnist_edge.models.finder.workers import workers

# Batches that wait for the training.
AHEAD = 6


def batches(paths: Sequence[Path], size: int, seed: int, steps: range) -> Generator[tuple[Floats, Floats]]:
    """The batches of some steps, as `batch` makes them; each depends on the pages, the seed and its step alone.

    Args:
        paths: Files of a pool.
        size: Samples a batch.
        seed: Of the samples.
        steps: Numbers of the steps.
    """
    with workers(1, _begin, list(paths), size, seed) as executor:
        waiting: deque[Any] = deque()
        for step in steps:
            waiting.append(executor.submit(_draw, step))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_drawing: dict[str, Any] = {}


def _begin(paths: Sequence[Path], size: int, seed: int) -> None:
    _drawing.update(pages=read_pages(paths), size=size, seed=seed)


def _draw(step: int) -> tuple[Floats, Floats]:
    return batch_of_step(_drawing["pages"], _drawing["size"], _drawing["seed"], step)


def batch_of_step(pages: Sequence[StoredPage], size: int, seed: int, step: int) -> tuple[Floats, Floats]:
    """The batch of one step."""
    return batch(pages, size, np.random.default_rng([seed, step]))
