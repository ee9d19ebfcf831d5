"""The reader: a frame in, the digits on it out."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import read_image
from mnist_edge.camera.reader.candidate import Classified
from mnist_edge.camera.reader.decision import Decision, decide
from mnist_edge.camera.reader.ink import InkMap, find_ink
from mnist_edge.camera.reader.rows import group_rows, row_text
from mnist_edge.camera.reader.segment import TOO_MANY, Segmentation, cut
from mnist_edge.classifier import Classifier
from mnist_edge.errors import UsageError, described
from mnist_edge.reading import Box, Digit, Reading
from mnist_edge.shipped_models import DEFAULT

MIN_CONFIDENCE = 0.4
# What no row of digits vouches for needs this power of it: 0.93 for 0.4, chosen on generated pages.
ALONE = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What a frame became on its way to a reading; all but the reading at working size."""

    ink: InkMap
    found: Segmentation
    decision: Decision
    reading: Reading


class Reader:
    """Finds and reads the handwritten digits of frames.

    What the model itself refuses is "not a digit"; of the rest, what is not sure enough is "low
    confidence". It keeps nothing from one frame to the next. One object serves one thread at a time.

    >>> reader = Reader("small", min_confidence=0.9)
    >>> [digit.label for digit in reader.read(frame).digits]
    [3, 7, 2, 2, 0]

    Attributes:
        classifier: What judges the candidates.
        model: Name of its model.
        runtime: What runs it.
        min_confidence: Digits below are refused, 0 to 1; one that no row of digits vouches for must be surer:
            0.93 for 0.4. May be changed between frames.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT,
        *,
        runtime: str | None = None,
        threads: int = 1,
        min_confidence: float = MIN_CONFIDENCE,
    ) -> None:
        """Load a model.

        Args:
            model: A `.tflite` file or the name of a model that ships.
            runtime: As for `Classifier`.
            threads: CPU threads for one invoke.
            min_confidence: Least probability of a digit, 0 to 1.

        Raises:
            ModelError: The model cannot be run here.
            UsageError: `min_confidence` is not a probability, or another argument as for `Classifier`.
        """
        if not isinstance(min_confidence, int | float) or not 0 <= min_confidence <= 1:
            raise UsageError(f"the least confidence must lie in 0 to 1, not {min_confidence!r}")
        self.classifier = Classifier(model, runtime=runtime, threads=threads)
        self.model = self.classifier.name
        self.runtime = self.classifier.runtime
        self.min_confidence = min_confidence

    def read(self, frame: NDArray[np.uint8], source: str = "frame") -> Reading:
        """Read one frame.

        Args:
            frame: Shape (height, width, 3) BGR or (height, width) grey, uint8; dark on light or light on dark.
            source: What the reading calls it.

        Raises:
            UsageError: It is no array, or of another shape or dtype.
        """
        return self.read_in_stages(frame, source).reading

    def read_in_stages(self, frame: NDArray[np.uint8], source: str) -> Stages:
        """Read one frame as `read` does, and return what was found on the way too."""
        frame = _as_bgr(frame)
        started = time.perf_counter()
        ink = find_ink(frame)
        found = cut(ink)
        segmented = time.perf_counter()
        decision = decide(
            found,
            self.classifier.probabilities,
            self.min_confidence**ALONE,
            self.classifier.refusal_threshold or 0.0,
            self.min_confidence,
        )
        digits, text = _in_order(decision.digits, found.scale, frame.shape)
        rejected = tuple(replace(one, box=_unscaled(one.box, found.scale, frame.shape)) for one in decision.rejected)
        ended = time.perf_counter()
        reading = Reading(
            source=source,
            width=frame.shape[1],
            height=frame.shape[0],
            model=self.model,
            runtime=self.runtime,
            digits=digits,
            text=text,
            rejected=rejected,
            milliseconds={
                "segment": (segmented - started) * 1000,
                "classify": (ended - segmented) * 1000,
                "total": (ended - started) * 1000,
            },
            limited=found.limited or any(one.reason == TOO_MANY for one in rejected),
        )
        return Stages(ink, found, decision, reading)


def read(image: str | Path | NDArray[np.uint8], model: str | Path = DEFAULT) -> Reading:
    """Read one picture.

    >>> reading = read("page.jpg")
    >>> reading.text
    ('372', '20')

    Args:
        image: A file, or pixels as `Reader.read` takes them.
        model: A `.tflite` file or the name of a model that ships.

    Raises:
        ImageError: The file is missing or no picture.
        ModelError: The model cannot be run here.
        UsageError: `image` is neither a path nor pixels.
    """
    if not isinstance(image, str | os.PathLike | np.ndarray):
        raise UsageError(f"an image is a path or an array of pixels, not {described(image)}")
    reader = Reader(model)
    if isinstance(image, np.ndarray):
        return reader.read(image)
    return reader.read(read_image(str(image)), str(image))


def _as_bgr(frame: NDArray[Any]) -> NDArray[np.uint8]:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or not frame.size:
        raise UsageError(f"a frame must be an array of uint8 and not empty, not {described(frame)}")
    if frame.ndim == 2:
        return np.repeat(frame[..., None], 3, axis=2)
    if frame.ndim != 3 or frame.shape[2] != 3:
        raise UsageError(f"a frame must have shape (height, width, 3) or (height, width), not {frame.shape}")
    return frame


def _in_order(
    classified: Sequence[Classified], scale: float, shape: tuple[int, ...]
) -> tuple[tuple[Digit, ...], tuple[str, ...]]:
    boxes = [_unscaled(one.box, scale, shape) for one in classified]
    digits, text = [], []
    for row, indices in enumerate(group_rows(boxes)):
        for index in indices:
            one = classified[index]
            digits.append(Digit(one.label, one.confidence, boxes[index], row, one.runner_up, crop=one.crop))
        text.append(row_text([classified[i].label for i in indices], [boxes[i] for i in indices]))
    return tuple(digits), tuple(text)


def _unscaled(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    # Both sizes are rounded, so that the rim of the small picture may lie beyond the rim of the large one.
    right, bottom = min(round(box.right / scale), shape[1]), min(round(box.bottom / scale), shape[0])
    left, top = min(round(box.x / scale), right - 1), min(round(box.y / scale), bottom - 1)
    return Box(left, top, right - left, bottom - top)
