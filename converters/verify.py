"""Parity: run two models on the same images, and compare everything once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mnist_edge.classes import DIGITS
from mnist_edge.converters.parity import ModelOutputs, ParityReport, Tolerance, compare
from mnist_edge.converters.precisions import PRECISIONS, Precision
from mnist_edge.dataset import Split
from mnist_edge.evaluate import load_predictor, predict
from mnist_edge.metadata import read_metadata
from mnist_edge.pixels import pixels_of
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import is_keras, resolve


def verify(
    reference: str | Path,
    candidate: str | Path,
    split: Split,
    *,
    max_drop: float | None = None,
    min_agreement: float | None = None,
    max_class_drop: float | None = None,
    min_p: float | None = None,
    runtime: str | None = None,
    classes: Sequence[str] = DIGITS,
    trial: Split | None = None,
    progress: Progress = no_progress,
) -> ParityReport:
    """Compare a candidate with its reference on the same images; any two of `.keras` and `.tflite`.

    A split of n images resolves no less than 1/n, so a precision's own tolerances always let one image pass; a
    tolerance that is given holds as it is.

    Args:
        reference: A `.keras` or `.tflite` file, a run folder, or the name of a model that ships.
        candidate: Likewise.
        split: The images to show.
        max_drop: Largest loss of accuracy that passes, a share of 1: 0.001 is 0.10 points. None takes that of the
            candidate's precision, or of int8 where its metadata names none.
        min_agreement: Lowest share of equal digits that passes, 0 to 1. None as for `max_drop`.
        max_class_drop: Largest loss of accuracy on a single digit that passes, a share of 1. None as for `max_drop`;
            ten times a `max_drop` that is given and larger, since all of that may fall on one digit.
        min_p: Lowest p of McNemar's exact test that passes where the candidate is worse. None as for `max_drop`; 0,
            which passes everything, where a `max_drop` is given: what is allowed need be no chance.
        runtime: For `.tflite` files; None takes the first that works.
        classes: What the labels of the split mean.
        trial: As `load_predictor` takes it.
        progress: Told the number of images done.

    Returns:
        The report; it does not raise where the candidate fails, `raise_if_failed` does.

    Raises:
        ModelError: There is no such model, or it cannot be run.
    """
    limits = {"min_agreement": min_agreement, "max_class_drop": max_class_drop, "min_p": min_p}
    tolerance = _tolerance(precision_of(candidate).parity.on(split.labels), max_drop, limits)
    # Where the reference is the network that the candidate was exported from, both see what it was trained on.
    trained_on = pixels_of(read_metadata(resolve(candidate))) if is_keras(resolve(reference)) else None
    both = [
        # The networks' own softmax on both sides: a Keras model has no temperature.
        load_predictor(model, calibrated=False, runtime=runtime, trained_on=pixels, classes=classes, trial=trial)
        for model, pixels in ((reference, trained_on), (candidate, None))
    ]
    first, second = (
        ModelOutputs(str(model), one.runtime, predict(one, split, progress))
        for model, one in zip((reference, candidate), both, strict=True)
    )
    return compare(first, second, split.labels, tolerance, classes)


def _tolerance(usual: Tolerance, max_drop: float | None, limits: Mapping[str, float | None]) -> Tolerance:
    """The usual tolerance with the limits that are given, not None, as `verify` takes them."""
    if max_drop is not None:
        allowed = max(usual.max_class_drop, 10 * max_drop)
        usual = replace(usual, max_drop=max_drop, max_class_drop=allowed, min_p=0.0)
    return replace(usual, **{name: limit for name, limit in limits.items() if limit is not None})


def precision_of(model: str | Path) -> Precision:
    """The precision in a model's metadata; int8 where it has none."""
    name = str(read_metadata(resolve(model)).get("precision"))
    return PRECISIONS.get(name, PRECISIONS["int8"])
