"""What makes trainings short: few drawn non-digits, and no plots, which have tests of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.dataset import Split
from mnist_edge.models import batches, run
from mnist_edge.models.non_digits import non_digits


@pytest.fixture(autouse=True, scope="module")
def quick_trainings() -> Iterator[None]:
    """Drawing 16,000 non-digits and two figures would take longer than a short training."""

    def few(split: Split, seed: int, count: int = 200, **how: Any) -> np.ndarray:
        return non_digits(split, seed, min(count, 200), **how)

    def empty(*args: Any) -> None:
        path: Path = args[-1]
        path.touch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "non_digits", few)
        patch.setattr(run, "plot_curves", empty)
        patch.setattr(run, "plot_confusion", empty)
        yield
