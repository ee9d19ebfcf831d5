"""The precisions: each a row of data that `convert` and `verify` carry out."""

from dataclasses import dataclass
from types import MappingProxyType

from mnist_edge.converters.parity import Tolerance
from mnist_edge.errors import UsageError

_AS_GOOD = Tolerance(max_drop=0.001, min_agreement=0.998, max_class_drop=0.005, min_p=0.01)
_SANE = Tolerance(max_drop=0.02, min_agreement=0.97, max_class_drop=0.1)
_NEARLY_EXACT = Tolerance(max_drop=0.0005, min_agreement=0.999, max_class_drop=0.003, min_p=0.01)


@dataclass(frozen=True, slots=True)
class Precision:
    """One way to store the trained network.

    Attributes:
        name: Key on the command line and suffix of the file (`small.int8.tflite`); float32 is also called `none`.
        summary: One line for people.
        io: What `--io` may be, the default first. uint8 takes pixels as they are; int8 is them minus 128;
            float32 is 0 to 1.
        parity: What `verify` accepts: a copy that is as good as its source.
        sanity: What `export` accepts: a copy whose decisions have not fallen apart. Looser, since a network that was
            trained for a minute leaves more images near a tie.
        optimised: Whether weights are stored smaller.
        weights_type: Name of the TensorFlow type weights are stored in, where it is not for the converter to choose.
        operator_set: Member of `tf.lite.OpsSet`.
        calibrated: Whether the converter must see representative images.
        integer: Whether every operator must compute in integers.
        dense_per_channel: Whether dense layers get a scale for each output. For dynamic they must not: that needs
            FULLY_CONNECTED version 12, which tflite-runtime 2.14 and TFLite Micro lack.
        micro: Whether TensorFlow Lite Micro runs it.
        golden_tolerance: Largest difference between sound runtimes in front of the softmax, in its tensor's unit:
            quanta for int8 and int16x8. Between ai-edge-litert 2.3 and tflite-runtime 2.14, 300 images, `nano`: 4e-6 in
            float, 0.006 in dynamic, which quantises its activations anew, 1 quantum in int16x8 and, but for one output
            of 3,000, in int8.
    """

    name: str
    summary: str
    io: tuple[str, ...] = ("float32",)
    parity: Tolerance = _AS_GOOD
    sanity: Tolerance = _SANE
    optimised: bool = True
    weights_type: str | None = None
    operator_set: str = "TFLITE_BUILTINS"
    calibrated: bool = False
    integer: bool = False
    dense_per_channel: bool = True
    micro: bool = True
    golden_tolerance: float = 0.001


_ROWS = (
    Precision(
        "float32",
        "as trained",
        parity=Tolerance(max_drop=0.0, min_agreement=1.0, max_class_drop=0.0, min_p=0.01),
        sanity=_NEARLY_EXACT,
        optimised=False,
    ),
    Precision("float16", "weights halved", parity=_NEARLY_EXACT, weights_type="float16", micro=False),
    Precision(
        "dynamic", "weights in int8, activations in float", dense_per_channel=False, micro=False, golden_tolerance=0.05
    ),
    Precision(
        "int8",
        "weights and activations in int8: full integer",
        io=("int8", "uint8", "float32"),
        operator_set="TFLITE_BUILTINS_INT8",
        calibrated=True,
        integer=True,
        golden_tolerance=1.0,
    ),
    Precision(
        "int16x8",
        "weights in int8, activations in int16",
        parity=_NEARLY_EXACT,
        operator_set="EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
        calibrated=True,
        integer=True,
        golden_tolerance=1.0,
    ),
)

PRECISIONS = MappingProxyType({row.name: row for row in _ROWS})


def find_precision(name: str) -> Precision:
    """The precision called `name`; `none` is float32.

    Raises:
        UsageError: There is none.
    """
    row = PRECISIONS.get("float32" if name == "none" else name)
    if row is None:
        raise UsageError(f"there is no precision {name!r}; choose one of: none, {', '.join(PRECISIONS)}")
    return row


def choose_io(precision: Precision, io: str | None) -> str:
    """The input and output type: `io` where the precision allows it, its default where it is None.

    Raises:
        UsageError: The precision does not allow it.
    """
    if io is None:
        return precision.io[0]
    if io not in precision.io:
        raise UsageError(f"{precision.name} takes --io {' or '.join(precision.io)}, not {io}")
    return io
