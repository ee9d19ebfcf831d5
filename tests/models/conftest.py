import numpy as np
import pytest

from mnist_edge.dataset import Split
from mnist_edge.models import batches
from mnist_edge.models.non_digits import non_digits


@pytest.fixture(autouse=True)
def few_non_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing 16,000 for each short training would take longer than the training."""

    def few(split: Split, seed: int) -> np.ndarray:
        return non_digits(split, seed, count=200)

    monkeypatch.setattr(batches, "non_digits", few)
