import gzip
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.errors import DataError
from mnist_edge.idx import IMAGES_MAGIC, LABELS_MAGIC, parse, read_bytes

LABELS = b"\x00\x00\x08\x01\x00\x00\x00\x03\x07\x02\x01"


def test_labels_and_images_are_parsed() -> None:
    assert parse(LABELS, LABELS_MAGIC, Path("x")).tolist() == [7, 2, 1]
    images = b"\x00\x00\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 3, 4)) + bytes(range(24))
    parsed = parse(images, IMAGES_MAGIC, Path("x"))
    assert parsed.shape == (2, 3, 4)
    assert parsed[1, 2, 3] == 23


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LABELS[:-1], "asks for 3 bytes, it holds 2"),
        (LABELS + b"\x00", "asks for 3 bytes, it holds 4"),
        (b"\x00\x00\x08\x03" + LABELS[4:], "starts with 00000803, not 00000801"),
        (b"\x00", "starts with 00, not 00000801"),
        (b"\x00\x00\x08\x01\xff\xff\xff\xff", "asks for 4294967295 bytes"),
    ],
)
def test_damage_is_named_with_its_file(content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        parse(content, LABELS_MAGIC, Path("train-labels"))
    assert "train-labels" in str(caught.value)


def test_gzip_is_recognised_by_content_not_by_name(tmp_path: Path) -> None:
    for name, content in (("plain.gz", LABELS), ("zipped", gzip.compress(LABELS))):
        (tmp_path / name).write_bytes(content)
        assert read_bytes(tmp_path / name) == LABELS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(LABELS * 100)[:-20], "damaged"),
        (gzip.compress(np.random.default_rng(0).bytes(999))[:200] + b"\x00" * 99, "damaged"),
    ],
    # Content as a name would change with the time in the gzip header, and two processes disagree about the names.
    ids=["nothing", "compressed nothing", "cut short", "followed by zeros"],
)
def test_empty_and_truncated_files_are_distinguished(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "labels.gz").write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_bytes(tmp_path / "labels.gz")


def test_what_is_larger_than_any_data_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_edge.idx.MAX_BYTES", 1000)
    (tmp_path / "large").write_bytes(bytes(100_000))
    with pytest.raises(DataError, match="no data set"):
        read_bytes(tmp_path / "large")
