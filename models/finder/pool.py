"""The pages that a finder is trained on, drawn once and kept beside its run, since that takes minutes."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge import strokes
from mnist_edge.atomic_files import write_atomically
from mnist_edge.dataset import Dataset, Split
from mnist_edge.models.finder import negatives, plain
from mnist_edge.models.finder.negatives import HELD_OUT, LONG, SHORT, negative_pages
from mnist_edge.models.finder.plain import draw_sparse
from mnist_edge.models.finder.samples import StoredPage, stored
from mnist_edge.models.finder.workers import workers
from mnist_edge.models.pages import pages
from mnist_edge.models.pages.crowded_conditions import crowded_conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.models.pages.random_conditions import random_conditions
from mnist_edge.models.pages.scripts import load_scripts
from mnist_edge.models.pages.typefaces import Typeface, load_typefaces
from mnist_edge.progress import Progress, no_progress
from mnist_edge.run_folders import RUNS

# Where `make typefaces` and `make negatives` put what they fetch.
TYPEFACES, PICTURES = RUNS / "typefaces", RUNS / "negatives"
FONTS = "*/*.[otw][tof]*"
# Share of the pages that are crowded, of those with hardly anything on them, and of those that are wider than high.
CROWDED, SPARSE, WIDE = 0.75, 0.12, 0.7
# Processes that draw.
PROCESSES = 2


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many pages a training has; each file of the pool holds `chunk` of them.

    Attributes:
        pages: Generated ones for training.
        negatives: Cut from pictures without digits, where there are any.
        validation: Generated ones for validation.
        validation_negatives: Cut from the pictures held out.
        chunk: Pages a file.
    """

    pages: int = 10_000
    negatives: int = 1_500
    validation: int = 96
    validation_negatives: int = 48
    chunk: int = 250


@dataclass(frozen=True, slots=True)
class PageSource:
    """All that decides the pages of a training.

    Attributes:
        data: The digits that pages are written with; those of validation pages are of its validation split.
        seed: The same seed gives the same pages.
        typefaces: A folder as `load_typefaces` takes it; every eighth of them is for validation.
        pictures: A folder as `negative_pages` takes it.
        size: How many.
    """

    data: Dataset
    seed: int
    typefaces: Path = TYPEFACES
    pictures: Path = PICTURES
    size: PoolSize = PoolSize()

    def key(self) -> str:
        """Hexadecimal digits that differ where the pages do."""
        digest = hashlib.sha256(f"{self.data.sha256} {self.seed} {self.size}".encode())
        fetched = [*self.typefaces.glob(FONTS), *self.pictures.glob("*.jpg")]
        drawing = [
            *Path(pages.__file__).parent.glob("*.py"),
            *map(Path, (strokes.__file__, negatives.__file__, plain.__file__, __file__)),
        ]
        for path in (*sorted(fetched), *sorted(drawing)):
            digest.update(f"{path.parent.name}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
        return digest.hexdigest()[:12]

    def notes(self) -> list[str]:
        """What a user should know about what is missing."""
        missing = [
            (not any(self.typefaces.glob(FONTS)), f"no typefaces in {self.typefaces}: pages have strokes alone"),
            (not any(self.pictures.glob("*.jpg")), f"no pictures in {self.pictures}: fewer things to be silent on"),
        ]
        return [note for holds, note in missing if holds]


@dataclass(frozen=True, slots=True)
class Pool:
    """The files of a training's pages.

    Attributes:
        training: For training.
        validation: Generated ones for validation, with digits and typefaces that are not in training.
        negatives: For validation, cut from pictures that are not in training.
    """

    training: tuple[Path, ...]
    validation: tuple[Path, ...]
    negatives: tuple[Path, ...]


def draw_pool(source: PageSource, folder: Path, progress: Progress = no_progress) -> Pool:
    """Draw the pages that are not in the folder yet; each depends on the source and its number alone.

    Args:
        source: Decides the pages.
        folder: Gets a file a chunk.
        progress: Called with the number of chunks drawn.
    """
    paths: defaultdict[str, list[Path]] = defaultdict(list)
    missing = []
    for validation, negative, number, count in _chunks(source.size):
        kind = f"{'validation' if validation else 'training'}-{'negatives' if negative else 'pages'}"
        path = folder / f"{kind}-{number:03}.npz"
        paths[kind].append(path)
        if not path.exists():
            missing.append((path, validation, negative, number, count))
    if missing:
        arguments = source.data.training, source.data.validation, source.seed, source.typefaces, source.pictures
        with workers(PROCESSES, _begin, *arguments) as executor:
            progress(0, len(missing), "drawing pages")
            for done, _ in enumerate(executor.map(_write_chunk, *zip(*missing, strict=True)), 1):
                progress(done, len(missing), "drawing pages")
    training = *paths["training-pages"], *paths["training-negatives"]
    return Pool(training, tuple(paths["validation-pages"]), tuple(paths["validation-negatives"]))


def _chunks(size: PoolSize) -> Iterator[tuple[bool, bool, int, int]]:
    """Of each file: whether it is for validation, whether it has no digits, its number, and how many pages."""
    kinds = (size.validation, size.validation_negatives), (size.pages, size.negatives)
    for validation, counts in zip((True, False), kinds, strict=True):
        for negative, count in zip((False, True), counts, strict=True):
            for number, first in enumerate(range(0, count, size.chunk)):
                yield validation, negative, number, min(size.chunk, count - first)


# What a worker draws with.
_drawing: dict[str, Any] = {}


def _begin(training: Split, validation: Split, seed: int, typefaces: Path, pictures: Path) -> None:
    # Typefaces have faults in tables that nothing here uses.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    _drawing.update(
        splits=(training, validation),
        seed=seed,
        pictures=pictures,
        faces=load_typefaces(typefaces) + load_scripts(typefaces),
    )


