"""`mnist-edge benchmark --suite`: measure, and write all that was measured into one folder."""

import json
import logging
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import refuse_overwrite, write_text
from mnist_edge.benchmarks.suite.engines import COPY, DOT_PRODUCTS, ENGINES, OURS
from mnist_edge.benchmarks.suite.networks import DEFAULT_NETWORKS, Network, prepare, write_kernel
from mnist_edge.benchmarks.suite.results import Results, summarise
from mnist_edge.benchmarks.suite.turns import Contender, measure
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.dataset import Dataset
from mnist_edge.errors import UsageError
from mnist_edge.logs import LineHandler
from mnist_edge.machine import this_machine, usable_cores
from mnist_edge.optional_packages import installed_version
from mnist_edge.progress import Progress, no_progress

IMAGES = 1_000
ROUNDS, SAMPLES = 30, 10
PACKAGES = (
    "mnist-edge", "numpy", "ai-edge-litert", "tflite-runtime", "tensorflow", "keras", "onnx", "onnxruntime", "tf2onnx",
    "opencv-python", "opencv-python-headless", "ncnn",
)  # fmt: skip
RESULTS, ENVIRONMENT, LOG = "results.json", "environment.json", "log.txt"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a suite measures.

    Attributes:
        networks: Models that ship, recipes, or Keras models; the first int8 is what all is compared with.
        precisions: Which `.tflite` of each.
        engines: Names of engines.
        threads: Numbers of threads.
        images: On so many of the first test images all have to decide alike.
        rounds: In each, every contender is timed once.
        samples: Of each action in each round.
        pythons: Pythons of other environments, for engines that this one lacks.
    """

    networks: Sequence[str] = DEFAULT_NETWORKS
    precisions: Sequence[str] = tuple(PRECISIONS)
    engines: Sequence[str] = tuple(ENGINES)
    threads: Sequence[int] = ()
    images: int = IMAGES
    rounds: int = ROUNDS
    samples: int = SAMPLES
    pythons: Sequence[Path] = ()


def run_suite(
    folder: Path, data: Dataset, plan: Plan | None = None, *, force: bool = False, progress: Progress = no_progress
) -> Results:
    """Measure, and write `results.json`, `environment.json`, `log.txt`, `report.md`, `report.html` and `models/`.

    Args:
        folder: Of the session.
        data: Calibrates; its first test images are what all decide on.
        plan: What to measure; None measures all.
        force: Write over a session that is there.
        progress: Receives networks prepared, then rounds.

    Raises:
        ModelError: A network does not exist.
        OutputError: A session is there already.
        UsageError: Nothing is to be measured.
    """
    from mnist_edge.benchmarks.suite.report import write_reports

    plan = plan or Plan()
    if plan.rounds < 2 or plan.samples < 1:
        raise UsageError("a suite needs at least two rounds of one sample: a single one tells no spread")
    refuse_overwrite(folder / RESULTS, force)
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    engines = {name: engine.setting for name, engine in ENGINES.items() if name in plan.engines}
    environment = environment_of({name: value for name, value in asdict(plan).items() if name != "pythons"}, engines)
    write_text(folder / ENVIRONMENT, json.dumps(environment, indent=1) + "\n")
    with logged(folder / LOG):
        networks = []
        for done, name in enumerate(plan.networks):
            progress(done, len(plan.networks), f"converting {name}")
            networks.append(prepare(name, data, models, plan.precisions))
        test = data.test.take(np.arange(min(plan.images, len(data.test))))
        images = models / "images.npy"
        np.save(images, test.images)
        contenders = contenders_of(networks, models, plan)
        measure(
            contenders, images, folder / LOG, plan.pythons,
            rounds=plan.rounds, samples=plan.samples, progress=progress,
        )  # fmt: skip
    results = summarise(networks, contenders, test.labels, data.name, environment)
    write_text(folder / RESULTS, json.dumps(results.to_json(), indent=1) + "\n")
    write_reports(folder)
    return results


def contenders_of(networks: Sequence[Network], models: Path, plan: Plan) -> list[Contender]:
    """List what is measured: each file by each engine that takes its form, the reference twice, and the kernels."""
    threads = plan.threads or sorted({1, usable_cores()})
    found = [
        Contender(network.name, precision, name, count, path, network.macs)
        for name in plan.engines
        for count in threads
        for network in networks
        for (form, precision), path in network.files.items()
        if form == ENGINES[name].form
    ]
    if not found:
        raise UsageError("there is nothing to measure: none of the engines takes any of the networks")
    first = next((one for one in found if one.engine == OURS and one.precision == "int8"), found[0])
    found.append(Contender(first.network, first.precision, first.engine, first.threads, first.path, first.macs, True))
    if DOT_PRODUCTS in plan.engines:
        kernel = write_kernel(models)
        path = kernel.files[DOT_PRODUCTS, "int8"]
        found += [Contender("kernel", "int8", DOT_PRODUCTS, count, path, kernel.macs) for count in threads]
    if COPY in plan.engines:
        found.append(Contender("kernel", "uint8", COPY, 1, models, 0))
    return found


def environment_of(plan: dict[str, Any], settings: dict[str, str]) -> dict[str, Any]:
    """Return when, where and how something was measured, as plain JSON types.

    Args:
        plan: What was measured.
        settings: How each engine is set up.
    """
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": " ".join(["mnist-edge", *(Path(word).name for word in sys.argv[1:])]),
        "python": platform.python_version(),
        "machine": this_machine().to_json(),
        "versions": {name: found for name in PACKAGES if (found := installed_version(name))},
        "plan": plan,
        "settings": settings,
    }


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Have all that the package reports also written to a file."""
    logger, level = logging.getLogger("mnist_edge"), logging.getLogger("mnist_edge").level
    with path.open("a", encoding="utf-8") as file:

        def write(line: str) -> None:
            print(line, file=file, flush=True)

        handler = LineHandler(write, private=False)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(level)
            logger.removeHandler(handler)
