"""`mnist-edge benchmark --suite DIR --pages N --photos DIR`: what reads pictures, in a session's folder."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import refuse_overwrite, write_text
from mnist_edge.benchmarks.suite.picture_engines import PICTURE_ENGINES
from mnist_edge.benchmarks.suite.picture_results import PictureResults, summarise_pictures
from mnist_edge.benchmarks.suite.picture_turns import Journal, find_engines, read_in_turns
from mnist_edge.benchmarks.suite.pictures import generated, photographs
from mnist_edge.benchmarks.suite.session import LOG, environment_of, logged
from mnist_edge.dataset import Dataset
from mnist_edge.errors import UsageError
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import DEFAULT, FINDER, resolve_shipped

PAGES = 200
RESULTS, JOURNAL = "reading.json", "reading.jsonl"


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """What reads what.

    Attributes:
        pages: Number of generated pages.
        photos: A folder with photographs and `labels.json`; None where there is none.
        engines: Names of engines.
        pythons: Pythons of other environments, for engines that this one lacks.
    """

    pages: int = PAGES
    photos: Path | None = None
    engines: Sequence[str] = tuple(PICTURE_ENGINES)
    pythons: Sequence[Path] = ()


def run_pictures(
    folder: Path, data: Dataset, plan: PicturePlan, *, force: bool = False, progress: Progress = no_progress
) -> PictureResults:
    """Have engines read pictures in turns; write `reading.json` and the reports, with what the session has besides.

    What was read gathers in `reading.jsonl`: a run that was broken off goes on there, and so does one that asks for
    more pages or for photographs besides.

    Args:
        folder: Of the session.
        data: Its test digits are on the generated pages.
        plan: What reads what.
        force: Begin anew.
        progress: Receives the pictures read.

    Raises:
        DataError: There are no labels of the photographs.
        ImageError: A photograph is missing or damaged.
        OutputError: All of that was read already.
        UsageError: There is nothing to read, or what was begun has other engines.
    """
    from mnist_edge.benchmarks.suite.report import write_reports

    pictures = [*chain(generated(data.test, plan.pages), photographs(plan.photos) if plan.photos else ())]
    if not pictures:
        raise UsageError("there is nothing to read: --pages takes a number above 0, --photos a folder")
    folder.mkdir(parents=True, exist_ok=True)
    if force:
        (folder / JOURNAL).unlink(missing_ok=True)
    with logged(folder / LOG):
        found = find_engines(plan.engines, folder / LOG, plan.pythons)
        versions = {name: here[1] if here else None for name, here in found.items()}
        journal = Journal(folder / JOURNAL, {**versions, "models": _models()})
        if all(picture in journal for picture in pictures):
            refuse_overwrite(folder / RESULTS, force)
        pythons = {name: here[0] for name, here in found.items() if here}
        read_in_turns(pictures, pythons, journal, folder / LOG, progress)
    results = summarise_pictures(journal.rows, versions, data.name, _environment(plan))
    write_text(folder / RESULTS, json.dumps(results.to_json(), indent=1) + "\n")
    write_reports(folder)
    return results


def _environment(plan: PicturePlan) -> dict[str, Any]:
    settings = {name: PICTURE_ENGINES[name].setting for name in plan.engines}
    return environment_of({"pages": plan.pages, "engines": list(plan.engines)}, settings)


def _models() -> str:
    """Return what changes when the models that our reader takes do, which have no version of their own."""
    files = (resolve_shipped(name).read_bytes() for name in (DEFAULT, FINDER))
    return hashlib.sha256(b"".join(files)).hexdigest()[:16]
