"""Everything that reads untrusted bytes, beside pictures: a sound file for each, and how it is read.

A damaged `.tflite` is refused by its checksum. Without one it is tried in a process of its own, which takes
half a second a case, so such files are no cases.
"""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mnist_edge.benchmarks.endurance import bombs
from mnist_edge.benchmarks.photo_labels import read_labels
from mnist_edge.camera.config import load_settings
from mnist_edge.camera.control_requests import parse_request
from mnist_edge.camera.sources.capture import Capture, open_video
from mnist_edge.camera.sources.piped import PipeCapture
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import load
from mnist_edge.errors import DataError, UsageError
from mnist_edge.formats.npz import NPZ_KEYS
from mnist_edge.formats.pictures import decode
from mnist_edge.idx import IMAGES_MAGIC, parse, read_bytes
from mnist_edge.keras_files import load_keras_model
from mnist_edge.metadata import CHECKSUM_BYTES, with_checksum
from mnist_edge.models.collected import LIST, read_collected
from mnist_edge.opencv import cv2
from mnist_edge.optional_packages import require
from mnist_edge.run_folders import SETTINGS, read_run
from mnist_edge.shipped_models import resolve_shipped

# Frames of a video or a stream that are read, and the most pixels of one.
FRAMES, MAX_PIXELS = 40, 1_000_000
# Width and height of a bomb.
LARGE = (15_000, 15_000)


@dataclass(frozen=True, slots=True)
class FileReader:
    """What reads one kind of file.

    Attributes:
        name: Name of the file.
        sound: Makes the bytes of a file without damage.
        read: Takes a path; raises `MnistEdgeError` where the file is damaged.
    """

    name: str
    sound: Callable[[], bytes]
    read: Callable[[Path], object]


def _jpeg() -> bytes:
    return bytes(cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))[1])


def _idx() -> bytes:
    return IMAGES_MAGIC.to_bytes(4, "big") + b"".join(n.to_bytes(4, "big") for n in (20, 28, 28)) + bytes(20 * 784)


def _npz() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8)
    labels = np.arange(60, dtype=np.uint8) % 10
    buffer = io.BytesIO()
    arrays = dict(zip(NPZ_KEYS, (pixels, labels, pixels, labels), strict=True))
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _csv() -> bytes:
    rows = np.random.default_rng(0).integers(0, 256, (60, 65))
    rows[:, 0] = np.arange(60) % 10
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    rows = {"image": [{"bytes": _jpeg(), "path": None}] * 60, "label": [row % 10 for row in range(60)]}
    require("pyarrow.parquet", extra="parquet").write_table(require("pyarrow", extra="parquet").table(rows), buffer)
    return buffer.getvalue()


def _labels() -> bytes:
    digits = [{"label": label, "box": [label, 2, 3, 4]} for label in range(10)]
    row = {"file": "a.png", "tags": ["x"], "ignore": [[1, 2, 3, 4]], "reading_order_text": ["12"], "digits": digits}
    return json.dumps([row, row]).encode()


def _collected() -> bytes:
    line = {"item": "1", "image": "1.png", "label": 3, "confidence": 0.99, "corrected": 4}
    return b"".join(json.dumps(line | {"item": str(number)}).encode() + b"\n" for number in range(12))


def _configuration() -> bytes:
    return b'source = "rtsp://camera/1"\nrate = 5.5\nthreads = 2\nserve = 8080\ncrop = "1,2,3,4"\nrecord = "a.mp4"\n'


def _control_request() -> bytes:
    return json.dumps({"paused": True, "min_confidence": 0.5, "correct": {"track": 1, "label": 2}}).encode()


def _settings() -> bytes:
    return json.dumps({"recipe": {"name": "small"}, "data": {"name": "MNIST", "sha256": "0", "path": "/x"}}).encode()


def _read_idx(path: Path) -> None:
    parse(read_bytes(path), IMAGES_MAGIC, path)


def _read_video(path: Path) -> None:
    _play(open_video(path, 10.0, MAX_PIXELS))


