"""The settings of a training, kept in its run folder as plain JSON before the first step."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.dataset import MNIST, Dataset
from mnist_edge.models.found_crops import crops_key
from mnist_edge.models.mixed_precision import SINGLE, best_precision
from mnist_edge.models.recipes import Recipe
from mnist_edge.pen_digits import find_pen_digits
from mnist_edge.provenance import Provenance
from mnist_edge.run_folders import SETTINGS, read_run


def _backend() -> str:
    return os.environ.get("KERAS_BACKEND", "tensorflow")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """All that decides the result of a training: equal settings, equal result on the same machine.

    Attributes:
        recipe: With the epochs and the batch size of this training.
        seed: Of weights, order, dropout and augmentation.
        data: What it is trained on.
        extra: The folder of collected digits of a fine-tuning, or None.
        pages: The key of the pages that a finder is trained on, or None.
        start: The trained finder whose weights a finder starts from, or None.
        pen_digits: Whether Pendigits' digits are among the training images.
        found_crops: The key of the crops of generated pages that are, or None.
        backend: Of Keras; another rounds differently, which does not matter in a finished run.
        precision: Of its computations; likewise.
    """

    recipe: Recipe
    seed: int
    data: Provenance
    extra: Path | None = None
    pages: str | None = None
    start: Path | None = None
    pen_digits: bool = False
    found_crops: str | None = None
    backend: str = field(default_factory=_backend, compare=False)
    precision: str = field(default=SINGLE, compare=False)

    @classmethod
    def of(cls, recipe: Recipe, data: Dataset, seed: int, extra: Path | None = None) -> "RunSettings":
        """The settings of a training that starts now; the recipe has as many outputs as the data has classes."""
        folder = Path(os.path.realpath(extra)) if extra else None
        recipe = recipe.for_classes(data.classes)
        # They stand beside MNIST's digits, which are the most; what other data is trained on is its owner's choice.
        beside = data.name == MNIST and not extra
        drawn = bool(recipe.pen_digits) and beside and find_pen_digits() is not None
        crops = crops_key() if recipe.found_crops and beside else None
        # A training without augmentation is short, and a program's layers may not stand another precision.
        can_mix = recipe.augmentation and not recipe.program and not extra and _backend() == "tensorflow"
        precision = best_precision() if can_mix else SINGLE
        return cls(recipe, seed, Provenance.of(data), folder, pen_digits=drawn, found_crops=crops, precision=precision)

    def to_json(self) -> dict[str, Any]:
        """The document in `settings.json`, which `metrics.json` repeats."""
        rest = {"seed": self.seed, "extra": str(self.extra) if self.extra else None, "backend": self.backend}
        rest |= {"precision": self.precision}
        pages = {"pages": self.pages} if self.pages else {}
        pages |= {"start": str(self.start)} if self.start else {}
        drawn = {"pen_digits": True} if self.pen_digits else {}
        crops = {"found_crops": self.found_crops} if self.found_crops else {}
        return {"recipe": asdict(self.recipe), "data": self.data.to_json()} | rest | pages | drawn | crops

    def write(self, folder: Path) -> None:
        """Write `settings.json`."""
        write_text(folder / SETTINGS, json.dumps(self.to_json(), indent=2) + "\n")

    def differences(self, other: "RunSettings") -> list[str]:
        """List what differs in `other`, as `epochs 5, not 10`; empty where they are equal."""
        here, there = (
            asdict(one.recipe)
            | {"seed": one.seed, "extra": one.extra, "data": one.data, "pages": one.pages, "start": one.start}
            | {"crops of pages": one.found_crops}
            | ({"Pendigits": one.pen_digits} if self.pen_digits != other.pen_digits else {})
            for one in (self, other)
        )
        return [_difference(name, here[name], value) for name, value in there.items() if value != here[name]]


def read_settings(folder: Path) -> RunSettings | None:
    """The settings of the run in a folder; None where it is no run folder of this version."""
    document = read_run(folder) or {}
    try:
        return RunSettings(
            recipe=Recipe.from_json(document["recipe"]),
            seed=document["seed"],
            data=Provenance.from_json(document["data"]),
            extra=Path(document["extra"]) if document.get("extra") else None,
            pages=document.get("pages"),
            start=Path(document["start"]) if document.get("start") else None,
            pen_digits=bool(document.get("pen_digits")),
            found_crops=document.get("found_crops"),
            backend=document.get("backend", "tensorflow"),
            precision=document.get("precision", SINGLE),
        )
    except (AttributeError, KeyError, TypeError):
        return None


def _difference(name: str, here: Any, there: Any) -> str:
    if isinstance(here, Provenance):
        return f"{name} {there.name} ({there.sha256[:12]}), not {here.name} ({here.sha256[:12]})"
    if isinstance(here, bool):
        return f"{name} {'among the images' if there else 'not here'}"
    return name if isinstance(here, tuple | dict) else f"{name} {there}, not {here}"
