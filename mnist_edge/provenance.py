"""Find the data set again that a model was made with, by what its run folder or its metadata records."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from mnist_edge.classes import DIGITS, classes_of
from mnist_edge.dataset import MNIST, SKLEARN, Dataset, fetch_mnist, load, sklearn_digits
from mnist_edge.errors import DataError, DownloadError, UsageError
from mnist_edge.metadata import read_metadata
from mnist_edge.progress import Progress, no_progress
from mnist_edge.run_folders import read_run
from mnist_edge.safe_text import shortened
from mnist_edge.shipped_models import is_shipped, resolve, resolve_shipped


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which data a model was made with; two are equal if their content is.

    Attributes:
        name: As `Dataset.name`.
        sha256: As `Dataset.sha256`, of all images and labels.
        path: Where they were; None where only the content is known.
        classes: Their names, in the order of a network's outputs.
    """

    name: str = field(compare=False)
    sha256: str
    path: Path | None = field(default=None, compare=False)
    classes: tuple[str, ...] = field(default=DIGITS, compare=False)

    @classmethod
    def of(cls, data: Dataset) -> "Provenance":
        """Record a data set."""
        return cls(data.name, data.sha256, Path(os.path.realpath(data.path)), data.classes)

    def to_json(self) -> dict[str, Any]:
        """Convert to what a run folder's `settings.json` holds."""
        known = {"name": self.name, "sha256": self.sha256, "path": str(self.path) if self.path else None}
        return known if self.classes == DIGITS else known | {"classes": list(self.classes)}

    @classmethod
    def from_json(cls, document: Any) -> "Provenance":
        """Invert `to_json`; raises KeyError or TypeError for another document."""
        path, classes = document.get("path"), tuple(map(str, document.get("classes") or DIGITS))
        return cls(shortened(str(document["name"])), str(document["sha256"]), Path(path) if path else None, classes)


def provenance_of(model: str | Path) -> Provenance | None:
    """Look up the data behind MODEL; None where neither its run folder nor its metadata records it.

    Args:
        model: A `.keras` or `.tflite` file, a run folder, or the name of a model that ships.

    Raises:
        ModelError: There is no such model.
    """
    path = resolve(model)
    beside = _of_run(path.parent)
    if path.suffix != ".tflite":
        return provenance_of(resolve_shipped(path.stem)) if is_shipped(path) else beside
    metadata = read_metadata(path)
    facts = metadata.get("accuracy") or metadata.get("calibration")
    if not isinstance(facts, dict) or not {"data", "sha256"} <= set(facts):
        return None
    inside = Provenance(str(facts["data"]), str(facts["sha256"]))
    return beside if beside == inside else inside


def classes_for(model: str | Path) -> tuple[str, ...] | None:
    """Look up what MODEL tells, in the order of its outputs; None where neither its run nor its metadata records it.

    Raises:
        ModelError: There is no such model.
    """
    path = resolve(model)
    if path.suffix == ".tflite":
        return classes_of(read_metadata(path), path.name)
    if is_shipped(path):
        return DIGITS
    beside = _of_run(path.parent)
    return beside.classes if beside else None


def load_for(*models: str | Path, data: Path | None = None, progress: Progress = no_progress) -> Dataset:
    """Load the data to export, verify or measure models with: `data` if given, else what they were made with.

    Args:
        models: As `provenance_of` takes them; one of unknown provenance is taken for one of MNIST.
        data: As `load` takes it; where a model was made with other data, a note of the result says so.
        progress: Receives the progress of a download, or of pictures that are read.

    Returns:
        The data, its labels counted as the models' outputs are.

    Raises:
        DataError: The data is not found, or has classes that a model does not tell; says what to name.
        UsageError: The models were made with different data, and `data` is not given.
    """
    return _as_told(_load_for(models, data, progress), models)


def _as_told(found: Dataset, models: tuple[str | Path, ...]) -> Dataset:
    """Count the labels as the models count their outputs."""
    for model in models:
        classes = classes_for(model)
        if classes is None and set(found.classes) <= set(DIGITS):
            # What nobody says otherwise of tells the ten digits.
            classes = DIGITS
        if classes:
            found = found.for_classes(classes, str(model))
    return found


def _load_for(models: tuple[str | Path, ...], data: Path | None, progress: Progress) -> Dataset:
    known = {str(model): made_with for model in models if (made_with := provenance_of(model))}
    if data is not None:
        found = load(data, progress=progress)
        others = [f"{model} was made with {one.name}" for model, one in known.items() if one != Provenance.of(found)]
        return replace(found, notes=(*found.notes, *(f"{one}, and this is {found.name}" for one in others)))
    if len(set(known.values())) > 1:
        each = ", ".join(f"{model} with {one.name}" for model, one in known.items())
        raise UsageError(f"these models were made with different data ({each}); say which to use with --data")
    return find(*next(iter(known.items())), progress) if known else load(progress=progress)


def find(model: str, recorded: Provenance, progress: Progress = no_progress) -> Dataset:
    """Load the data of a provenance from its path or the usual places, if the content is the same.

    Args:
        model: Whose data it is, for the message.
        recorded: What to look for.
        progress: Receives the progress of a download, or of pictures that are read.

    Raises:
        DataError: It is not found; says what to name.
    """
    paths = [Path(path) for path in (recorded.path, os.environ.get("MNIST_EDGE_DATA")) if path]
    loads: list[Callable[[], Dataset]] = [partial(load, path, progress=progress) for path in paths]
    if recorded.name == SKLEARN:
        loads.append(sklearn_digits)
    elif recorded.name == MNIST:
        loads.append(partial(fetch_mnist, progress=progress))
    for attempt in loads:
        try:
            found = attempt()
        except DownloadError as error:
            raise DownloadError(f"{model} was made with {recorded.name}, but {error}") from None
        except DataError:
            continue
        if found.sha256 == recorded.sha256:
            return found
    where = f"which is not in {' or '.join(map(str, paths))}" if paths else "and nothing records where that is"
    raise DataError(
        f"{model} was made with {recorded.name} (sha256 {recorded.sha256[:12]}...), {where}; "
        "name its folder with --data"
    )


def _of_run(folder: Path) -> Provenance | None:
    try:
        return Provenance.from_json((read_run(folder) or {})["data"])
    except (AttributeError, KeyError, TypeError):
        return None
