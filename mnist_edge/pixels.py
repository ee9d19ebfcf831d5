"""What a network was trained to take for background and for full ink, where its file does not tell."""

from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import ModelError, UsageError
from mnist_edge.safe_text import quoted

# In the metadata of an export: what the network behind it was trained with.
KEY = "trained_on"
_RANGES = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
# A larger standard deviation is that of pixels from 0 to 255; those of 0 to 1 have at most 0.5.
_WIDEST = 1.0


class Pixels(NamedTuple):
    """The two ends of the scale of pixels.

    Attributes:
        background: The value of paper.
        ink: The value of full ink.
    """

    background: float
    ink: float

    def of_ink(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn ink, 0 to 1, into pixels."""
        return np.float32(self.background) + ink * np.float32(self.ink - self.background)

    def to_metadata(self) -> dict[str, Any]:
        """The entry of an export's metadata that `pixels_of` reads."""
        return {KEY: self._asdict()}


def parse_pixels(text: str | None, invert: bool = False) -> Pixels | None:
    """Understand `--pixels` and `--invert`.

    Args:
        text: `0..1`, `0..255`, `-1..1`, or `MEAN,STD`, by which pixels were standardised; these may be in the unit of
            pixels from 0 to 1, or from 0 to 255 where STD is above 1. None means 0..1.
        invert: The network was trained on dark ink: its background is the high value.

    Returns:
        None where neither is given: the file decides.

    Raises:
        UsageError: The text is none of these.
    """
    if text is None and not invert:
        return None
    background, ink = _RANGES.get("0..1" if text is None else text) or _standardised(str(text))
    return Pixels(ink, background) if invert else Pixels(background, ink)


def pixels_of(metadata: dict[str, Any]) -> Pixels | None:
    """Get what the network behind an export was trained with; None where nobody said so.

    Raises:
        ModelError: It makes no sense.
    """
    if KEY not in metadata:
        return None
    try:
        return Pixels(float(metadata[KEY]["background"]), float(metadata[KEY]["ink"]))
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"the metadata's {KEY!r} is {quoted(metadata[KEY])}; export the model again") from None


def _standardised(text: str) -> tuple[float, float]:
    try:
        mean, deviation = map(float, text.split(","))
    except ValueError:
        mean, deviation = 0.0, 0.0
    if not (isfinite(mean) and isfinite(deviation) and deviation > 0):
        raise UsageError(f"--pixels is {', '.join(_RANGES)} or MEAN,STD, such as 0.1307,0.3081, not {quoted(text)}")
    top = 255.0 if deviation > _WIDEST else 1.0
    return -mean / deviation, (top - mean) / deviation
