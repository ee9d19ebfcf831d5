"""Benchmark models: latency, start-up, memory, size and, if asked, accuracy."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.end_to_end import stages
from mnist_edge.benchmarks.memory import FreshStart, measure_fresh_start
from mnist_edge.benchmarks.timing import WARM_UP_MS, Timing, time_actions
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Split
from mnist_edge.errors import UsageError
from mnist_edge.evaluate import evaluate
from mnist_edge.machine import Machine, this_machine
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import resolve
from mnist_edge.tflite_graph import count_macs
from mnist_edge.throttling import slowed_between

RUNS = 1000


@dataclass(frozen=True, slots=True)
class Measurement:
    """One model's figures on this machine.

    Attributes:
        model: Name of the model.
        file: Path of the model.
        precision: Its precision by its metadata; None where they have none.
        runtime: Name and version of the runtime.
        threads: CPU threads for one invoke.
        batch: Images in one invoke; always 1.
        size_bytes: Size of the file.
        init_ms: Building an interpreter until it is ready, in a fresh process.
        first_ms: The first invoke, in a fresh process.
        invoke_us: The runtime's own `invoke()`.
        classify_us: A prepared 28x28 image to a digit: quantise, invoke, dequantise, decide.
        end_to_end_us: A digit's ink to a digit: normalise, quantise, invoke, dequantise, decide.
        peak_rss_mb: Most memory resident in a fresh process, units of 10^6 bytes; None where the system does not know.
        runtime_rss_mb: The part of it that Python, NumPy and the runtime take before the model is loaded.
        macs: Multiply-accumulates of one invoke.
        accuracy: Share of right digits, 0 to 1; None if it was not asked for.
        images: Number of images behind `accuracy`; 0 if it was not asked for.
        device: The computer, when it was done.
        before: The same when it began: it may have become hot.
    """

    model: str
    file: Path
    precision: str | None
    runtime: str
    threads: int
    batch: int
    size_bytes: int
    init_ms: float
    first_ms: float
    invoke_us: Timing
    classify_us: Timing
    end_to_end_us: Timing
    peak_rss_mb: float | None
    runtime_rss_mb: float | None
    macs: int
    accuracy: float | None
    images: int
    device: Machine
    before: Machine

    @property
    def slowed(self) -> tuple[str, ...]:
        """What slowed the processor down meanwhile, such as `throttled`, as far as the firmware of a Pi tells."""
        return slowed_between(self.before.throttling, self.device.throttling)

    def to_json(self) -> dict[str, Any]:
        """Return one object of the list that `benchmark --json` prints; without accuracy where it was not asked for."""
        devices = {"device": self.device.to_json(), "before": self.before.to_json()}
        document = asdict(self) | {"file": str(self.file), **devices}
        if self.accuracy is None:
            del document["accuracy"], document["images"]
        return document


def benchmark(
    models: Sequence[str | Path],
    *,
    runs: int = RUNS,
    threads: int = 1,
    runtime: str | None = None,
    split: Split | None = None,
    warm_up_ms: float = WARM_UP_MS,
    progress: Progress = no_progress,
) -> list[Measurement]:
    """Measure models, in turns, so that what else the machine does hits all alike.

    Args:
        models: `.tflite` files or names of models that ship.
        runs: Samples of each timing.
        threads: CPU threads for one invoke.
        runtime: None takes the first that works.
        split: Images for the accuracy; None leaves it out.
        warm_up_ms: How long each action runs before it is timed.
        progress: Receives the rounds of timing done.

    Returns:
        One measurement a model, in the same order.

    Raises:
        UsageError: A model is a Keras model, or there are no runs.
        ModelError: A model cannot be run.
    """
    if runs < 1:
        raise UsageError(f"runs must be at least 1, not {runs}")
    paths = [_deployable(model) for model in models]
    classifiers = [Classifier(path, runtime=runtime, threads=threads, digits_only=False) for path in paths]
    before = this_machine()
    # Memory first: what follows would compete for it on a small machine.
    starts = [measure_fresh_start(c.path, _runtime_name(c), threads) for c in classifiers]
    actions = [action for classifier in classifiers for action in stages(classifier)]
    timings = time_actions(actions, runs, warm_up_ms, progress)
    machine = this_machine()
    return [
        _measurement(classifier, threads, start, timings[3 * k : 3 * k + 3], split, (before, machine))
        for k, (classifier, start) in enumerate(zip(classifiers, starts, strict=True))
    ]


def _deployable(model: str | Path) -> Path:
    path = resolve(model)
    if path.suffix == ".keras":
        raise UsageError(
            f"{path} is a Keras model and benchmarks measure what runs on the device; "
            f"export it first with: mnist-edge export {path}"
        )
    return path


def _runtime_name(classifier: Classifier) -> str:
    return classifier.runtime.partition(" ")[0]


def _measurement(
    classifier: Classifier,
    threads: int,
    start: FreshStart,
    timings: Sequence[Timing],
    split: Split | None,
    machines: tuple[Machine, Machine],
) -> Measurement:
    runtime, classes = _runtime_name(classifier), classifier.classes
    result = evaluate(classifier.path, split, runtime=runtime, classes=classes) if split else None
    precision = classifier.metadata.get("precision")
    return Measurement(
        model=classifier.name,
        file=classifier.path,
        precision=str(precision) if precision else None,
        runtime=classifier.runtime,
        threads=threads,
        batch=1,
        size_bytes=classifier.path.stat().st_size,
        init_ms=start.init_ms,
        first_ms=start.first_ms,
        invoke_us=timings[0],
        classify_us=timings[1],
        end_to_end_us=timings[2],
        peak_rss_mb=start.peak_rss_mb,
        runtime_rss_mb=start.runtime_rss_mb,
        macs=count_macs(classifier.interpreter),
        accuracy=result.accuracy if result else None,
        images=result.images if result else 0,
        device=machines[1],
        before=machines[0],
    )
