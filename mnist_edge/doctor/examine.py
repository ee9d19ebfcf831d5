"""Run all checks at once, each with a time limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.doctor import computer, devices, opencv, runtimes, training
from mnist_edge.doctor.check import Check, Status
from mnist_edge.errors import ModelError
from mnist_edge.shipped_models import DEFAULT, resolve, shipped_models

# Importing TensorFlow takes up to 20 s on a small machine; everything else answers within a few.
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The results of all checks.

    Attributes:
        checks: In the order in which they are shown.
        reading_works: Whether digits can be read in pictures here: a model, a runtime that runs it, and OpenCV.
    """

    checks: tuple[Check, ...]
    reading_works: bool

    def to_json(self) -> dict[str, Any]:
        """Make the document that `doctor --json` prints."""
        return {"reading_works": self.reading_works, "checks": [asdict(check) for check in self.checks]}


def examine(model: str | Path = DEFAULT, timeout_s: float = TIMEOUT_S) -> Diagnosis:
    """Check everything that mnist-edge can use; nothing is installed, downloaded or opened for long.

    Args:
        model: What the runtimes are tried with: a `.tflite` or the name of a model that ships.
        timeout_s: Longest wait for each child process.
    """
    models, path = _models(model)
    probes: list[Callable[[], Check]] = [
        *((lambda name=name: runtimes.check(name, path, timeout_s)) for name in runtimes.NAMES),
        lambda: opencv.check(timeout_s),
        lambda: devices.check_picamera2(timeout_s),
        devices.check_display,
        devices.check_cameras,
        training.check_data,
    ]
    pool = ThreadPoolExecutor(len(probes))
    try:
        probed = [future.result() for future in [pool.submit(probe) for probe in probes]]
    finally:
        # Ctrl-C does not wait for the checks that still run.
        pool.shutdown(wait=False, cancel_futures=True)
    tried, rest = probed[: len(runtimes.NAMES)], probed[len(runtimes.NAMES) :]
    works = models.ok and any(check.ok for check in tried) and rest[0].ok
    checks = (
        *computer.checks(), models, *runtimes.without_needless_advice(tried), *rest, training.check_packages(),
    )  # fmt: skip
    return Diagnosis(checks, works)


def _models(model: str | Path) -> tuple[Check, Path | None]:
    shipped = ", ".join(f"{one.name} ({', '.join(one.files)})" for one in shipped_models().values())
    try:
        path = resolve(model)
    except ModelError as error:
        return Check("models", Status.MISSING, str(error), "install mnist-edge again, from its wheel"), None
    return Check("models", Status.OK, f"shipped: {shipped or 'none'}; tried: {path.name}"), path
