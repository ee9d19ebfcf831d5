"""Sets of digits as their authors published them, here of a few digits each, made of known ones."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge.benchmarks.sets import evaluate_sets, read_set
from mnist_edge.cli import app
from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import DataError
from mnist_edge.normalisation import normalise

FEW = 30


@pytest.fixture
def few(digits: Dataset) -> Split:
    return digits.test.take(np.arange(FEW))


def usps(split: Split) -> tuple[str, bytes]:
    """16x16 grey, from -1 to 1, a line each."""
    small = [cv2.resize(image[4:24, 4:24, 0], (16, 16), interpolation=cv2.INTER_AREA) for image in split.images]
    lines = [
        f"{label} {' '.join(f'{v / 127.5 - 1:.3f}' for v in image.ravel())}"
        for label, image in zip(split.labels, small, strict=True)
    ]
    return "usps-zip.test.gz", gzip.compress("\n".join(lines).encode())


def optdigits(split: Split) -> tuple[str, bytes]:
    """32x32 zeros and ones, with a header."""
    lines = ["BU handwritten digit database", "", "ntot = 30"]
    for image, label in zip(split.images, split.labels, strict=True):
        bits = np.pad(image[..., 0] > 100, 2).astype(int)
        lines += ["".join(map(str, row)) for row in bits] + [f" {label}"]
    return "optdigits-orig.windep.gz", gzip.compress("\n".join(lines).encode())


def arrays(split: Split) -> tuple[str, bytes]:
    """Dark ink on light paper."""
    file = io.BytesIO()
    np.savez(file, images=245 - split.images[..., 0] // 2, labels=split.labels)
    return "cvl.npz", file.getvalue()


def boxes(split: Split) -> tuple[str, bytes]:
    """All digits side by side on one picture, with their boxes."""
    paper = np.hstack([np.pad(image[..., 0], 6) for image in split.images])
    annotations = [
        {"image_id": 7, "category_id": int(label) + 1, "bbox": [40 * number + 2, 1, 36, 37]}
        for number, label in enumerate(split.labels)
    ]
    document = {
        "images": [{"id": 7, "file_name": "a.png"}],
        "categories": [{"id": digit + 1, "name": str(digit)} for digit in range(10)],
        "annotations": annotations,
    }
    content = {
        "set/images/a.png": cv2.imencode(".png", 240 - paper // 2)[1].tobytes(),
        "set/annotations/all.json": json.dumps(document).encode(),
    }
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, stored in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(stored)
            archive.addfile(entry, io.BytesIO(stored))
    return "fields.tar.gz", file.getvalue()


# Two of the forms keep fewer pixels or bits than there were: each digit is still most like one of its label.
@pytest.mark.parametrize(("make", "alike"), [(usps, 0.6), (optdigits, 0.6), (arrays, 0.97), (boxes, 0.97)])
def test_every_form_gives_the_digits_that_it_was_made_of(
    make: Callable[[Split], tuple[str, bytes]], alike: float, few: Split, tmp_path: Path
) -> None:
    name, content = make(few)
    (tmp_path / name).write_bytes(content)
    found = read_set(tmp_path / name)
    assert found and np.array_equal(found.labels, few.labels)
    expected = np.stack([normalise(source[..., 0]) for source in few.images]).reshape(FEW, -1)
    likeness = np.corrcoef(found.images.reshape(FEW, -1), expected)[:FEW, FEW:]
    assert np.array_equal(few.labels[likeness.argmax(axis=1)], few.labels) and likeness.diagonal().min() > alike


def test_a_model_is_measured_on_each_set_of_a_folder(few: Split, tmp_path: Path) -> None:
    for make in (usps, arrays):
        name, content = make(few)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "README.md").write_text("no set")
    found = evaluate_sets("small", tmp_path)
    assert [figures.name for figures in found] == ["cvl.npz", "usps-zip.test.gz"]
    for figures in found:
        assert figures.images == FEW and figures.correct == np.trace(figures.confusion) and figures.accuracy > 0.5
        wrong = [count for true, said, count in figures.confused if true != said]
        assert len(wrong) == len(figures.confused) <= 3 and wrong == sorted(wrong, reverse=True)
        assert figures.refused is not None and 0 <= figures.refused <= 1


def test_the_command_prints_a_table_and_a_document(few: Split, tmp_path: Path) -> None:
    name, content = arrays(few)
    (tmp_path / name).write_bytes(content)
    run = CliRunner().invoke(app, ["evaluate", "nano", "--sets", str(tmp_path)])
    assert run.exit_code == 0 and "cvl.npz" in run.output and "mean of 1 sets" in run.output
    document = json.loads(CliRunner().invoke(app, ["evaluate", "nano", "--sets", str(tmp_path), "--json"]).output)
    assert document["model"] == "nano.int8.tflite" and document["sets"][0]["images"] == FEW
    both = CliRunner().invoke(app, ["evaluate", "nano", "--sets", str(tmp_path), "--data", str(tmp_path)])
    assert both.exit_code == 2 and "without --data" in both.output


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("usps-zip.test.gz", gzip.compress(b"1 2 3\n"), "is damaged"),
        ("optdigits-orig.tes", b"no digits\n", "is damaged"),
        ("pendigits-orig.tes", b"no digits\n", "holds no digits"),
        ("fields.tar.gz", b"nothing", "is damaged"),
        ("notes.txt", b"hello", "holds no digit set; it has: notes.txt"),
    ],
)
def test_what_is_no_set_is_told_in_one_line(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says) as raised:
        evaluate_sets("nano", tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder of digit sets"):
        evaluate_sets("nano", tmp_path / "none")
