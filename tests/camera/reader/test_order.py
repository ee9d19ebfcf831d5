"""Order statistics are NumPy's."""

import numpy as np
import pytest

from mnist_edge.camera.reader.order import quantile


@pytest.mark.parametrize("count", [1, 2, 3, 10, 101])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 0.95, 1.0])
def test_a_quantile_is_that_of_numpy(count: int, share: float) -> None:
    rng = np.random.default_rng(count)
    for values in (rng.integers(0, 256, count, dtype=np.uint8), rng.normal(0, 9, (count, 3)).astype(np.float32)):
        assert quantile(values, share) == pytest.approx(float(np.quantile(values.astype(float), share)), abs=1e-9)
