"""How the bytes of a finder's int8 output are shared out among scores, digits and boxes."""

from typing import Any, NamedTuple

import numpy as np

from mnist_edge.detection import CHANNELS, Floats
from mnist_edge.errors import ModelError

KEY = "scaling"


class OutputScaling(NamedTuple):
    """Middle and half the range of each channel of a cell: what a file gives as -1 to 1.

    A tensor has one scale for all its values, and those of a box span a third of what logits do. Scaled in the weights
    of the last convolution, each channel has all 256 steps for what it may be where a digit is.

    Attributes:
        middles: Shape (15,), float32.
        halves: Shape (15,), float32, above 0.
    """

    middles: Floats
    halves: Floats

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any], name: str) -> "OutputScaling":
        """That of a file; nothing is scaled where its metadata says nothing. `name` is the file's, for the message.

        Raises:
            ModelError: The metadata holds something else.
        """
        output = metadata.get("output")
        found = output.get(KEY) if isinstance(output, dict) else None
        if found is None:
            return cls(np.zeros(CHANNELS, np.float32), np.ones(CHANNELS, np.float32))
        try:
            middles, halves = (np.array(found[key], np.float32) for key in ("middles", "halves"))
            sound = middles.shape == halves.shape == (CHANNELS,) and np.isfinite(middles).all() and (halves > 0).all()
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound or not np.isfinite(halves).all():
            raise ModelError(f"{name} says nothing sound of how its output is scaled; export it again")
        return cls(middles, halves)

    def to_metadata(self) -> dict[str, Any]:
        """The document that `from_metadata` reads."""
        return {KEY: {"middles": self.middles.tolist(), "halves": self.halves.tolist()}}
