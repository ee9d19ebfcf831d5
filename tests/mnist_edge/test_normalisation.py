import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_edge.dataset import Dataset
from mnist_edge.normalisation import normalise


def test_mnist_itself_comes_out_as_it_went_in(digits: Dataset) -> None:
    if digits.name != "MNIST":
        pytest.skip("needs MNIST, which is the specification: set MNIST_EDGE_DATA")
    same = [np.array_equal(normalise(image), image) for image in digits.test.images[:1000, :, :, 0]]
    # Three in ten thousand images of MNIST have a box of 19 pixels; a few peak below 255.
    differs = [np.abs(normalise(image).astype(int) - image).mean() for image in digits.test.images[:1000, :, :, 0]]
    assert np.mean(same) > 0.3
    assert max(differs) < 0.5


@settings(deadline=None)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    seed=st.integers(0, 1000),
    density=st.floats(0.001, 1),
)
def test_any_ink_fits_the_box_and_is_centred(height: int, width: int, seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    ink = (rng.random((height, width)) < density).astype(np.uint8) * 255
    ink[height // 2, width // 2] = 255
    image = normalise(ink)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    # An anti-aliased rim may add a pixel on each side of the 20.
    assert max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
    assert image.max() == 255


def test_margins_do_not_matter() -> None:
    ink = np.zeros((60, 40), np.uint8)
    ink[10:50, 12:20] = 200
    assert np.array_equal(normalise(ink), normalise(np.pad(ink, ((30, 0), (0, 70)))))


def test_the_centre_of_mass_lands_in_the_middle() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[:80, 40:50] = 255
    ink[80:, 30:60] = 255
    image = normalise(ink).astype(float)
    at = np.array([(image.sum(axis=1) @ np.arange(28)), (image.sum(axis=0) @ np.arange(28))]) / image.sum()
    assert np.abs(at - 14).max() <= 0.51


def test_size_hardly_matters(digits: Dataset) -> None:
    for image in digits.training.images[:50, :, :, 0]:
        large = np.kron(image, np.ones((7, 7), np.uint8)).astype(np.uint8)
        assert np.abs(normalise(large).astype(int) - normalise(image)).mean() < 12


@pytest.mark.parametrize("ink", [np.zeros((5, 5), np.uint8), np.zeros((0, 3), np.uint8)])
def test_no_ink_is_an_error(ink: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no ink"):
        normalise(ink)


@pytest.mark.parametrize("ink", [np.ones((5, 5)), np.ones((5, 5, 1), np.uint8)])
def test_what_the_array_means_is_never_guessed(ink: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        normalise(ink)
