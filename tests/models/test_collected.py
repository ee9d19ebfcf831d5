"""Reading what the camera collected: what counts, what is skipped, and what leads elsewhere."""

import json
import os
import struct
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnist_edge.errors import DataError
from mnist_edge.models.collected import LIST, MAX_BYTES, MIN_IMAGES, CollectedDigits, read_collected


def digit(number: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A picture that tells its number."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[10:18, 10:18] = 200
    pixels[0, 0] = number
    return pixels


class Folder:
    """A folder as the camera leaves it, with `count` digits to learn from, or to spoil."""

    def __init__(self, path: Path, count: int = 0) -> None:
        self.path, self.number = path, 0
        path.mkdir()
        for _ in range(count):
            self.add()

    def add(self, **more: Any) -> dict[str, Any]:
        self.number += 1
        name = f"{self.number}.png"
        Image.fromarray(digit(self.number)).save(self.path / name)
        line = {"item": str(self.number), "image": name, "label": self.number % 10, "confidence": 0.99}
        self.write(line | {"corrected": None} | more)
        return line

    def write(self, line: Any) -> None:
        with (self.path / LIST).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def read(self) -> CollectedDigits:
        return read_collected(self.path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "collected", MIN_IMAGES)


def test_the_models_own_label_counts_where_it_was_sure(folder: Folder) -> None:
    folder.add(confidence=0.94)
    folder.add(label=None, confidence=None, reason="low confidence")
    extra = folder.read()
    assert extra.images.shape == (MIN_IMAGES, 28, 28, 1) and extra.images.dtype == np.uint8
    assert extra.images[:, 0, 0, 0].tolist() == list(range(1, MIN_IMAGES + 1))
    assert extra.labels.tolist() == [k % 10 for k in range(1, MIN_IMAGES + 1)]
    assert extra.corrected == 0
    assert dict(extra.skipped) == {"unsure, not corrected": 1, "refused, not corrected": 1}


def test_the_last_line_about_an_item_counts(folder: Folder) -> None:
    unsure = folder.add(confidence=0.5)
    refused = folder.add(label=None, confidence=None)
    folder.write(unsure | {"corrected": 3})
    folder.write(refused | {"corrected": -1})
    folder.write(unsure | {"corrected": 8})
    extra = folder.read()
    assert extra.labels[-2:].tolist() == [8, -1]
    assert (len(extra), extra.corrected, extra.skipped) == (MIN_IMAGES + 2, 2, ())


def test_half_a_last_line_and_other_damage_is_skipped(folder: Folder) -> None:
    with (folder.path / LIST).open("ab") as file:
        file.write(
            b'\n\xff\xfe\n[]\n7\nnull\n{"image": "1.png"}\n{"item": 7}\n' + b"[" * 100_000 + b'\n{"item": "1", "im'
        )
    extra = folder.read()
    assert len(extra) == MIN_IMAGES
    assert dict(extra.skipped) == {"damaged line": 9}


NONSENSE: list[tuple[str, list[Any]]] = [
    ("label", [10, -1, "7", 7.0, True, [7], {}]),
    ("corrected", [10, -2, "7", 7.0, True, [7], {}]),
    ("confidence", [None, "1", float("nan"), float("inf"), [1], {}]),
]


@pytest.mark.parametrize("more", [{name: value} for name, values in NONSENSE for value in values])
def test_labels_that_make_no_sense(folder: Folder, more: dict[str, Any]) -> None:
    folder.add(**more)
    extra = folder.read()
    assert len(extra) == MIN_IMAGES
    assert sum(count for _, count in extra.skipped) == 1


def test_names_that_lead_elsewhere_are_never_followed(folder: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.fromarray(digit(99)).save(outside)
    (folder.path / "inner").mkdir()
    Image.fromarray(digit(98)).save(folder.path / "inner" / "in.png")
    (folder.path / "link.png").symlink_to(outside)
    os.mkfifo(folder.path / "pipe.png")
    names = ("../outside.png", str(outside), "inner/in.png", "inner", "link.png", "pipe.png", "gone.png")
    for k, name in enumerate((*names, "", ".", "..", "a\0b.png", "x" * 5000, 7, None, ["1.png"])):
        folder.write({"item": f"hostile{k}", "image": name, "label": 1, "confidence": 1.0})
    extra = folder.read()
    assert len(extra) == MIN_IMAGES
    assert not set(extra.images[:, 0, 0, 0].tolist()) & {98, 99}
    assert sum(count for _, count in extra.skipped) == 15


def test_damaged_pictures_are_skipped(folder: Folder) -> None:
    sound = (folder.path / "1.png").read_bytes()
    bomb = sound[:16] + struct.pack(">II", 60_000, 60_000) + sound[24:]
    header = struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    no_data = sound[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    damaged = {
        "empty": b"",
        "half": sound[: len(sound) // 2],
        "flipped": sound[:45] + bytes(255 - value for value in sound[45:60]) + sound[60:],
        "text": b"not a picture at all",
        "bomb": bomb,
        "no data": no_data,
        "long": sound + b"\0" * MAX_BYTES,
    }
    for name, content in damaged.items():
        line = folder.add()
        (folder.path / line["image"]).write_bytes(content)
        assert content != sound, name
    for picture, shape in ((digit(1)[:20], "L"), (digit(1), "RGB"), (digit(1), "I;16")):
        line = folder.add()
        Image.fromarray(picture).convert(shape).save(folder.path / line["image"])
    line = folder.add()
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(folder.path / line["image"])
    extra = folder.read()
    assert len(extra) == MIN_IMAGES
    assert dict(extra.skipped) == {"picture damaged": 10, "picture without ink": 1}


def test_too_few_are_an_error_that_says_why(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "few", MIN_IMAGES - 1)
    folder.add(confidence=0.3)
    with pytest.raises(DataError, match=r"holds 9 digits.*10 are the least \(skipped: 1 unsure.*camera --collect"):
        folder.read()


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_a_list(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "none"
    if made:
        folder.mkdir()
    with pytest.raises(DataError, match=r"none.* cannot be read .*mnist-edge camera --collect"):
        read_collected(folder)


def test_a_quarter_is_held_out_the_same_for_the_same_seed() -> None:
    labels = np.repeat([-1, 0, 7, 9], [20, 40, 60, 80])
    numbers = np.zeros((200, 28, 28, 1), np.uint8)
    numbers[:, 0, 0, 0] = np.arange(200)
    extra = CollectedDigits(numbers, labels)
    taught, held_out = extra.split(3)
    assert Counter(held_out.labels.tolist()) == {-1: 5, 0: 10, 7: 15, 9: 20}
    together = np.concatenate([taught.images, held_out.images])[:, 0, 0, 0]
    assert sorted(together.tolist()) == list(range(200))
    assert all(one.labels.tolist() == labels[one.images[:, 0, 0, 0]].tolist() for one in (taught, held_out))
    assert np.array_equal(extra.split(3)[1].images, held_out.images)
    assert not np.array_equal(extra.split(4)[1].images, held_out.images)


LETTERS = ("M", "H", "K")


def test_other_classes_are_known_by_their_names(folder: Folder) -> None:
    """Whatever place a class has in the network that read it, and whoever wrote the correction."""
    for line in (
        {"label": 7, "name": "H", "confidence": 0.99},
        {"label": 0, "name": "H", "confidence": 0.5, "corrected": 10, "corrected_name": "M"},
        {"label": 0, "name": "M", "confidence": 0.5, "corrected": "K"},
        {"label": 0, "name": "M", "confidence": 0.99, "corrected": -1},
        {"label": 3, "name": "Z", "confidence": 0.99},
        {"label": 1, "confidence": 0.99},
    ):
        for _ in range(4):
            folder.add(**line)
    extra = read_collected(folder.path, LETTERS)
    assert extra.classes == LETTERS and extra.take(np.array([0])).classes == LETTERS
    assert Counter(extra.labels.tolist()) == {1: 4, 0: 4, 2: 4, -1: 4}
    # Those of the folder itself are digits.
    assert dict(extra.skipped) == {"class is none of the network's": 8 + MIN_IMAGES}
    assert set(folder.read().labels.tolist()) <= set(range(-1, 10))
