import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.memory import measure_fresh_start, peak_rss_mb
from mnist_edge.errors import ModelError


def test_a_fresh_start_is_measured(exported: dict[str, Path]) -> None:
    start = measure_fresh_start(exported["int8"], "ai-edge-litert", starts=1)
    assert start.init_ms > 0
    assert start.first_ms > 0
    if start.peak_rss_mb is not None and start.runtime_rss_mb is not None:
        # Python and NumPy alone need more than 10 MB, and the model and its arena come on top.
        assert 10 < start.runtime_rss_mb <= start.peak_rss_mb < 1000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no /proc")
def test_memory_of_this_process_does_not_count(exported: dict[str, Path]) -> None:
    ballast = np.ones(60_000_000)  # 480 MB, touched
    here = peak_rss_mb()
    there = measure_fresh_start(exported["int8"], "ai-edge-litert", starts=1).peak_rss_mb
    assert here is not None and here > ballast.nbytes / 1e6
    assert there is not None and there < ballast.nbytes / 1e6


def test_a_model_that_fails_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"\0\0\0\0TFL3" + bytes(100))
    with pytest.raises(ModelError, match=r"damaged\.tflite failed in a fresh process with ai-edge-litert: \w"):
        measure_fresh_start(damaged, "ai-edge-litert", starts=1)
