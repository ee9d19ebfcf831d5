"""Data sets and metadata of unknown origin: one line each, and little memory."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import load
from mnist_edge.errors import DataError, ModelError
from mnist_edge.formats.npz import NPZ_KEYS
from mnist_edge.untrusted import errors_as, read_limited, unpacked_limit

MAX_GROWTH_MB = 300
LOAD = "from mnist_edge.dataset import load; load(Path(sys.argv[1]))"
METADATA = "from mnist_edge.metadata import read_metadata; read_metadata(Path(sys.argv[1]))"
Growth = Callable[[str, Path], tuple[float, str]]


def npz(path: Path, images: int = 60) -> bytes:
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (images, 28, 28), np.uint8), rng.integers(0, 10, images, np.uint8)
    np.savez_compressed(path, **dict(zip(NPZ_KEYS, (pixels, labels, pixels, labels), strict=True)))  # type: ignore[arg-type]
    return path.read_bytes()


@pytest.mark.parametrize("raised", [ValueError("two\nlines"), RecursionError(), MemoryError(), KeyError("x" * 999)])
def test_whatever_a_parser_raises_is_one_line(raised: Exception) -> None:
    with pytest.raises(DataError, match="file is damaged") as caught, errors_as(DataError, "file", "copy it again"):
        raise raised
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    assert str(caught.value).endswith("; copy it again")


def test_errors_of_ours_pass_unchanged() -> None:
    with pytest.raises(ModelError, match="no model"), errors_as(DataError, "file", "copy it again"):
        raise ModelError("no model")


def test_a_small_file_may_hold_blank_images_and_a_large_one_more() -> None:
    assert unpacked_limit(100) == 16 << 20 and unpacked_limit(10_000_000) == 500_000_000
    assert read_limited(io.BytesIO(bytes(1000)).read, 1000) == bytes(1000)
    with pytest.raises(ValueError, match="more than 0 MB"):
        read_limited(io.BytesIO(bytes(1001)).read, 1000)


def test_a_damaged_npz_is_one_line_or_sound(tmp_path: Path) -> None:
    path, rng = tmp_path / "mnist.npz", np.random.default_rng(1)
    sound = npz(path)
    refused = 0
    # Its first entry, its directory, and anywhere.
    for at in (*range(120), *range(len(sound) - 300, len(sound)), *rng.integers(0, len(sound), 100)):
        damaged = bytearray(sound)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            load(path)
        except DataError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 200


@pytest.mark.parametrize("key", NPZ_KEYS)
@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 28, 28), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 1099511627776), }",
        b"{'descr': '|V9000000000', 'fortran_order': False, 'shape': (1,), }",
        b"{'descr': " + b"(" * 5000,
        b"{'descr': 'O', 'shape': (1,)}",
        b"\xff\xfe",
    ],
)
def test_any_header_of_an_array_is_one_line(tmp_path: Path, key: str, header: bytes) -> None:
    path = tmp_path / "mnist.npz"
    npz(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[f"{key}.npy"] = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match=r"mnist\.npz"):
        load(path)


def test_an_npz_bomb_takes_little_memory(tmp_path: Path, growth: Growth) -> None:
    path = tmp_path / "mnist.npz"
    blank = np.zeros((150_000, 28, 28), np.uint8)
    np.savez_compressed(path, **dict.fromkeys(NPZ_KEYS, blank))  # type: ignore[arg-type]
    assert path.stat().st_size < 2_000_000
    grown, error = growth(LOAD, path)
    assert "unpacks to more than" in error and grown < MAX_GROWTH_MB


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_npz_that_is_packed_otherwise_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        for key in NPZ_KEYS:
            archive.writestr(f"{key}.npy", bytes(1000))
    with pytest.raises(DataError, match="only deflate"):
        load(path)


def test_a_gzip_bomb_takes_little_memory(tmp_path: Path, growth: Growth) -> None:
    for name in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(b"")
    with gzip.open(tmp_path / "train-images-idx3-ubyte.gz", "wb", 9) as file:
        for _ in range(400):
            file.write(bytes(1 << 20))
    grown, error = growth(LOAD, tmp_path)
    assert "unpacks to more than" in error and grown < MAX_GROWTH_MB


def test_metadata_that_is_a_bomb_takes_little_memory(tmp_path: Path, growth: Growth) -> None:
    path = tmp_path / "m.tflite"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("metadata.json", "w") as member:
        for _ in range(400):
            member.write(bytes(1 << 20))
    grown, error = growth(METADATA, path)
    assert "unpacks to more than" in error and grown < MAX_GROWTH_MB
