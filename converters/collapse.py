"""The commonest way for a conversion to fail silently: outputs that no longer depend on the image."""

import numpy as np
from numpy.typing import NDArray


def fault(probabilities: NDArray[np.float32]) -> str | None:
    """What is plainly wrong with a model's outputs; None where nothing is.

    Args:
        probabilities: Shape (n, 10), for images of several digits.
    """
    broken = int((~np.isfinite(probabilities)).any(axis=1).sum())
    if broken:
        return f"its outputs hold NaN or infinity for {broken} of {len(probabilities)} images"
    if len(probabilities) > 1 and not np.ptp(probabilities, axis=0).any():
        return f"its outputs are the same for all {len(probabilities)} images"
    said = np.unique(probabilities.argmax(axis=1))
    if len(probabilities) > 1 and len(said) == 1:
        return f"it says {said[0]} for all {len(probabilities)} images"
    return None
