"""Predictions against reality, of networks with layers that ours lack, in every precision and every runtime."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.compat import compatibility
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.keras_source import load_source
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.converters.representative import representative_images
from mnist_edge.dataset import Dataset
from mnist_edge.golden import KEY, Golden, golden_of, outputs_in_front
from mnist_edge.metadata import append_metadata, read_metadata
from mnist_edge.operator_versions import MICRO
from mnist_edge.training_stack import load_keras
from tests.tflite_micro import micro_outputs, with_micro

_SPEC = spec_from_file_location("environment", Path(__file__).with_name("environment.py"))
assert _SPEC and _SPEC.loader
environment = module_from_spec(_SPEC)
_SPEC.loader.exec_module(environment)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # Making the environment fetches packages.
NEW, OLD = "ai-edge-litert==2.3.0", "tflite-runtime==2.14.0"
with_old = pytest.mark.skipif(environment.why_not() is not None, reason=str(environment.why_not()))


def _layers(build: Callable[[Any, Any], Any]) -> Any:
    """An untrained network of 28x28 to ten digits with `build(keras.layers, x)` in its middle."""
    keras = load_keras()
    keras.utils.set_random_seed(1)
    image = keras.Input((28, 28, 1))
    hidden = keras.layers.Flatten()(build(keras.layers, keras.layers.Conv2D(8, 3, strides=2)(image)))
    return load_source(keras.Model(image, keras.layers.Dense(10, activation="softmax")(hidden)))


def _gate(layers: Any, x: Any) -> Any:
    # Without a bias the old runtime computes it right.
    pooled = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Multiply()([x, layers.Dense(8, bias_initializer="ones")(pooled)])


# All in one process: Python starts in half a second.
TEST_ALL = """
import json, sys
from pathlib import Path
from mnist_edge.errors import ModelError
from mnist_edge.selftest import selftest
def sound(path):
    try:
        return selftest(path).result == "ok"
    except ModelError:
        return False
print(json.dumps({path.stem: sound(path) for path in map(Path, sys.argv[1:])}))
"""
NETWORKS: dict[str, Callable[[Any, Any], Any]] = {
    # Every runtime runs these, so they share a network.
    "sound": lambda layers, x: layers.Resizing(9, 9, interpolation="nearest")(
        layers.UpSampling2D(2, interpolation="bilinear")(
            layers.LeakyReLU(0.1)(layers.DepthwiseConv2D(5, depth_multiplier=6)(x))
        )
    ),
    "hard-swish": lambda layers, x: layers.Activation("hard_silu")(x),
    # Keras repeats rows and columns by TILE.
    "tiled": lambda layers, x: layers.UpSampling2D(2)(x),
    "transposed": lambda layers, x: layers.Conv2DTranspose(16, 3)(x),
    "gate": _gate,
}
# The one that is exported with every type of input and output: they change the operators at its rim alone.
EVERY_IO = "sound"
# What TensorFlow's converter refuses.
NOT_CONVERTED = {("hard-swish", "int16x8")}
# The only files that a runtime must not run; all others it must.
NOT_RUN = {
    NEW: set(),
    OLD: {"tiled.int16x8.float32", "transposed.dynamic.float32", "gate.int16x8.float32"},
}


@pytest.fixture(scope="module")
def files(digits: Dataset, make_once: Callable[..., Path]) -> dict[str, Path]:
    """Every network in every precision, one of them with every type of input and output, by `NAME.PRECISION.IO`."""
    images = representative_images(digits, 50, 0)
    shown = digits.test.images[:5].reshape(-1, 28, 28)

    def export(folder: Path) -> None:
        for name, build in NETWORKS.items():
            network = _layers(build)
            for row in PRECISIONS.values():
                if (name, row.name) in NOT_CONVERTED:
                    continue
                for io in row.io if name == EVERY_IO else ("float32",):
                    file = f"{name}.{row.name}.{io}"
                    content = to_flatbuffer(network, row, io, images)
                    outputs, runtime = outputs_in_front(content, file, shown)
                    # Twice what is allowed of our own: more of their layers round.
                    golden = Golden(shown, outputs, None, 2 * row.golden_tolerance, runtime.label)
                    complete = append_metadata(content, {KEY: golden.to_metadata()})
                    (folder / f"{file}.tflite").write_bytes(complete)

    return {path.stem: path for path in sorted(make_once("operators", export).glob("*.tflite"))}


def predicted(files: dict[str, Path], runtime: str) -> set[str]:
    """The files that, as `compat` says, a runtime cannot run."""
    return {name for name, path in files.items() if not compatibility(path, [runtime]).verdicts[0].runs}


def failing(python: Path | str, files: dict[str, Path], folder: Path) -> set[str]:
    """The files that a runtime does not load, or ends at, or computes otherwise than their golden vectors."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-c", TEST_ALL, *files.values()]
    done = subprocess.run(command, capture_output=True, text=True, env=clean, cwd=folder)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == len(files)
    return {name for name, sound in results.items() if not sound}


def test_the_networks_have_what_they_are_for(files: dict[str, Path]) -> None:
    found = {operator.name for path in files.values() for operator, _ in compatibility(path).operators}
    assert found >= {
        "LEAKY_RELU", "HARD_SWISH", "DEPTHWISE_CONV_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TILE",
        "TRANSPOSE_CONV", "QUANTIZE", "DEQUANTIZE",
    }  # fmt: skip
    exports = len(PRECISIONS) * len(NETWORKS) - len(NOT_CONVERTED)
    assert len(files) == exports + sum(len(row.io) - 1 for row in PRECISIONS.values())


def test_todays_runtime_runs_what_is_predicted(files: dict[str, Path], tmp_path: Path) -> None:
    assert predicted(files, NEW) == failing(sys.executable, files, tmp_path) == NOT_RUN[NEW]


@with_old
def test_the_old_runtime_runs_what_is_predicted(files: dict[str, Path], tmp_path: Path) -> None:
    assert predicted(files, OLD) == failing(environment.make(), files, tmp_path) == NOT_RUN[OLD]


@with_micro
def test_tensorflow_lite_micro_runs_what_is_predicted(files: dict[str, Path]) -> None:
    assert predicted(files, MICRO) == {name for name, path in files.items() if not micro_runs(path)}


def micro_runs(path: Path) -> bool:
    golden = golden_of(read_metadata(path), path.name)
    assert golden
    try:
        outputs = micro_outputs(path.read_bytes(), golden.images, in_front=True)
    except RuntimeError:
        return False
    return bool(np.abs(outputs - golden.outputs).max() <= golden.tolerance)
