"""The networks that the suite measures, each in every form of file that an engine takes, with the same weights."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge import native_stderr
from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.suite.engines import DOT_PRODUCTS
from mnist_edge.benchmarks.suite.peer_files import to_ncnn, to_onnx, to_quantised_onnx
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.keras_source import load_source
from mnist_edge.converters.precisions import PRECISIONS, find_precision
from mnist_edge.converters.representative import representative_images
from mnist_edge.dataset import Dataset
from mnist_edge.errors import MnistEdgeError
from mnist_edge.models.build import build
from mnist_edge.models.recipes import RECIPES
from mnist_edge.runtime import build_interpreter
from mnist_edge.shipped_models import shipped_models
from mnist_edge.tensors import as_input
from mnist_edge.tflite_graph import count_macs
from mnist_edge.training_stack import load_keras

# What ships, and the classic networks that differ from each other.
DEFAULT_NETWORKS = ("small", "nano", "large", "three-conv", "two-conv", "mlp")
# Enough that decisions of a classic network mean something: its speed does not depend on how well it is trained.
FITTED_IMAGES, FITTED_BATCH = 6_000, 64
# What the int8 dot products of this machine are measured with: 1x1 convolutions of 16.8 million multiplications.
KERNEL_SIDE, KERNEL_CHANNELS = 32, 128
# Looked for in November 2026, with PyPI's ncnn 1.0.20261020 and pnnx 20261020.
NCNN_INT8 = (
    "ncnn2table and ncnn2int8, which make it, are in neither wheel on PyPI, ncnn and pnnx, nor in Debian 12 or npm"
)
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Network:
    """One network and its files.

    Attributes:
        name: Of the recipe or file.
        origin: Where its weights come from, for people.
        macs: Multiply-accumulates of one image.
        files: The path by form and precision, such as ("tflite", "int8").
        missing: Why a file could not be made, by the same key.
    """

    name: str
    origin: str
    macs: int = 0
    files: dict[tuple[str, str], Path] = field(default_factory=dict)
    missing: dict[tuple[str, str], str] = field(default_factory=dict)


def prepare(name: str, data: Dataset, folder: Path, precisions: Iterable[str] = tuple(PRECISIONS)) -> Network:
    """Write a network in every form.

    Args:
        name: A model that ships, a recipe, which is fitted briefly, or a Keras model.
        data: Calibrates what is quantised, and fits recipes.
        folder: Where the files go.
        precisions: Which `.tflite` to make.

    Raises:
        ModelError: There is no such model.
        UsageError: There is no such precision.
    """
    shipped = shipped_models().get(name)
    source: Any = name if shipped or name not in RECIPES else _fitted(name, data)
    origin = "ships" if shipped else "fitted briefly for this run" if name in RECIPES else "a file"
    model = load_source(source)
    network = Network(name if shipped or name in RECIPES else str(model.name), origin)
    images = representative_images(data)
    for precision in precisions:
        row = find_precision(precision)
        path = folder / f"{network.name}.{row.name}.tflite"
        if shipped and row.name in shipped.files:
            path = shipped.files[row.name]
        else:
            write_bytes(path, to_flatbuffer(model, row, row.io[0], images if row.calibrated else None))
        network.files["tflite", row.name] = path
        network.macs = network.macs or count_macs(build_interpreter(path.read_bytes(), path.name)[0])
    _write_peers(network, model, images, folder)
    return network


def _write_peers(network: Network, model: Any, images: NDArray[np.float32], folder: Path) -> None:
    """Write what the peers take; what cannot be made is left out, with its reason."""
    network.missing["ncnn", "int8"] = NCNN_INT8
    path = folder / f"{network.name}.keras"
    model.save(path)
    network.files["keras", "float32"] = path
    onnx = folder / f"{network.name}.float32.onnx"
    steps: dict[tuple[str, str], tuple[Path, Callable[[Path], None]]] = {
        ("onnx", "float32"): (onnx, lambda to: to_onnx(model, to)),
        ("onnx", "int8"): (folder / f"{network.name}.int8.onnx", lambda to: to_quantised_onnx(onnx, images, to)),
        ("ncnn", "float16"): (folder / f"{network.name}.ncnn.param", lambda to: to_ncnn(onnx, to)),
    }
    for key, (target, make) in steps.items():
        try:
            with native_stderr.silenced():
                make(target)
        except MnistEdgeError as error:
            network.missing[key] = str(error)
            _LOG.info("%s as %s %s is left out: %s", network.name, *key, error)
        else:
            network.files[key] = target


def _fitted(name: str, data: Dataset) -> Any:
    """Build a recipe's network and show it a few thousand images once."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    model = build(RECIPES[name])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    some = slice(min(FITTED_IMAGES, len(data.training)))
    model.fit(
        as_input(data.training.images[some]), data.training.labels[some], batch_size=FITTED_BATCH, epochs=1, verbose=0
    )
    return model


def write_kernel(folder: Path) -> Network:
    """Write the network that the machine's int8 dot products are measured with."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    shape = (KERNEL_SIDE, KERNEL_SIDE, KERNEL_CHANNELS)
    model = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(KERNEL_CHANNELS, 1)], name="kernel")
    samples = np.random.default_rng(0).random((4, *shape), np.float32)
    path = folder / "kernel.int8.tflite"
    write_bytes(path, to_flatbuffer(model, find_precision("int8"), "int8", samples, shape))
    network = Network("kernel", "drawn", count_macs(build_interpreter(path.read_bytes(), path.name)[0]))
    network.files[DOT_PRODUCTS, "int8"] = path
    return network
