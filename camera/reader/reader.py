"""Read the digits of a frame: find its ink, cut it into candidates, decide on these, and put them in rows."""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import read_image
from mnist_edge.camera.reader.decision import Decision, decide
from mnist_edge.camera.reader.ink import InkMap, find_ink
from mnist_edge.camera.reader.rows import in_reading_order
from mnist_edge.camera.reader.segment import TOO_MANY, segment
from mnist_edge.classifier import Classifier
from mnist_edge.errors import UsageError, described
from mnist_edge.reading import Box, Reading
from mnist_edge.shipped_models import DEFAULT

MIN_CONFIDENCE = 0.4
# A digit that stands in no row of digits needs this power of the least confidence: 0.93 for 0.4, from generated pages.
ALONE = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What a frame became on its way to a reading; ink and decision are at working size."""

    ink: InkMap
    decision: Decision
    reading: Reading


class Reader:
    """Finds and reads the handwritten digits of frames.

    Ink that the model itself refuses is rejected as "not a digit", and of the rest what is less sure than
    `min_confidence` as "low confidence". A reader keeps nothing from one frame to the next, and serves one thread at a
    time.

    Examples:
        >>> reader = Reader("small", min_confidence=0.9)
        >>> [digit.label for digit in reader.read(frame).digits]
        [3, 7, 2, 2, 0]

    Attributes:
        classifier: Runs the model on the candidates.
        model: Name of its model.
        runtime: What runs it.
        min_confidence: Least confidence of a digit in a row of digits, 0 to 1; one that stands alone must be surer:
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
            source: Name of the frame in the reading.

        Raises:
            UsageError: It is no array, or of another shape or dtype.
        """
        return self.read_in_stages(frame, source).reading

    def read_in_stages(self, frame: NDArray[np.uint8], source: str) -> Stages:
        """Read one frame as `read` does, and keep its stages too."""
        frame = _as_bgr(frame)
        started = time.perf_counter()
        ink = find_ink(frame)
        found = segment(ink)
        segmented = time.perf_counter()
        decision = decide(
            found,
            self.classifier.probabilities,
            self.min_confidence**ALONE,
            self.classifier.refusal_threshold or 0.0,
            self.min_confidence,
        )

        def unscaled(box: Box) -> Box:
            return _unscaled(box, ink.scale, frame.shape)

        digits, text = in_reading_order([candidate.as_digit(unscaled(candidate.box)) for candidate in decision.digits])
        rejected = tuple(replace(refused, box=unscaled(refused.box)) for refused in decision.rejected)
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
            limited=found.limited or any(refused.reason == TOO_MANY for refused in rejected),
        )
        return Stages(ink, decision, reading)


def read(image: str | Path | NDArray[np.uint8], model: str | Path = DEFAULT) -> Reading:
    """Read one picture.

    Examples:
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


def _unscaled(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    # Both sizes are rounded, so that the rim of the small picture may lie beyond the rim of the large one.
    right, bottom = min(round(box.right / scale), shape[1]), min(round(box.bottom / scale), shape[0])
    left, top = min(round(box.x / scale), right - 1), min(round(box.y / scale), bottom - 1)
    return Box(left, top, right - left, bottom - top)
