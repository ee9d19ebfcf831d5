"""Accuracy on other people's digits: each set of a folder through our own normalisation.

What a file is, its name tells: the sets come as their authors published them, and none is a part of the product.
"""

import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import decode_image
from mnist_edge.classes import DIGITS
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Split
from mnist_edge.errors import DataError
from mnist_edge.evaluate import load_predictor, predict, score
from mnist_edge.formats import npz
from mnist_edge.formats.form import ink_of, look_at
from mnist_edge.formats.raw import grey
from mnist_edge.formats.unipen import draw, read_unipen
from mnist_edge.idx import read_bytes
from mnist_edge.normalisation import normalise
from mnist_edge.progress import Progress, no_progress
from mnist_edge.untrusted import errors_as

# Of the pairs of digits that a model confuses, so many are named.
PAIRS = 3
# Pen paths are drawn with this share of the digit's longer side: MNIST's own strokes have it.
PEN = 0.12
_BOXED = re.compile(r".*/annotations/.*\.json")

Pictures = list[NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class SetFigures:
    """A model's figures on one set.

    Attributes:
        name: Of the file.
        images: How many digits.
        correct: How many have their label as top-1.
        accuracy: `correct / images`.
        ece: Expected calibration error, 0 to 1.
        refused: The share that the model takes for no digit, 0 to 1; None where it refuses none.
        confused: The pairs that it confuses most: true, said, images.
        confusion: `confusion[true][said]` counts images.
    """

    name: str
    images: int
    correct: int
    accuracy: float
    ece: float
    refused: float | None
    confused: tuple[tuple[int, int, int], ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return asdict(self)


def read_set(path: Path) -> Split | None:
    """Read a set of digits and normalise each; None where the file's name is that of none.

    Raises:
        DataError: It is damaged, or a digit has no ink.
    """
    for pattern, read in _READERS:
        if re.fullmatch(pattern, path.name):
            return read(path)
    return None


def evaluate_sets(
    model: str | Path, folder: Path, runtime: str | None = None, progress: Progress = no_progress
) -> tuple[SetFigures, ...]:
    """Evaluate a model on each set of a folder.

    Args:
        model: A `.keras` or `.tflite` file, or the name of a model that ships.
        folder: Of the sets.
        runtime: For a `.tflite`; None takes the first that works.
        progress: Receives the number of files done.

    Raises:
        DataError: There is no set in the folder, or a damaged one.
        ModelError: There is no such model, or it does not tell digits.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder of digit sets")
    predictor = load_predictor(model, runtime=runtime)
    found, files = [], sorted(path for path in folder.iterdir() if path.is_file())
    for done, path in enumerate(files, 1):
        if split := read_set(path):
            probabilities = predict(predictor, split)
            digits = predictor.is_digit(probabilities) if isinstance(predictor, Classifier) else None
            found.append(_figures(path.name, probabilities, split.labels, digits))
        progress(done, len(files), path.name)
    if not found:
        raise DataError(f"{folder} holds no digit set; it has: {', '.join(path.name for path in files) or 'nothing'}")
    return tuple(found)


def _figures(
    name: str, probabilities: NDArray[np.float32], labels: NDArray[np.uint8], digits: NDArray[np.bool_] | None
) -> SetFigures:
    result = score(probabilities, labels, "", "", classes=DIGITS)
    confused = sorted(
        ((true, said, count) for true, row in enumerate(result.confusion) for said, count in enumerate(row)
         if count and true != said),
        key=lambda pair: -pair[2],
    )  # fmt: skip
    return SetFigures(
        name=name,
        images=result.images,
        correct=result.correct,
        accuracy=result.accuracy,
        ece=result.ece,
        refused=None if digits is None else float(1 - digits.mean()),
        confused=tuple(confused[:PAIRS]),
        confusion=result.confusion,
    )


def _normalised(pictures: Pictures, labels: list[int] | NDArray[Any], path: Path) -> Split:
    """Ink from each picture's own background, by the one polarity of the set, then MNIST's normalisation."""
    look = look_at({"all": _Several(pictures)})
    images = np.stack([normalise(ink_of(picture, look)) for picture in pictures])
    return _split(images, labels, path)


def _split(images: NDArray[np.uint8], labels: list[int] | NDArray[Any], path: Path) -> Split:
    numbers = np.asarray(labels)
    if numbers.min() < 0 or numbers.max() > 9:
        raise DataError(f"{path.name} has labels from {numbers.min()} to {numbers.max()}, not 0 to 9")
    return Split(images[..., None], numbers.astype(np.uint8))


@dataclass(frozen=True, slots=True)
class _Several:
    """Pictures of any size, as `look_at` takes them."""

    pictures: Pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def each(self, step: int = 1) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        for number in range(0, len(self.pictures), step):
            yield f"image {number}", self.pictures[number]


def _text(path: Path) -> str:
    return read_bytes(path).decode("ascii")


def _usps(path: Path) -> Split:
    """A line for each digit: its label, then 16x16 grey values from -1 (background) to 1."""
    rows = np.array([line.split() for line in _text(path).splitlines()], np.float32)
    pixels = np.rint((rows[:, 1:].reshape(-1, 16, 16) + 1) * 127.5).astype(np.uint8)
    return _normalised(list(pixels), rows[:, 0].astype(int), path)


def _optdigits(path: Path) -> Split:
    """After a header, 32 lines of 32 zeros and ones for each digit, then its label."""
    lines = [line.strip() for line in _text(path).splitlines()]
    lines = lines[next(k for k, line in enumerate(lines) if re.fullmatch("[01]{32}", line)) :]
    digits = [lines[k : k + 33] for k in range(0, len(lines) - 32, 33)]
    pictures = [np.array([list(row) for row in digit[:32]], np.uint8) * np.uint8(255) for digit in digits]
    return _normalised(pictures, [int(digit[32]) for digit in digits], path)


def _pen_paths(path: Path) -> Split:
    digits = read_unipen(read_bytes(path), path.name)
    return _split(np.stack([draw(digit, PEN) for digit in digits]), [digit.label for digit in digits], path)


def _arrays(path: Path) -> Split:
    """Keras' arrays, or `images` and `labels`, of all parts together."""
    (candidate,) = npz.find(path.parent, [path.name])
    parts = candidate.read(no_progress).parts.values()
    pictures = [grey(picture) for part in parts for _, picture in part.pictures.each()]
    return _normalised(pictures, np.concatenate([part.labels for part in parts]), path)


def _boxed_fields(path: Path) -> Split:
    """Pictures of whole fields in a `.tar.gz`, with a box around each digit in COCO's form."""
    pictures: Pictures = []
    labels: list[int] = []
    with tarfile.open(fileobj=io.BytesIO(read_bytes(path))) as archive:
        members = {member.name: member for member in archive.getmembers() if member.isfile()}
        content = {name: archive.extractfile(member) for name, member in members.items()}
        fields = {name.rpartition("/")[2]: file for name, file in content.items()}
        for name in sorted(filter(_BOXED.fullmatch, content)):
            document = json.load(content[name])  # type: ignore[arg-type]
            names = {one["id"]: one["file_name"] for one in document["images"]}
            said = {one["id"]: int(one["name"]) for one in document["categories"]}
            read = {key: grey(decode_image(fields[file].read(), file)[..., ::-1]) for key, file in names.items()}  # type: ignore[union-attr]
            for box in document["annotations"]:
                x, y, width, height = (round(value) for value in box["bbox"])
                pictures.append(read[box["image_id"]][max(y, 0) : y + height, max(x, 0) : x + width])
                labels.append(said[box["category_id"]])
    return _normalised(pictures, labels, path)


def _guarded(read: Callable[[Path], Split]) -> Callable[[Path], Split]:
    def reader(path: Path) -> Split:
        with errors_as(DataError, path.name, "take it out of the folder, or fetch it again"):
            return read(path)

    return reader


# By the file's name, what reads it. The training strokes of Pendigits may be trained on, so they measure nothing.
_READERS: tuple[tuple[str, Callable[[Path], Split]], ...] = tuple(
    (pattern, _guarded(read))
    for pattern, read in (
        (r"usps.*\.(gz|txt)", _usps),
        (r"optdigits-orig\..*", _optdigits),
        (r"pendigits-orig\.tes(\.gz)?", _pen_paths),
        (r".*\.npz", _arrays),
        (r".*\.tar\.gz", _boxed_fields),
    )
)
