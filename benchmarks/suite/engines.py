"""What can run a network: each engine a row, set up as its documents advise for one image at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.timing import Action
from mnist_edge.optional_packages import installed_version, require
from mnist_edge.tensors import as_input

# Larger than the models, smaller than a core's cache: what ships lies there while it runs.
COPIED_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Session:
    """A network that is loaded.

    Attributes:
        invoke: Runs it on an image that is prepared already.
        classify: One 28x28 image, shape (1, 28, 28, 1), uint8, to its probabilities, shape (1, classes). None of a
            kernel, which tells nothing.
        batched: Whether `classify` takes any number of images, and one at a time would take minutes.
    """

    invoke: Action
    classify: Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None = None
    batched: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run a network.

    Attributes:
        name: In tables and results.
        form: The form of file that it takes, a key of `Network.files`.
        packages: What pip calls it; where none of them is installed, it is absent.
        load: Loads a file for a number of threads.
        setting: How it is set up, for people.
    """

    name: str
    form: str
    packages: tuple[str, ...]
    load: Callable[[Path, int], Session]
    setting: str

    @property
    def version(self) -> str | None:
        """The version of the package that is installed here; None where there is none."""
        return next(filter(None, map(installed_version, self.packages)), None)


def _tflite(runtime: str) -> Callable[[Path, int], Session]:
    def load(path: Path, threads: int) -> Session:
        from mnist_edge.classifier import Classifier

        classifier = Classifier(path, runtime=runtime, threads=threads, digits_only=False)
        return Session(classifier.interpreter.invoke, classifier.probabilities)

    return load


def _onnx_runtime(path: Path, threads: int) -> Session:
    onnxruntime = require("onnxruntime", extra="peers")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name, output = session.get_inputs()[0].name, session.get_outputs()[0].name
    # Bound once, so that what is timed copies nothing.
    binding = session.io_binding()
    binding.bind_cpu_input(name, np.zeros((1, 28, 28, 1), np.float32))
    binding.bind_output(output)
    return Session(
        lambda: session.run_with_iobinding(binding),
        lambda image: np.asarray(session.run([output], {name: as_input(image)})[0]),
    )


def _opencv(path: Path, threads: int) -> Session:
    from mnist_edge.opencv import cv2

    cv2.setNumThreads(threads)
    # OpenCV 5 has a second engine, which takes 1.6 times as long for these networks.
    classic = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
    network = cv2.dnn.readNetFromONNX(str(path), *(() if classic is None else (classic,)))
    network.setInput(np.zeros((1, 28, 28, 1), np.float32))

    def classify(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        network.setInput(as_input(image))
        return np.asarray(network.forward(), np.float32)

    return Session(network.forward, classify)


def _ncnn(path: Path, threads: int) -> Session:
    ncnn = require("ncnn", extra="peers")
    network = ncnn.Net()
    network.opt.num_threads, network.opt.use_vulkan_compute = threads, False
    network.load_param(str(path))
    network.load_model(str(path.with_suffix(".bin")))
    blank = np.zeros((28, 28, 1), np.float32)

    def run(image: NDArray[np.float32]) -> Any:
        extractor = network.create_extractor()
        extractor.input("in0", ncnn.Mat(image))
        return extractor.extract("out0")[1]

    return Session(lambda: run(blank), lambda image: np.array(run(as_input(image)[0]))[None])


def _keras(path: Path, threads: int) -> Session:
    from mnist_edge.keras_files import load_keras_model
    from mnist_edge.training_stack import load_tensorflow

    threading = load_tensorflow().config.threading
    threading.set_intra_op_parallelism_threads(threads)
    threading.set_inter_op_parallelism_threads(threads)
    model = load_keras_model(path)
    blank = np.zeros((1, 28, 28, 1), np.float32)
    return Session(
        lambda: model.predict(blank, verbose=0),
        lambda image: np.asarray(model.predict(as_input(image), verbose=0)),
        batched=True,
    )


def _dot_products(path: Path, threads: int) -> Session:
    from mnist_edge.runtime import build_interpreter

    interpreter, _ = build_interpreter(path.read_bytes(), path.name, None, threads)
    return Session(interpreter.invoke)


def _copy(_: Path, threads: int) -> Session:
    source = np.arange(COPIED_BYTES, dtype=np.uint8)
    target = np.empty_like(source)
    return Session(lambda: np.copyto(target, source))


OURS = "ai-edge-litert"
DOT_PRODUCTS, COPY = "dot products", "copy"
_TFLITE_SETTING = "built-in kernels with XNNPACK, as `Classifier` opens it"
_ROWS = (
    Engine(OURS, "tflite", (OURS,), _tflite(OURS), _TFLITE_SETTING),
    Engine("tflite-runtime", "tflite", ("tflite-runtime",), _tflite("tflite-runtime"), _TFLITE_SETTING),
    Engine("tensorflow", "tflite", ("tensorflow",), _tflite("tensorflow"), _TFLITE_SETTING),
    Engine(
        "onnxruntime", "onnx", ("onnxruntime",), _onnx_runtime,
        "all graph optimisations, input and output bound; int8: its static quantisation, a scale for each channel",
    ),
    Engine(
        "opencv", "onnx", ("opencv-python", "opencv-python-headless"), _opencv,
        "the classic engine of its DNN module; int8: ONNX Runtime's file",
    ),
    Engine("ncnn", "ncnn", ("ncnn",), _ncnn, "converted by pnnx, weights in float16"),
    Engine("keras", "keras", ("keras",), _keras, "`predict`"),
    # Kernels that tell what this machine can do.
    Engine(DOT_PRODUCTS, "dot products", (OURS,), _dot_products, "one int8 1x1 convolution, 128 to 128 channels"),
    Engine(COPY, "copy", ("numpy",), _copy, f"{COPIED_BYTES:,} bytes, which the cache holds"),
)  # fmt: skip
ENGINES = MappingProxyType({engine.name: engine for engine in _ROWS})
KERNELS = (DOT_PRODUCTS, COPY)
