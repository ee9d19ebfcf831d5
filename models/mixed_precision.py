"""Training in bfloat16 on processors that multiply it by matrices; weights and what is kept stay float32.

After Micikevicius et al., "Mixed precision training", 2018.
"""

from typing import Any

from mnist_edge.machine import cpu_flags
from mnist_edge.training_stack import load_keras

MIXED, SINGLE = "mixed_bfloat16", "float32"
# Steps of `large`, `small` and `nano` then take 0.44, 0.65 and 0.66 of the processor's time (Xeon with AMX, one core).
# With vectors of bfloat16 alone `large` took 0.67 and `nano` more than with float32.
MATRICES = "amx_bf16"


def best_precision() -> str:
    """`MIXED` where the processor is quick at it, else `SINGLE`."""
    return MIXED if MATRICES in cpu_flags() else SINGLE


def in_precision(model: Any, precision: str) -> Any:
    """The same network with the same weights, computed in another precision; not compiled.

    Args:
        model: A Keras model.
        precision: A dtype policy of Keras. The last layer's probabilities are float32 in any.
    """
    keras = load_keras()

    def layer_in_precision(layer: Any) -> Any:
        dtype = SINGLE if layer is model.layers[-1] else precision
        return type(layer).from_config(layer.get_config() | {"dtype": dtype})

    twin = keras.models.clone_model(model, clone_function=layer_in_precision)
    twin.set_weights(model.get_weights())
    return twin


def in_single(model: Any) -> Any:
    """The model itself where it is computed in float32, which any converter takes, else its twin that is."""
    is_mixed = any(layer.dtype_policy.name == MIXED for layer in model.layers)
    return in_precision(model, SINGLE) if is_mixed else model