def _write_chunk(path: Path, validation: bool, negative: bool, number: int, count: int) -> None:
    stream = [_drawing["seed"], validation, negative, number]
    if negative:
        seed = int(np.random.default_rng(stream).integers(2**31))
        found = negative_pages(_drawing["pictures"], count, seed, validation=validation)
    else:
        split, faces = _drawing["splits"][validation], _drawing["faces"]
        held_in = [face for index, face in enumerate(faces) if (index % HELD_OUT == HELD_OUT - 1) == validation]
        found = [draw_stored(split, held_in, np.random.default_rng([*stream, page])) for page in range(count)]
    write_atomically(path, partial(_save, found))


def draw_stored(split: Split, typefaces: Sequence[Typeface], rng: np.random.Generator) -> StoredPage:
    """Draw a page as training keeps it.

    Args:
        split: Where the digits come from.
        typefaces: Those that the page may be written in.
        rng: Decides all.
    """
    hands = [face.name for face in typefaces if face.handwritten and not face.foreign]
    prints = [face.name for face in typefaces if not face.handwritten and not face.foreign]
    scripts = [face.name for face in typefaces if face.foreign]
    kind = rng.random()
    if kind > 1 - SPARSE:
        return draw_sparse(split, rng)
    conditions = crowded_conditions(rng, hands, prints, scripts) if kind < CROWDED else random_conditions(rng)
    width, height = (LONG, SHORT) if rng.random() < WIDE else (SHORT, LONG)
    used = [face for face in typefaces if face.name in (conditions.digits, conditions.words)]
    page = draw_page(split, int(rng.integers(2**31)), conditions, width=width, height=height, typefaces=used)
    return stored(page, conditions)


def _save(found: Sequence[StoredPage], path: Path) -> None:
    with path.open("wb") as file:
        np.savez(
            file,
            pictures=np.frombuffer(b"".join(page.picture for page in found), np.uint8),
            sizes=np.array([len(page.picture) for page in found], np.int64),
            digits=np.array([len(page.boxes) for page in found], np.int64),
            boxes=np.concatenate([page.boxes for page in found] or [np.zeros((0, 4), np.float32)]),
            labels=np.concatenate([page.labels for page in found] or [np.zeros(0, np.int64)]),
            light_on_dark=np.array([page.light_on_dark for page in found], bool),
        )


def read_pages(paths: Sequence[Path]) -> list[StoredPage]:
    """The pages of files of a pool, in their order."""
    found = []
    for path in paths:
        with np.load(path) as arrays:
            pictures, light = arrays["pictures"].tobytes(), arrays["light_on_dark"].tolist()
            ends, lasts = np.cumsum(arrays["sizes"]), np.cumsum(arrays["digits"])[:-1]
            boxes, labels = np.split(arrays["boxes"], lasts), np.split(arrays["labels"], lasts)
            starts = ends - arrays["sizes"]
        for start, end, *rest in zip(starts, ends, boxes, labels, light, strict=False):
            found.append(StoredPage(pictures[start:end], *rest))
    return found
