"""The same network in the forms of other engines, by the converters that their documents name."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import ModelError, PackageMissing
from mnist_edge.optional_packages import require
from mnist_edge.training_stack import without_prints

PNNX_TIMEOUT_S = 120


def to_onnx(model: Any, path: Path) -> None:
    """Write a Keras model as float ONNX, as Keras itself does it.

    Raises:
        ModelError: It cannot be converted.
        PackageMissing: tf2onnx or onnx is not installed.
    """
    for package in ("onnx", "tf2onnx"):
        require(package, extra="peers")
    # Keras wants a model that was called once.
    model(np.zeros((1, 28, 28, 1), np.float32))
    try:
        with without_prints(), warnings.catch_warnings():
            # Of what Keras and tf2onnx use of NumPy.
            warnings.simplefilter("ignore")
            model.export(path, format="onnx", verbose=False)
    except Exception as error:
        raise ModelError(f"{model.name} cannot be written as ONNX ({_first_line(error)})") from error


class _Calibration:
    """Hands one image after another to ONNX Runtime's quantisation."""

    def __init__(self, name: str, images: NDArray[np.float32]) -> None:
        self._rest: Iterator[NDArray[np.float32]] = iter(images)
        self._name = name

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next image by the name of the input, None behind the last."""
        image = next(self._rest, None)
        return None if image is None else {self._name: image[None]}


def to_quantised_onnx(source: Path, images: NDArray[np.float32], path: Path) -> None:
    """Quantise a float ONNX file by ONNX Runtime's static quantisation, with a scale for each channel.

    Args:
        source: From `to_onnx`.
        images: Representative images, as the `.tflite` is calibrated with.
        path: The file to write.

    Raises:
        ModelError: There is no source, or it cannot be quantised.
        PackageMissing: ONNX Runtime is not installed.
    """
    runtime, quantisation = require("onnxruntime", "peers"), require("onnxruntime.quantization", "peers")
    _want(source)
    name = runtime.InferenceSession(str(source), providers=["CPUExecutionProvider"]).get_inputs()[0].name
    try:
        with tempfile.TemporaryDirectory() as place:
            folded = Path(place, "folded.onnx")
            quantisation.shape_inference.quant_pre_process(str(source), str(folded), skip_symbolic_shape=True)
            quantisation.quantize_static(
                str(folded), str(path), _Calibration(name, images), per_channel=True,
                quant_format=quantisation.QuantFormat.QDQ, activation_type=quantisation.QuantType.QUInt8,
                weight_type=quantisation.QuantType.QInt8,
            )  # fmt: skip
    except Exception as error:
        raise ModelError(f"{source.name} cannot be quantised ({_first_line(error)})") from error


def to_ncnn(source: Path, path: Path) -> None:
    """Convert a float ONNX file by pnnx to ncnn's two files, weights in float16.

    Args:
        source: From `to_onnx`.
        path: The `.param` to write; the `.bin` comes beside it.

    Raises:
        ModelError: There is no source, or pnnx fails.
        PackageMissing: pnnx is not installed.
    """
    program = _pnnx()
    _want(source)
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(source, Path(place, "network.onnx"))
        try:
            done = subprocess.run(
                [program, "network.onnx", "inputshape=[1,28,28,1]"], cwd=place, capture_output=True, text=True,
                timeout=PNNX_TIMEOUT_S,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ModelError(f"pnnx cannot convert {source.name} ({error})") from error
        made = Path(place, "network.ncnn.param")
        if not made.is_file():
            raise ModelError(f"pnnx cannot convert {source.name} (exit code {done.returncode})")
        shutil.copy(made, path)
        shutil.copy(made.with_suffix(".bin"), path.with_suffix(".bin"))


def _pnnx() -> str:
    """Find the program; its package also has Python parts, which want PyTorch, and they are never imported."""
    if program := shutil.which("pnnx"):
        return program
    found = find_spec("pnnx")
    for folder in found.submodule_search_locations or () if found else ():
        if (program_path := Path(folder, "pnnx")).is_file():
            program_path.chmod(program_path.stat().st_mode | 0o111)
            return str(program_path)
    raise PackageMissing("pnnx is not installed; install it with: pip install --no-deps pnnx")


def _want(source: Path) -> None:
    if not source.is_file():
        raise ModelError(f"there is no {source.name} to convert")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
