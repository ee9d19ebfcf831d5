import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import load

Few = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Error = Callable[[Path], str]


def idx(array: NDArray[np.generic], kind: int = 8) -> bytes:
    return bytes([0, 0, kind, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def emnist(folder: Path, name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """The files of EMNIST: images lie on their side."""
    for part in ("train", "test"):
        stem = folder / f"emnist-{name}-{part}"
        Path(f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images.swapaxes(1, 2).copy())))
        Path(f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))


def test_emnist_is_turned_upright(tmp_path: Path, few: Few, same: Callable[..., bool]) -> None:
    emnist(tmp_path, "digits", *few)
    data = load(tmp_path)
    assert same(few, data.test)
    assert same(few, data.training, data.validation)
    assert any("transposed" in note for note in data.notes)


def test_of_several_sets_in_a_folder_a_file_chooses_one(tmp_path: Path, few: Few, error: Error) -> None:
    images, labels = few
    emnist(tmp_path, "digits", images, labels)
    emnist(tmp_path, "mnist", images[::2], labels[::2])
    said = error(tmp_path)
    assert "2 data sets" in said and "emnist-digits-*" in said and "emnist-mnist-*" in said
    assert len(load(tmp_path / "emnist-mnist-test-labels-idx1-ubyte.gz").test) == 40


def test_an_incomplete_set_names_the_file_that_lacks(tmp_path: Path, few: Few, error: Error) -> None:
    emnist(tmp_path, "digits", *few)
    (tmp_path / "emnist-digits-test-labels-idx1-ubyte.gz").unlink()
    assert "has no emnist-digits-test-labels-idx1-ubyte.gz" in error(tmp_path)
    for part in tmp_path.glob("*-train-*"):
        part.unlink()
    (tmp_path / "emnist-digits-test-labels-idx1-ubyte").write_bytes(idx(few[1]))
    assert "no training images, only those for test" in error(tmp_path)


def test_the_labels_of_qmnist_are_the_first_of_eight_numbers(
    tmp_path: Path, few: Few, same: Callable[..., bool], error: Error
) -> None:
    images, labels = few
    long = np.zeros((len(labels), 8), ">i4")
    long[:, 0], long[:, 1:] = labels, 1_000_000
    for part in ("train", "test"):
        (tmp_path / f"qmnist-{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"qmnist-{part}-labels-idx2-int.gz").write_bytes(gzip.compress(idx(long, 12)))
    assert same(few, load(tmp_path).test)
    (tmp_path / "qmnist-test-labels-idx2-int.gz").write_bytes(idx(long, 12)[:-4])
    assert "is truncated" in error(tmp_path)


def test_an_unpacked_copy_beside_the_packed_one_is_no_second_set(tmp_path: Path, few: Few) -> None:
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", few[0]), ("labels-idx1", few[1])):
            (tmp_path / f"{part}-{kind}-ubyte").write_bytes(idx(array))
            (tmp_path / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(idx(array)))
    assert len(load(tmp_path).test) == 80


def test_one_class_makes_no_data_set(tmp_path: Path, few: Few, error: Error) -> None:
    emnist(tmp_path, "digits", few[0], np.full(80, 3, np.uint8))
    assert "there is one class only, 3" in error(tmp_path)
