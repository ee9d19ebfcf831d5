"""Read the digits of a frame: find them, cut out their ink, classify it, and put them in rows."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import read_image
from mnist_edge.camera.reader.candidate import Candidate
from mnist_edge.camera.reader.connected import classify_ink
from mnist_edge.camera.reader.decision import Judged, distinct, judge, judge_ink
from mnist_edge.camera.reader.ink import find_ink
from mnist_edge.camera.reader.proposals import Seen, propose, propose_ink, see
from mnist_edge.camera.reader.rows import in_reading_order
from mnist_edge.camera.reader.segment import Segmentation, segment
from mnist_edge.classes import names_of
from mnist_edge.classifier import Classifier
from mnist_edge.detection import Detections
from mnist_edge.errors import UsageError, described
from mnist_edge.finder import Found, find
from mnist_edge.finder_network import FinderNetwork
from mnist_edge.opencv import cv2
from mnist_edge.pixels import Pixels
from mnist_edge.reading import Box, Reading
from mnist_edge.shipped_models import DEFAULT, FINDER

# Precision counts twice as much as recall (F0.5): a number that is not there harms more than one that is missed.
# On 800 crowded and 500 plain generated validation pages that it was not fitted on, F0.5 is 0.872, 0.875, 0.875 and
# 0.873 at 0.65, 0.7, 0.75 and 0.8; of the two best this one finds more.
MIN_CONFIDENCE = 0.7
# Longer side of the picture that is worked on, pixels: digits of a hundredth of it are readable, and time is bounded.
WORKING_SIDE = 1600
# Detections that score less are not looked at.
LEAST_SCORE = 0.15
# Most detections that are looked at, best first, so that a frame takes a bounded time.
MOST = 400


class Stages(NamedTuple):
    """What a frame became on its way to a reading; boxes at working size.

    Attributes:
        scale: Working size divided by the frame's; at most 1.
        found: What the finder sees.
        judged: All places where a digit may be.
        places: Of those that hold the same ink the surest, best first.
        reading: The reading, boxes in the frame.
    """

    scale: float
    found: Found
    judged: tuple[Judged, ...]
    places: tuple[Judged, ...]
    reading: Reading


class Reader:
    """Finds and reads the handwritten digits of frames.

    A finder sees where digits are, connected ink shows what hangs together, and the model says which digit it is. All
    of that gives one confidence; what is less sure than `min_confidence` is rejected. A reader keeps nothing from one
    frame to the next, and serves one thread at a time.

    The finder knows the ten digits. For a model of other classes it tells light writing from dark alone: connected ink
    is what may be one of them, the confidence is the model's, and what touches is not cut.

    Examples:
        >>> reader = Reader("small", min_confidence=0.9)
        >>> [digit.label for digit in reader.read(frame).digits]
        [3, 7, 2, 2, 0]

    Attributes:
        classifier: Runs the model on what is found.
        model: Name of its model.
        runtime: What runs both networks.
        min_confidence: Least confidence of a digit, 0 to 1. May be changed between frames.
        classes: What the model tells, in the order of the labels.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT,
        *,
        finder: str | Path = FINDER,
        runtime: str | None = None,
        threads: int = 1,
        min_confidence: float = MIN_CONFIDENCE,
        trained_on: Pixels | None = None,
    ) -> None:
        """Load both networks.

        Args:
            model: A `.tflite` file of a classifier, of the digits or other classes, or the name of a model that ships.
            finder: A `.tflite` file of a finder, or the name of the one that ships.
            runtime: As for `Classifier`.
            threads: CPU threads for one invoke.
            min_confidence: Least confidence of a digit, 0 to 1.
            trained_on: As for `Classifier`.

        Raises:
            ModelError: A network cannot be run here.
            UsageError: `min_confidence` is not a probability, or another argument as for `Classifier`.
        """
        if not isinstance(min_confidence, int | float) or not 0 <= min_confidence <= 1:
            raise UsageError(f"the least confidence must lie in 0 to 1, not {min_confidence!r}")
        self.classifier = Classifier(model, runtime=runtime, threads=threads, trained_on=trained_on, digits_only=False)
        self.classes = self.classifier.classes
        self._names = names_of(self.classes)
        self._finder = FinderNetwork(finder, runtime=runtime, threads=threads)
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
        scale = min(1.0, WORKING_SIDE / max(frame.shape[:2]))
        size = [max(1, round(side * scale)) for side in frame.shape[1::-1]]
        picture = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA) if scale < 1 else frame, np.uint8)
        found = find(picture, self._finder, LEAST_SCORE, MOST + 1)
        found_at = time.perf_counter()
        seen = [] if self._names else see(found, MOST, picture.shape, self.classifier.probabilities)
        seen_at = time.perf_counter()
        segmented = self._segment(picture, found, seen)
        segmented_at = time.perf_counter()
        judged, limited = self._judge(found, seen, list(segmented.candidates), picture.shape)
        places = distinct(judged)

        def unscaled(box: Box) -> Box:
            return _unscaled(box, scale, frame.shape)

        sure = [one for one in places if one.confidence >= self.min_confidence]
        unsure = [one for one in places if one.confidence < self.min_confidence]
        digits, text = in_reading_order([replace(one.as_digit(), box=unscaled(one.box)) for one in sure])
        ended = time.perf_counter()
        reading = Reading(
            source=source,
            width=frame.shape[1],
            height=frame.shape[0],
            model=self.model,
            runtime=self.runtime,
            digits=digits,
            text=text,
            rejected=tuple(replace(one.as_rejected(), box=unscaled(one.box)) for one in unsure),
            milliseconds={
                "segment": (found_at - started + segmented_at - seen_at) * 1000,
                "classify": (seen_at - found_at + ended - segmented_at) * 1000,
                "total": (ended - started) * 1000,
            },
            limited=limited or segmented.limited,
        )
        return Stages(scale, found, tuple(judged), tuple(places), reading)

    def _segment(self, picture: NDArray[np.uint8], found: Found, seen: Sequence[Seen]) -> Segmentation:
        """Connected ink where the finder's detections leave a doubt; all of it, where no finder knows the classes."""
        if self._names:
            return segment(find_ink(picture, found.light_on_dark))
        boxes, unclear = found.detections.boxes, [one.way.detection for one in seen if not one.is_clear]
        return segment(find_ink(picture, found.light_on_dark), boxes, unclear) if unclear else Segmentation(())

    def _judge(
        self, found: Found, seen: Sequence[Seen], candidates: list[Candidate], shape: tuple[int, ...]
    ) -> tuple[list[Judged], bool]:
        """What may be a digit, each with its confidence, and whether there was more than is looked at."""
        classify, min_score = self.classifier.probabilities, self.classifier.refusal_threshold or 0.0
        if self._names:
            connected, _ = classify_ink(candidates, classify, min_score, Detections.none())
            return judge_ink(propose_ink(connected, shape), min_score, self._names), False
        connected, cut_short = classify_ink(candidates, classify, min_score, found.detections)
        proposals = propose(seen, connected, found.detections)
        return judge(proposals, self._finder.confidence), cut_short or len(found.detections) > MOST


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
