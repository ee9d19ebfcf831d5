"""The same models in today's runtime and, in an environment of its own, in the one of old devices.

The two round an integer convolution differently, so that hidden values differ by one now and then. At the last layer of
the int8 network that is one quantum at most, on every image; the softmax behind it then magnifies what an unsure
network says (one quantum of 0.2 before it is up to a dozen of 1/256 behind it). So the quantum is checked before the
softmax, and behind it how many images are affected.
"""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.metadata import strip_metadata

HERE = Path(__file__).parent
IMAGES = 1000
LOGITS = "int8 logits"
# Largest difference of an output, in quanta for the integers, else in probability; dynamic quantises its activations
# anew in each runtime.
TOLERANCE = {"float32": 1e-5, "float16": 1e-5, "dynamic": 0.01, "int16x8": 0.005, LOGITS: 1}
Outputs = dict[str, NDArray[np.float64]]


def script(name: str) -> ModuleType:
    """A script beside this file, as a module."""
    spec = spec_from_file_location(name, HERE / f"{name}.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


environment, run_images = script("environment"), script("run_images")
pytestmark = [
    pytest.mark.skipif(environment.why_not() is not None, reason=str(environment.why_not())),
    # One of the networks is made without its softmax.
    pytest.mark.filterwarnings("ignore:logits.tflite gives logits"),
    pytest.mark.timeout(900),  # Making the environment fetches packages.
]


def without_softmax(model: bytes) -> bytes:
    """The same network with the softmax's input for an output: one index in the flatbuffer, changed in place.

    Its metadata goes: the checksum there is of the network as it was exported.
    """
    content = bytearray(strip_metadata(model))
    graph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    softmax = graph.Operators(graph.OperatorsLength() - 1)
    outputs = graph.OutputsAsNumpy()
    assert outputs.tolist() == [softmax.Outputs(0)]
    outputs[0] = softmax.Inputs(0)
    return bytes(content)


@pytest.fixture(scope="module")
def models(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    logits = tmp_path_factory.mktemp("models") / "logits.tflite"
    logits.write_bytes(without_softmax(exported["int8"].read_bytes()))
    return {**exported, LOGITS: logits}


@pytest.fixture(scope="module")
def images(digits: Dataset) -> NDArray[np.uint8]:
    return digits.test.images[:IMAGES]


@pytest.fixture(scope="module")
def old(models: dict[str, Path], images: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """Raw outputs of tflite-runtime 2.14 with numpy < 2, by precision."""
    python = environment.make()
    folder = tmp_path_factory.mktemp("cross_runtime")
    np.save(folder / "images.npy", images)
    named = [f"{name}={path}" for name, path in models.items()]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, HERE / "run_images.py", folder / "images.npy", folder / "outputs.npz", *named],
        capture_output=True, text=True, env=clean, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("tflite-runtime 2.14.0 numpy 1.") == len(models), done.stdout
    with np.load(folder / "outputs.npz") as outputs:
        return {name: outputs[name].astype(np.float64) for name in outputs.files}


@pytest.fixture(scope="module")
def new(models: dict[str, Path], images: NDArray[np.uint8]) -> Outputs:
    """Raw outputs of ai-edge-litert, by precision."""
    classifiers = {name: Classifier(path, calibrated=False, runtime="ai-edge-litert") for name, path in models.items()}
    return {name: run_images.raw_outputs(one, images).astype(np.float64) for name, one in classifiers.items()}


@pytest.mark.parametrize("precision", TOLERANCE)
def test_outputs_are_within_one_quantum(old: Outputs, new: Outputs, precision: str) -> None:
    assert np.abs(old[precision] - new[precision]).max() <= TOLERANCE[precision]


def test_behind_the_softmax_nearly_every_image_is_within_one_quantum(old: Outputs, new: Outputs) -> None:
    worst = np.abs(old["int8"] - new["int8"]).max(axis=1)
    assert (worst <= 1).mean() >= 0.95


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic", "int8", "int16x8"])
def test_decisions_are_the_same_but_for_ties(old: Outputs, new: Outputs, precision: str) -> None:
    judged = LOGITS if precision == "int8" else precision
    differ = old[precision].argmax(1) != new[precision].argmax(1)
    # A tie: in one of the two runtimes the two best digits are no further apart than the runtimes are.
    margins = [np.diff(np.sort(outputs[judged][differ], axis=1)[:, -2:], axis=1) for outputs in (old, new)]
    assert (np.minimum(*margins) <= TOLERANCE[judged]).all()
    assert differ.mean() <= 0.005


def test_the_outputs_compared_are_of_a_model_that_reads(old: Outputs, digits: Dataset) -> None:
    labels = digits.test.labels[:IMAGES]
    for outputs in old.values():
        assert (outputs.argmax(1) == labels).mean() > 0.6


@pytest.mark.skipif(np.__version__ < "2", reason="is about numpy 2")
def test_the_old_runtime_with_numpy_2_says_what_to_do(exported: dict[str, Path]) -> None:
    """The real package, imported by this environment's numpy, as `pip install tflite-runtime` leaves it."""
    environment.make()
    (package,) = environment.FOLDER.glob("lib/python*/site-packages/tflite_runtime")
    code = (
        "import sys\n"
        "from importlib.util import module_from_spec, spec_from_file_location\n"
        "folder, model = sys.argv[1:]\n"
        "start = folder + '/__init__.py'\n"
        "found = spec_from_file_location('tflite_runtime', start, submodule_search_locations=[folder])\n"
        "sys.modules['tflite_runtime'] = module_from_spec(found)\n"
        "from mnist_edge.classifier import Classifier\n"
        "Classifier(model, runtime='tflite-runtime')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, package, exported["int8"]], capture_output=True, text=True)
    assert done.returncode != 0
    assert f"needs numpy < 2 and here is numpy {np.__version__}: pip install 'numpy<2'" in done.stderr.splitlines()[-1]
