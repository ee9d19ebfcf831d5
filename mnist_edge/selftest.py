"""Compare what a model computes here, on this device with this runtime, with the golden vectors in its file.

Run as `python -m mnist_edge.selftest MODEL RUNTIME` this prints the result as JSON: a child process, since a wheel that
was made for a newer processor dies of a signal that no `except` catches.
"""

import json
import sys
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.child_process import run_module
from mnist_edge.classifier import Classifier
from mnist_edge.errors import ModelError, ModelWarning, RuntimeMissing
from mnist_edge.golden import REFUSED, golden_of, outputs_in_front
from mnist_edge.model_file import TRIAL_SECONDS, read_model
from mnist_edge.safe_text import printable
from mnist_edge.shipped_models import resolve


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What became of a model's golden vectors.

    Attributes:
        path: The file.
        runtime: Name and version of what ran it; None where nothing did.
        inputs: How many there are; 0 where the file has none.
        difference: Largest difference of an output in front of the softmax, in quanta where it is quantised; None where
            nothing was computed or it is not finite.
        tolerance: The largest that may be; None where there are no golden vectors.
        decisions: On how many inputs the decision is the same; None where none was made.
        failure: What is wrong; None if nothing is, or nothing could be compared.
    """

    path: str
    runtime: str | None = None
    inputs: int = 0
    difference: float | None = None
    tolerance: float | None = None
    decisions: int | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.path).name

    @property
    def result(self) -> str:
        """The outcome: `ok`, `FAILED`, or `no golden vectors`."""
        if self.failure:
            return "FAILED"
        return "ok" if self.inputs else "no golden vectors"

    def to_json(self) -> dict[str, Any]:
        """One item of what `selftest --json` prints."""
        return asdict(self) | {"result": self.result}


def selftest(model: str | Path, runtime: str | None = None) -> SelfTest:
    """Test a model in this process; a runtime that crashes takes the process with it.

    Args:
        model: A `.tflite` of any kind, or the name of a model that ships.
        runtime: `ai-edge-litert`, `tflite-runtime` or `tensorflow`; None takes the first that works.

    Raises:
        ModelError: The file is missing or damaged, its golden vectors make no sense, or no runtime here can run it.
        RuntimeMissing: There is no runtime, or not the one asked for.
    """
    file = read_model(model)
    name, golden = file.path.name, golden_of(file.metadata, file.path.name)
    if golden is None:
        return SelfTest(str(file.path))
    outputs, used = outputs_in_front(file.content, name, golden.images, runtime)
    if outputs.shape != golden.outputs.shape:
        raise ModelError(f"{name} gives {outputs.shape[1]} values, its golden vectors have {golden.outputs.shape[1]}")
    difference = float(np.abs(outputs - golden.outputs).max())
    kept = None
    if golden.decisions is not None:
        kept = int((decide(file.path, golden.images, used.name) == golden.decisions).sum())
    failure = _failure(difference, golden.tolerance, kept, len(golden.images))
    finite = difference if np.isfinite(difference) else None
    return SelfTest(str(file.path), used.label, len(golden.images), finite, golden.tolerance, kept, failure)


def decide(path: Path, images: NDArray[np.uint8], runtime: str | None = None) -> NDArray[np.int64]:
    """Decide on images, shape (n, 28, 28), as a reader does: shape (n,), the digit or `REFUSED`."""
    with warnings.catch_warnings():
        # A broken runtime's outputs may look like logits.
        warnings.simplefilter("ignore", ModelWarning)
        classifier = Classifier(path, runtime=runtime, digits_only=False)
    probabilities = classifier.probabilities(images)
    return np.where(classifier.is_digit(probabilities), probabilities.argmax(1), REFUSED)


def _failure(difference: float, tolerance: float, kept: int | None, inputs: int) -> str | None:
    reasons = []
    # Not a number is no difference that is small enough.
    if not difference <= tolerance:
        reasons.append(f"its outputs differ by {difference:.4g} where {tolerance:g} is allowed")
    if kept is not None and kept < inputs:
        reasons.append(f"{inputs - kept} of {inputs} decisions are others")
    return " and ".join(reasons) or None


def selftest_apart(model: str | Path, runtime: str | None = None, timeout_s: float = TRIAL_SECONDS) -> SelfTest:
    """Test a model in a child process, for at most `timeout_s` seconds: a crash is a failure that names its signal.

    Takes and raises what `selftest` does, but a file that no runtime here can run is a failure too.
    """
    path = resolve(model)
    # A program that embeds or freezes Python has no Python to start.
    if not sys.executable or getattr(sys, "frozen", False):
        return selftest(path, runtime)
    child = run_module(__name__, str(path), runtime or "", timeout_s=timeout_s)
    if child.failure:
        return SelfTest(str(path), runtime, failure=child.failure)
    document = json.loads(child.output)
    if "missing" in document:
        raise RuntimeMissing(document["missing"])
    return SelfTest(**document)


def _main(model: str, runtime: str) -> None:
    try:
        print(json.dumps(asdict(selftest(Path(model), runtime or None))))
    except RuntimeMissing as error:
        print(json.dumps({"missing": str(error)}))
    except ModelError as error:
        sys.exit(printable(str(error)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
