from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.converters.representative import check_representative, representative_images
from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import DataError


def fingerprints(images: NDArray[np.float32]) -> list[bytes]:
    return [np.rint(image * 255).astype(np.uint8).tobytes() for image in images]


def test_they_come_from_the_training_split_with_every_digit_by_its_share(digits: Dataset) -> None:
    images = representative_images(digits, 200, seed=3)
    assert images.shape == (200, 28, 28, 1) and images.dtype == np.float32
    pairs = zip(digits.training.images, digits.training.labels, strict=True)
    label_of = {image.tobytes(): int(label) for image, label in pairs}
    drawn = np.bincount([label_of[key] for key in fingerprints(images)], minlength=10)
    share = np.bincount(digits.training.labels, minlength=10) * (200 / len(digits.training))
    assert np.abs(drawn - share).max() <= 1


def test_the_seed_decides(digits: Dataset) -> None:
    first, again, other = (representative_images(digits, 50, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert set(fingerprints(first)) != set(fingerprints(other))


def test_all_training_images_may_be_asked_for_and_no_more(digits: Dataset) -> None:
    few = replace(digits, training=digits.training.take(np.arange(300)))
    assert len(representative_images(few, 300)) == 300
    for count in (301, 9):
        with pytest.raises(DataError, match=f"cannot draw {count} .* 300 training images"):
            representative_images(few, count)


def test_a_missing_digit_is_named(digits: Dataset) -> None:
    training = digits.training.take(np.flatnonzero(digits.training.labels != 7))
    with pytest.raises(DataError, match="show no 7;"):
        representative_images(replace(digits, training=training), 100)


def test_the_same_image_again_and_again_is_refused(digits: Dataset) -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 10)
    same = Split(np.repeat(digits.training.images[:1], 100, axis=0), labels)
    with pytest.raises(DataError, match="of 50 representative images only 1 differ"):
        representative_images(replace(digits, training=same), 50)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: x.astype(np.float64), "float32 .* not float64"),
        (lambda x: x[..., 0], r"not float32 \(20, 28, 28\)"),
        (lambda x: x * 255, "span 0 to 1"),
        (lambda x: x / 255, "span 0 to 1"),
        (lambda x: x - 0.5, "span 0 to 1"),
        (lambda x: np.where(x > 0.5, np.float32(np.nan), x), "NaN"),
    ],
)
def test_wrongly_prepared_images_are_refused(digits: Dataset, change: object, reason: str) -> None:
    images = representative_images(digits, 20)
    check_representative(images)
    with pytest.raises(DataError, match=reason):
        check_representative(change(images))  # type: ignore[operator]
