"""Every form of model that people bring, all the way: right images, int8 export, a page and the camera's loop.

Run as `make brought-models`. Each network of `brought_forms` and `brought_kinds` is written as people bring it. On
all test images `evaluate` must get as many right as plain TensorFlow makes of the same file, its int8 export must pass
`verify`, and reading a generated page and the camera's loop must work with it, or with the export where no device runs
the file.
"""

import gc
import warnings
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.photo_labels import page_truth
from mnist_edge.benchmarks.photos import score_picture
from mnist_edge.benchmarks.release.brought_forms import FORMS, Form
from mnist_edge.benchmarks.release.brought_kinds import KINDS, STRUCTURES, Kind
from mnist_edge.benchmarks.release.brought_networks import FLOAT, INT8, UINT8
from mnist_edge.benchmarks.release.plain_tensorflow import answers_of_file, write_tflite
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.view import View
from mnist_edge.converters.convert import convert
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset, load
from mnist_edge.errors import MnistEdgeError, ModelWarning
from mnist_edge.evaluate import evaluate
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import Page, draw_page
from mnist_edge.pixel_trial import trial_images
from mnist_edge.progress import Progress
from mnist_edge.training_stack import without_prints

# Of the page, which is a plain one; the share of its digits that must be right; and how often the camera sees it.
SEED, LEAST_READ, FRAMES = 10_000, 0.9, 5
# Representative images that TensorFlow's own converter is given.
SHOWN = 200
_TYPES = {FLOAT: "float32", INT8: "int8", UINT8: "uint8"}


@dataclass(frozen=True, slots=True)
class Brought:
    """A network as it is brought.

    Attributes:
        name: Of its form, a key of `FORMS`, `KINDS` or `STRUCTURES`.
        form: What it takes and gives.
        file: What holds it, such as `.keras` or `INT8`.
    """

    name: str
    form: Form | Kind
    file: str

    @property
    def batch(self) -> int | None:
        """As in `Form`."""
        return self.form.batch if isinstance(self.form, Form) else None

    def write(self, folder: Path, data: Dataset) -> Path:
        """Write its file into a folder, and return the path."""
        path = folder / ("brought" if self.file == "SavedModel" else f"brought{self.file.partition(',')[0]}")
        if self.file in _TYPES:
            network = self.form.graph() if isinstance(self.form, Form) else self.form.network()
            images = None if self.file == FLOAT else self.form.shown(data.training.images[:SHOWN])
            return write_tflite(network, path, images, _TYPES[self.file])
        if self.file == "SavedModel":
            self.form.network().export(path, verbose=False)
        else:
            self.form.network().save(path)
        return path


def brought() -> Iterator[Brought]:
    """Yield every form in every file in which it is brought, those of one form together."""
    for name, form in FORMS.items():
        for file in (".keras", FLOAT) if form.in_keras else (FLOAT,):
            yield Brought(name, form, file)
    for name, kind in (KINDS | STRUCTURES).items():
        for file in kind.files:
            yield Brought(name, kind, file)


def take(one: Brought, data: Dataset, page: Page) -> dict[str, Any]:
    """Take a network all the way, and return its row; `refused` has what ended with an error."""
    row: dict[str, Any] = {"form": one.name, "file": one.file, "images": len(data.test), "refused": ""}
    with TemporaryDirectory() as folder, warnings.catch_warnings(), native_stderr.silenced(), without_prints():
        warnings.simplefilter("ignore", ModelWarning)
        # Keras has its word to say on old files.
        warnings.simplefilter("ignore", UserWarning)
        path = one.write(Path(folder), data)
        said = answers_of_file(path, one.form.shown(data.test.images), one.batch)
        row["tensorflow"] = int((said == data.test.labels).sum())
        try:
            row["evaluate"] = evaluate(path, data.test, trial=trial_images(data)).correct
            row |= _read(_exported(path, one, data, row), page)
        except MnistEdgeError as error:
            row["refused"] = _line(error, path)
    return row


def _exported(path: Path, one: Brought, data: Dataset, row: dict[str, Any]) -> Path:
    """Export and verify, into the row; returns what reads: the export, or the file itself where that is a `.tflite`."""
    if path.suffix == ".tflite":
        return path
    row["exported"], output = "int8", path.parent / "made.tflite"
    try:
        convert(path, "int8", data=data, output=output)
    except MnistEdgeError as error:
        if not isinstance(one.form, Kind) or one.form.int8:
            raise
        row["exported"], row["not_int8"] = "float32", _line(error, path)
        convert(path, "float32", data=data, output=output)
    parity = verify(path, output, data.test, trial=trial_images(data))
    row |= {"correct": parity.candidate.correct, "agreement": parity.agreement, "verified": parity.passed}
    return output


def _line(error: MnistEdgeError, path: Path) -> str:
    return " ".join(str(error).split()).replace(str(path), path.name)


class _Shown:
    """Keeps what the camera's loop shows last."""

    text: tuple[str, ...] = ()

    def show(self, view: View) -> None:
        self.text = view.text


def _read(path: Path, page: Page) -> dict[str, Any]:
    reader, shown = Reader(path), _Shown()
    reading = reader.read(page.image, "page")
    counts = score_picture(page_truth(page, "page"), reading).counts()
    run(ArraySource([page.image] * FRAMES), reader, views=[shown])
    digits = {"digits": counts["digits"], "read": counts["right"], "false": counts["found"] - counts["matched"]}
    return digits | {"camera": bool(reading.text) and shown.text == reading.text}


def broken_by(row: dict[str, Any]) -> list[str]:
    """Return a sentence for each bound that does not hold for a row."""
    name = f"{row['form']} as {row['file']}"
    if row["refused"]:
        return [f"{name}: {row['refused']}"]
    found = []
    if row["evaluate"] != row["tensorflow"]:
        found.append(f"{name}: evaluate gets {row['evaluate']:,} images right, and TensorFlow {row['tensorflow']:,}")
    if not row.get("verified", True):
        found.append(f"{name}: its {row['exported']} agrees on {row['agreement']:.2%} and does not pass verify")
    if row["read"] < LEAST_READ * row["digits"]:
        found.append(f"{name}: {row['read']} of the {row['digits']} digits of a page are read")
    if not row["camera"]:
        found.append(f"{name}: the camera shows another text than was read")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("form", nargs="*", help="only these forms")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    data, rows = load(), []
    page = draw_page(data.test, SEED, Conditions())
    chosen = [one for one in brought() if not options.form or one.name in options.form]
    for one in chosen:
        rows.append(take(one, data, page))
        progress(len(rows), len(chosen), one.name)
        gc.collect()
    return Result({"data": data.name, "models": rows}, [sentence for row in rows for sentence in broken_by(row)])
