from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.dataset import load

Few = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Error = Callable[[Path], str]
Same = Callable[..., bool]


def save(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def test_one_pair_of_arrays_is_split_in_a_stated_way(tmp_path: Path, few: Few, same: Same) -> None:
    data = load(save(tmp_path / "mine.npz", images=few[0], labels=few[1].astype(np.int64), writers=np.arange(80)))
    assert same(few, data.training, data.validation, data.test)
    assert [len(one) for one in (data.training, data.validation, data.test)] == [52, 12, 16]
    assert "12 for validation and 16 for test are drawn from the 80 training images" in data.notes[-1]
    assert "by seed 2026" in data.notes[-1]
    assert data.name == "mine.npz"


def test_validation_that_is_given_stays(tmp_path: Path, few: Few, same: Same) -> None:
    images, labels = few
    arrays = {f"{part}_{kind}": array for part in ("train", "val", "test") for kind, array in
              (("images", images[..., None]), ("labels", labels[:, None]))}  # fmt: skip
    data = load(save(tmp_path / "digits.npz", **arrays))
    for split in (data.training, data.validation, data.test):
        assert same(few, split)
    assert not any("drawn" in note for note in data.notes)


def test_fractions_are_from_0_to_1(tmp_path: Path, few: Few, same: Same, error: Error) -> None:
    images, labels = few
    data = load(save(tmp_path / "a.npz", images=images / 255, labels=labels))
    assert same(few, data.training, data.validation, data.test)
    assert "fractions from 0 to 1" in error(save(tmp_path / "b.npz", images=images / 1.0, labels=labels))


def test_kmnists_pairs_of_files_belong_together(tmp_path: Path, few: Few, same: Same, error: Error) -> None:
    for part in ("train", "test"):
        save(tmp_path / f"digits-{part}-imgs.npz", arr_0=few[0])
        save(tmp_path / f"digits-{part}-labels.npz", arr_0=few[1])
    assert same(few, load(tmp_path).test)
    (tmp_path / "digits-test-labels.npz").unlink()
    assert "is alone" in error(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"images": np.zeros((20, 28, 28), np.uint8)}, "needs x_train"),
        ({"images": np.zeros((20, 28), np.uint8), "labels": np.arange(20)}, "height x width"),
        ({"images": np.zeros((20, 28, 28), np.uint8), "labels": np.arange(19)}, "20 images but 19 labels"),
        ({"images": np.zeros((20, 28, 28), np.uint8), "labels": np.arange(20)}, "has too few images"),
        ({"images": np.zeros((4, 28, 28), np.uint8), "labels": np.arange(4)}, "10 are the least"),
        ({"images": np.zeros((0, 28, 28), np.uint8), "labels": np.arange(0)}, "no images"),
        ({"images": np.array([np.zeros((2, 2)), np.zeros((3, 3))], object), "labels": np.arange(2)}, "damaged"),
    ],
)
def test_arrays_that_make_no_data_set(tmp_path: Path, error: Error, arrays: dict[str, Any], reason: str) -> None:
    assert reason in error(save(tmp_path / "mine.npz", **arrays))


def test_a_class_of_the_test_images_alone_is_named(tmp_path: Path, few: Few, error: Error) -> None:
    images, labels = few
    no_nine = labels != 9
    path = save(tmp_path / "a.npz", x_train=images[no_nine], y_train=labels[no_nine], x_test=images, y_test=labels)
    assert "the test images have the label 9, which no training image has" in error(path)
