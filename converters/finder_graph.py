"""The graph of a finder's `.tflite`, and how ink levels decide what its integers mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import Precision
from mnist_edge.detection import CHANNELS, MULTIPLE, Floats
from mnist_edge.errors import ModelError
from mnist_edge.finder_output import OutputScaling
from mnist_edge.training_stack import load_keras

# Lowest score that anything asks for: where a cell has less, what else its output says does not count.
LEAST_SCORE = 0.01
# Of each channel where a digit may be, these shares of the values lie below and above what is clipped, and so much of
# the range between is added on both sides.
CLIPPED, MARGIN = 0.001, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class FinderLevels:
    """Ink levels to calibrate and to compare with, of pages.

    Attributes:
        training: Shape (n, side, side), uint8; the side is a multiple of 32.
        validation: Shape (m, side, side), uint8, of pages with other digits.
        data: Names the digits on the pages: `data`, `sha256`, and the `seed` of the pages.
    """

    training: NDArray[np.uint8]
    validation: NDArray[np.uint8]
    data: dict[str, Any]


def is_finder_network(network: Any) -> bool:
    """Whether a Keras model takes pictures of one channel and gives what a finder gives."""
    taken, given = (getattr(network, name, None) for name in ("input_shape", "output_shape"))
    if not isinstance(taken, tuple) or not isinstance(given, tuple):
        return False
    return len(taken) == len(given) == 4 and (taken[3], given[3]) == (1, 4 * CHANNELS)


def check_finder(network: Any) -> None:
    """Raise `ModelError`, which tells its shapes, if a Keras model is no finder."""
    if not is_finder_network(network):
        taken, given = (getattr(network, name, "what is unknown") for name in ("input_shape", "output_shape"))
        raise ModelError(
            f"{network.name} is no finder: it maps {taken} to {given}; a finder gives {4 * CHANNELS} channels"
        )


def finder_to_flatbuffer(
    network: Any, row: Precision, io: str, levels: FinderLevels | None
) -> tuple[bytes, OutputScaling | None]:
    """Return the graph without metadata, and how its output is scaled where it is quantised.

    Args:
        network: A Keras model that is a finder.
        row: The precision.
        io: Type of input and output.
        levels: Its training levels calibrate, where the precision is calibrated.
    """
    if not row.calibrated or levels is None:
        return to_flatbuffer(network, row, io, None, (8 * MULTIPLE, 8 * MULTIPLE, 1)), None
    inputs = _inputs(levels.training)
    # A step of the input is one of the ink level, whatever ink these levels have.
    inputs[0, 0, 0] = 1
    scaling = choose_scaling(finder_outputs(network, levels.training))
    return to_flatbuffer(_scaled(network, scaling), row, io, inputs, inputs.shape[1:]), scaling


def _scaled(network: Any, scaling: OutputScaling) -> Any:
    """The same network with outputs from -1 to 1, which the converter folds into its last convolution."""
    keras = load_keras()
    image = keras.Input(network.input_shape[1:])
    scale, offset = 1 / scaling.halves, -scaling.middles / scaling.halves
    scaled = keras.layers.Rescaling(np.tile(scale, 4), np.tile(offset, 4))(network(image))
    return keras.Model(image, keras.ops.clip(scaled, -1.0, 1.0), name=network.name)


def _inputs(levels: NDArray[np.uint8]) -> Floats:
    return levels[..., None].astype(np.float32) / np.float32(255)


def finder_outputs(network: Any, levels: NDArray[np.uint8]) -> Floats:
    """Return what a Keras finder gives for ink levels, shape (n, side, side): (n, rows, columns, 60)."""
    return np.asarray(network.predict(_inputs(levels), batch_size=16, verbose=0), np.float32)


def choose_scaling(outputs: Floats) -> OutputScaling:
    """The ranges that the 256 steps of each channel are spread over.

    Args:
        outputs: Of the network as trained, shape (..., 60).
    """
    cells = outputs.reshape(-1, CHANNELS)
    lowest = np.log(LEAST_SCORE / (1 - LEAST_SCORE))
    # An untrained network may find nothing at all.
    sure = cells[cells[:, 0] > lowest] if (cells[:, 0] > lowest).any() else cells
    low, high = np.quantile(sure, [CLIPPED, 1 - CLIPPED], axis=0)
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    # Scores decide which of two detections stays: none is clipped above.
    low[0], high[0] = lowest, max(sure[:, 0].max(), lowest + 1)
    return OutputScaling(((low + high) / 2).astype(np.float32), np.maximum((high - low) / 2, 1e-3).astype(np.float32))
