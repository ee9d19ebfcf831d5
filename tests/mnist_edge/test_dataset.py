import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.dataset import Dataset, Split, load, sklearn_digits, stratified
from mnist_edge.errors import DataError

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: NDArray[np.uint8]) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four IDX files that are not MNIST: 200 training and 50 test images."""
    rng = np.random.default_rng(0)
    for stem, count in (("train", 200), ("t10k", 50)):
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        (tmp_path / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path


def test_other_idx_files_are_accepted_with_a_note(folder: Path) -> None:
    data = load(folder)
    assert data.name == folder.name
    assert "is not MNIST" in data.notes[0]
    assert (len(data.training), len(data.validation), len(data.test)) == (160, 40, 50)


def test_npz_and_idx_give_the_same_data(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("npz")
    data = load(folder)
    images = np.concatenate([data.training.images, data.validation.images])[..., 0]
    labels = np.concatenate([data.training.labels, data.validation.labels])
    np.savez(
        other / "mnist.npz",
        x_train=images,
        y_train=labels,
        x_test=data.test.images[..., 0],
        y_test=data.test.labels.astype(np.int64),
    )
    from_npz = load(other)
    assert np.array_equal(from_npz.test.images, data.test.images)
    assert sorted(from_npz.training.labels) == sorted(data.training.labels)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (NAMES[0] + ".gz", b"", "is empty"),
        (NAMES[1], idx(np.zeros(199, np.uint8)), "200 images but 199 labels"),
        (NAMES[1], idx(np.full(200, 10, np.uint8)), "one class only, 10"),
        (NAMES[0] + ".gz", idx(np.zeros((200, 32, 32), np.uint8)), "2 sizes from 28x28 to 32x32"),
        (NAMES[2] + ".gz", idx(np.zeros((0, 28, 28), np.uint8)), "0 images but 50 labels"),
    ],
)
def test_bad_files_are_named(folder: Path, name: str, content: bytes, reason: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        load(folder)
    assert str(folder) in str(caught.value)


def test_missing_files_and_folders_are_named(folder: Path) -> None:
    (folder / NAMES[3]).unlink()
    with pytest.raises(DataError, match=r"has no t10k-labels-idx1-ubyte\.gz"):
        load(folder)
    with pytest.raises(DataError, match="no folder"):
        load(folder / "nowhere")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no archive"])
def test_damaged_npz_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mnist\.npz is damaged"):
        load(tmp_path)


def test_npz_with_pickles_floats_or_missing_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=np.zeros((9, 28, 28)))
    with pytest.raises(DataError, match="y_train"):
        load(path)
    keys = ("x_train", "y_train", "x_test", "y_test")
    np.savez(path, **{key: np.array([{}], object) for key in keys})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="damaged"):
        load(path)
    np.savez(path, **{key: np.zeros((9, 28, 28)) for key in keys})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="whole numbers"):
        load(path)


def test_stratified_draws_keep_the_shares_and_do_not_overlap() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), np.arange(10, 110, 10))
    kept, drawn = stratified(labels, 55, seed=1)
    assert np.bincount(labels[drawn]).tolist() == list(range(1, 11))
    assert sorted([*kept, *drawn]) == list(range(len(labels)))
    assert drawn.tolist() == stratified(labels, 55, seed=1)[1].tolist()
    assert drawn.tolist() != stratified(labels, 55, seed=2)[1].tolist()


@pytest.mark.parametrize("count", [0, 10, 11])
def test_impossible_draws_are_refused(count: int) -> None:
    with pytest.raises(DataError):
        stratified(np.zeros(10, np.uint8), count, seed=0)


def test_the_validation_split_only_grows(digits: Dataset) -> None:
    more = digits.with_validation(len(digits.validation) + 50)
    assert len(more.validation) == len(digits.validation) + 50
    assert len(more.training) == len(digits.training) - 50
    assert np.array_equal(more.validation.images[: len(digits.validation)], digits.validation.images)
    assert digits.with_validation(10) is digits


def test_splits_share_no_image(digits: Dataset) -> None:
    held = {image.tobytes() for image in digits.training.images}
    shared = sum(image.tobytes() in held for image in digits.validation.images)
    # scikit-learn's 8x8 digits repeat themselves a little; MNIST's training images do not.
    assert shared <= 0.02 * len(digits.validation)


def test_mnist_has_its_known_content(digits: Dataset) -> None:
    if digits.name != "MNIST":
        pytest.skip("needs MNIST: set MNIST_EDGE_DATA")
    assert digits.notes == ()
    assert (len(digits.training), len(digits.validation), len(digits.test)) == (55_000, 5_000, 10_000)
    assert np.bincount(digits.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_bundled_digits_look_like_mnist() -> None:
    data = sklearn_digits()
    assert len(data.training) + len(data.validation) + len(data.test) == 1797
    assert set(data.test.labels) == set(range(10))
    assert "scikit-learn" in data.notes[0]
    rows = data.training.images[..., 0].any(axis=2).sum(axis=1)
    columns = data.training.images[..., 0].any(axis=1).sum(axis=1)
    assert set(np.maximum(rows, columns)) <= {20, 21, 22}


def test_a_split_checks_its_arrays() -> None:
    with pytest.raises(DataError, match="shape"):
        Split(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    with pytest.raises(DataError, match="no images"):
        Split(np.zeros((0, 28, 28, 1), np.uint8), np.zeros(0, np.uint8))
