"""How models read a folder of labelled pictures, as `mnist-edge benchmark --photos` shows it: figures, tags, tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.photos import PhotoScore, PictureScore, read_pictures
from mnist_edge.benchmarks.report import threads_text
from mnist_edge.camera.reader import Reader
from mnist_edge.machine import Machine, this_machine
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import DEFAULT, FINDER

# The rows of the table: a label, and the figure as text.
ROWS: tuple[tuple[str, Callable[[PhotoScore], str]], ...] = (
    ("F1, right box and right label", lambda s: f"{s.f1:.3f}"),
    ("recall, digits found", lambda s: _share(s.matched, s.digits)),
    ("precision, digits among what was read", lambda s: _share(s.matched, s.found)),
    ("label accuracy, of digits found", lambda s: _share(s.right, s.matched)),
    ("rows read exactly", lambda s: _share(s.rows_right, s.rows)),
    ("false digits a negative picture", lambda s: f"{s.false_per_negative:.2f}" if s.negatives else "-"),
    ("median milliseconds a picture", lambda s: f"{s.median_ms:.1f}"),
)
TAG_COLUMNS = ("tag", "pictures", "digits", "F1", "recall", "precision")


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """How one model's reader did on a folder of pictures.

    Attributes:
        model: Name of the model.
        file: Path of the model.
        runtime: Name and version of the runtime.
        threads: CPU threads for one invoke.
        pictures: In the order of `labels.json`.
        device: The computer.
    """

    model: str
    file: Path
    runtime: str
    threads: int
    pictures: tuple[PictureScore, ...]
    device: Machine

    @property
    def score(self) -> PhotoScore:
        """Score over all pictures."""
        return PhotoScore.of(self.pictures)

    @property
    def tags(self) -> list[tuple[str, PhotoScore]]:
        """Score of each tag's pictures with digits, lowest F1 first."""
        photos = [picture for picture in self.pictures if not picture.negative]
        names = sorted({tag for picture in photos for tag in picture.tags})
        scores = [(name, PhotoScore.of([photo for photo in photos if name in photo.tags])) for name in names]
        return sorted(scores, key=lambda scored: (scored[1].f1, -scored[1].digits))

    @property
    def worst(self) -> list[PictureScore]:
        """All pictures, most errors first."""
        return sorted(self.pictures, key=lambda picture: -picture.errors)

    def to_json(self) -> dict[str, Any]:
        """Return one object of the list that `benchmark --photos --json` prints."""
        keys = ("photos", "digits", "f1", "recall", "precision")
        tags = [(name, score.to_json()) for name, score in self.tags]
        return {
            "model": self.model,
            "file": str(self.file),
            "runtime": self.runtime,
            "threads": self.threads,
            **self.score.to_json(),
            "tags": [{"tag": name} | {key: score[key] for key in keys} for name, score in tags],
            "pictures": [picture.to_json() for picture in self.pictures],
            "device": self.device.to_json(),
        }


def benchmark_photos(
    folder: Path,
    models: Sequence[str | Path] = (DEFAULT,),
    *,
    finder: str | Path = FINDER,
    runtime: str | None = None,
    threads: int = 1,
    progress: Progress = no_progress,
) -> list[PhotoReport]:
    """Read a folder's pictures with each model.

    Args:
        folder: Holds the pictures and `labels.json`.
        models: `.tflite` files or names of models that ship.
        finder: A `.tflite` file of a finder, or the name of the one that ships.
        runtime: None takes the first that works.
        threads: CPU threads for one invoke.
        progress: Receives the number of pictures read.

    Returns:
        One report a model, in the same order.

    Raises:
        DataError: There are no labels.
        ImageError: A picture is missing or damaged.
        ModelError: A model cannot be run; known before anything is read.
    """
    readers = [Reader(model, finder=finder, runtime=runtime, threads=threads) for model in models]
    machine = this_machine()
    return [
        PhotoReport(
            model=reader.model,
            file=reader.classifier.path,
            runtime=reader.runtime,
            threads=threads,
            pictures=tuple(read_pictures(folder, reader, progress)),
            device=machine,
        )
        for reader in readers
    ]


def table_rows(reports: Sequence[PhotoReport]) -> list[tuple[str, ...]]:
    """Return one row a figure, one column a model."""
    scores = [report.score for report in reports]
    return [(label, *(figure(score) for score in scores)) for label, figure in ROWS]


def tag_rows(report: PhotoReport) -> list[tuple[str, ...]]:
    """Return one row a tag, worst first, under `TAG_COLUMNS`."""
    return [
        (name, f"{s.photos}", f"{s.digits}", f"{s.f1:.3f}", f"{s.recall:.3f}", f"{s.precision:.3f}")
        for name, s in report.tags
    ]


def caption(reports: Sequence[PhotoReport]) -> str:
    """Return the pictures, the runtime and the device, in one line."""
    first = reports[0]
    score = first.score
    return (
        f"{score.photos} pictures with {score.digits} digits, {score.negatives} without; "
        f"{first.runtime}, {threads_text(first.threads)}, on {first.device.cpu}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}  {part / whole:.3f}" if whole else "-"
