import numpy as np
import pytest

from mnist_edge.tensors import as_input, dequantise, quantise


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -128), ("int8", 3), ("uint8", 0), ("int16", 0)])
def test_quantise_rounds_and_clips_by_the_formula(dtype: str, zero_point: int) -> None:
    scale = 0.25
    details = {"dtype": np.dtype(dtype).type, "quantization": (scale, zero_point)}
    lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
    # Steps of 0.2 of a quantum, and values far beyond both ends.
    values = np.array([*np.arange(-200, 200) * 0.05, -1e6, 1e6], np.float32)
    expected = [min(max(round(float(value) / scale) + zero_point, lowest), highest) for value in values]
    found = quantise(values, details)
    assert found.dtype == dtype
    assert found.tolist() == expected


def test_quantise_does_not_truncate_towards_zero() -> None:
    details = {"dtype": np.int8, "quantization": (1.0, 0)}
    assert quantise(np.array([0.6, -0.6, 1.9], np.float32), details).tolist() == [1, -1, 2]


def test_dequantise_undoes_quantise_within_half_a_quantum() -> None:
    details = {"dtype": np.int8, "quantization": (1 / 255, -128)}
    values = np.linspace(0, 1, 1001, dtype=np.float32)
    back = dequantise(quantise(values, details), details)
    assert back.dtype == np.float32
    assert np.abs(back - values).max() <= 0.5 / 255 + 1e-6


def test_float_tensors_pass_through() -> None:
    details = {"dtype": np.float32, "quantization": (0.0, 0)}
    values = np.array([0.1, 7.5, -3], np.float32)
    assert quantise(values, details).tolist() == values.tolist() == dequantise(values, details).tolist()


def test_as_input_scales_bytes_and_keeps_floats() -> None:
    assert as_input(np.full((2, 28, 28), 255, np.uint8)).tolist() == np.ones((2, 28, 28, 1)).tolist()
    half = as_input(np.full((1, 28, 28, 1), 0.5))
    assert half.dtype == np.float32
    assert half.max() == half.min() == 0.5
