"""What a codec costs is measured in processes of their own, one of which is killed."""

import numpy as np
import pytest

from mnist_edge.benchmarks.endurance.recording import CODECS, FRAMES, RATE, measure, page
from mnist_edge.camera.sinks import encoders


@pytest.mark.parametrize("index", [1, 3])
def test_a_codec_is_measured_and_killed(index: int) -> None:
    if CODECS[index][2] and not encoders.has_pyav():
        pytest.skip("PyAV is not installed")
    cost = measure(index, (320, 240))
    assert (cost.codec, cost.suffix, cost.width) == (CODECS[index][0], CODECS[index][1], 320)
    assert cost.frame_ms > 0 and cost.minute_mb > 0
    assert FRAMES / RATE - 1.1 <= cost.left_after_kill_s <= FRAMES / RATE


def test_the_page_moves_and_is_the_same_each_time() -> None:
    assert np.array_equal(page(3, (64, 48)), page(3, (64, 48)))
    assert not np.array_equal(page(3, (64, 48)), page(4, (64, 48)))
