"""One side of `training-speed`: trains a recipe, and before each epoch waits for a line on its standard input.

The text of this file is run by the Python of one checkout with the package of another, so it uses only what both have.
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.dataset import Dataset, load
from mnist_edge.models import batches
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import find_recipe
from mnist_edge.models.train import train

TRAINING, VALIDATION = 10_240, 200
FEW = 200  # non-digits, since drawing all of them takes longer than these epochs
NON_DIGITS = 0.1  # that an augmented training adds


class Turns:
    """Called by `train` with the number of epochs done: reports a whole epoch, and waits for its turn."""

    def __init__(self) -> None:
        """Begin before the first epoch."""
        self.done = 0
        self.wait()

    def wait(self) -> None:
        """Wait for a line, and start the clocks."""
        if not sys.stdin.readline():
            sys.exit()
        self.processor, self.wall = time.process_time(), time.perf_counter()

    def __call__(self, done: float, total: float, note: str = "") -> None:
        """Report the epoch that has ended, in seconds."""
        if done != int(done) or done == self.done:
            return
        self.done = int(done)
        seconds = {"processor_s": time.process_time() - self.processor, "wall_s": time.perf_counter() - self.wall}
        print(json.dumps({"images": round(TRAINING * (1 + NON_DIGITS)), **seconds}), flush=True)
        self.wait()


def _some(data: Dataset) -> Dataset:
    training, validation, test = (
        split.take(np.arange(min(count, len(split))))
        for split, count in ((data.training, TRAINING), (data.validation, VALIDATION), (data.test, VALIDATION))
    )
    return replace(data, training=training, validation=validation, test=test)


def main(recipe: str, epochs: str) -> None:
    """Train on one core, so that no process is paid for with another core's time."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Others' digits would stand beside the images that are counted; an older checkout knows nothing of them.
    chosen = find_recipe(recipe)
    others: dict[str, Any] = {"teacher": None, "pen_digits": 0, "found_crops": False}
    without = {name: value for name, value in others.items() if hasattr(chosen, name)}
    chosen = replace(chosen, epochs=int(epochs), validation_images=VALIDATION, **without)
    vars(batches)["non_digits"] = partial(non_digits, count=FEW)
    with tempfile.TemporaryDirectory() as folder:
        train(chosen, _some(load(fallback=True)), Path(folder) / "run", progress=Turns())


if __name__ == "__main__":
    main(*sys.argv[1:3])