def _read_pipe(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _play(PipeCapture(descriptor, None, None, MAX_PIXELS))
    finally:
        os.close(descriptor)


def _play(capture: Capture) -> None:
    try:
        for _ in range(FRAMES):
            if not capture.read()[0]:
                break
    finally:
        capture.release()


def _read_request(path: Path) -> None:
    try:
        parse_request(path.read_bytes())
    except UsageError as error:
        raise DataError(str(error)) from None


READERS = {
    kind: FileReader(name, cache(sound), read)
    for kind, name, sound, read in (
        ("AVI", "a.avi", lambda: bombs.avi([_jpeg()] * 3, (64, 48)), _read_video),
        ("MJPEG", "pipe", lambda: _jpeg() * 4, _read_pipe),
        ("IDX", "train-images-idx3-ubyte", _idx, _read_idx),
        ("IDX in gzip", "a.gz", lambda: gzip.compress(_idx(), mtime=0), _read_idx),
        ("npz", "mnist.npz", _npz, load),
        ("CSV", "train.csv", _csv, load),
        ("Parquet", "train.parquet", _parquet, load),
        ("picture to train with", "a.jpg", _jpeg, lambda path: decode(path.read_bytes(), str(path))),
        ("tflite", "a.tflite", lambda: resolve_shipped("nano").read_bytes(), Classifier),
        ("keras", "a.keras", lambda: resolve_shipped("nano.keras").read_bytes(), load_keras_model),
        ("labels.json", "labels.json", _labels, lambda path: read_labels(path.parent)),
        ("collected", LIST, _collected, lambda path: read_collected(path.parent)),
        ("configuration", "camera.toml", _configuration, lambda path: load_settings(path, {})),
        ("web body", "body", _control_request, _read_request),
        ("run", SETTINGS, _settings, lambda path: read_run(path.parent)),
    )
}  # fmt: skip

# Files that unpack to more than a file of their size may, by their reader; None reads pictures.
BOMBS: dict[str | None, Callable[[], bytes]] = {
    reader: cache(make)
    for reader, make in (
        (None, lambda: bombs.png((20_000, 12_000))),
        ("AVI", lambda: bombs.avi([bombs.claiming(_jpeg(), LARGE)] * 3, LARGE)),
        ("MJPEG", lambda: bombs.claiming(_jpeg(), LARGE) * 4),
        ("IDX in gzip", lambda: bombs.gzipped(400)),
        ("npz", lambda: bombs.zipped("x_train.npy", 400)),
        ("CSV", lambda: bombs.gzipped(400)),
        ("picture to train with", lambda: bombs.png((20_000, 12_000))),
        ("tflite", lambda: bombs.zipped("metadata.json", 400)),
    )
}

# Parts of text that parsers stumble over.
STUMBLES = (
    b"[" * 20_000, b'{"a":' * 3_000, b"9" * 5_000, b"1e999", b"NaN", b"-Infinity", b"\0", b'"\\u0000"', b'"\\ud800"',
    b"\xff\xfe", b"null", b'""', b"-1", b"0x" + b"f" * 5_000, b"true", b"{}", b"\r", b"1" + b"0" * 400,
)  # fmt: skip


def stumble(rng: np.random.Generator, content: bytes) -> bytes:
    """Return the content with something awkward in place of a value, a word or nothing."""
    at = int(rng.integers(0, len(content) + 1))
    return content[:at] + STUMBLES[rng.integers(len(STUMBLES))] + content[at + int(rng.integers(0, 20)) :]


def zip_again(rng: np.random.Generator, content: bytes, damage: Callable[[bytes], bytes]) -> bytes:
    """Return a zip with one of its files damaged and right checksums; the content itself where it is no zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
            start, comment = min(entry.header_offset for entry in archive.infolist()), archive.comment
    except Exception:
        return content
    chosen = sorted(members)[int(rng.integers(len(members)))]
    buffer = io.BytesIO(content[:start])
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), damage(member) if name == chosen else member)
        archive.comment = comment
    return with_checksum(buffer.getvalue()) if len(comment) == CHECKSUM_BYTES else buffer.getvalue()
