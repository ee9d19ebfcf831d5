"""Load Keras networks from whatever they are saved as: `.keras`, the older `.h5`, or a SavedModel."""

import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

from mnist_edge.block_layers import block_layers
from mnist_edge.errors import ModelError
from mnist_edge.optional_packages import require
from mnist_edge.safe_text import quoted
from mnist_edge.training_stack import load_keras, load_tensorflow, without_prints
from mnist_edge.untrusted import MAX_REASON, read_member

# Of a SavedModel: what TensorFlow Serving calls.
_ENDPOINT = "serving_default"
# Of a `.keras`; it has 100 bytes.
_MAX_METADATA_BYTES = 1 << 16
_H5 = (".h5", ".hdf5")
_NO_NAME = re.compile(r"^[^A-Za-z0-9.]|[^A-Za-z0-9_.-]")


def load_keras_model(path: Path) -> Any:
    """Load a Keras model from a `.keras` or `.h5` file, or a SavedModel, the folder with its `saved_model.pb`.

    A SavedModel holds a graph of TensorFlow, not layers: any version of Keras writes it, of classes of one's own too.

    Raises:
        ModelError: It is damaged or none, or of a version that this Keras cannot load; says what to do.
    """
    # Keras would report such a file as missing.
    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise ModelError(f"{path} is no Keras model: it is damaged, or was not written as .keras")
    keras = load_keras()
    # A finder has layers of ours.
    block_layers()
    try:
        with without_prints(), warnings.catch_warnings():
            # How the model should have been written concerns whoever wrote it.
            warnings.simplefilter("ignore", UserWarning)
            if path.is_dir():
                return _saved_model(path)
            return _each_image_by_itself(keras.models.load_model(path, compile=False))
    except ModelError:
        raise
    # Keras raises ValueError, KeyError, TypeError, OSError or BadZipFile, depending on where the file is wrong.
    except Exception as error:
        raise ModelError(_refusal(path, keras.__version__, _first_line(error))) from None


def _each_image_by_itself(model: Any) -> Any:
    """Have recurrent layers begin each image anew, and name the model as TensorFlow can."""
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False):
            layer.stateful = False
    model.name = _NO_NAME.sub("_", model.name)
    return model


def _saved_model(path: Path) -> Any:
    """Put the graph of a SavedModel behind an input of Keras."""
    keras, tensorflow = load_keras(), load_tensorflow()
    signatures = tensorflow.saved_model.load(str(path)).signatures
    if _ENDPOINT not in signatures:
        found = ", ".join(quoted(name) for name in signatures) or "none"
        raise ModelError(f"{path} has no signature {_ENDPOINT!r} (it has {found}); save it with model.export(FOLDER)")
    taken = list(signatures[_ENDPOINT].structured_input_signature[1].values())
    given = list(signatures[_ENDPOINT].structured_outputs)
    if len(taken) != 1 or len(given) != 1:
        raise ModelError(f"{path} has {len(taken)} inputs and {len(given)} outputs; a digit model has one of each")
    pixels = keras.Input(batch_shape=taken[0].shape, dtype=taken[0].dtype.name)
    outputs = keras.layers.TFSMLayer(str(path), call_endpoint=_ENDPOINT)(pixels)
    return keras.Model(pixels, outputs[given[0]], name=path.resolve().name)


def _refusal(path: Path, here: str, reason: str) -> str:
    """Say why a file cannot be loaded, which Keras wrote it, and what to do."""
    written = _version(path)
    if written is None:
        return f"{path} is no Keras model that can be loaded ({reason})"
    if not written:
        return f"{path} holds weights without their network; save both, with model.save(FILE)"
    if written.startswith(("0.", "1.", "2.")):
        remedy = 'with the Keras that wrote it, make a SavedModel of it: tf.saved_model.save(model, "FOLDER")'
    elif written == here:
        remedy = 'make a SavedModel of it where it is defined: model.export("FOLDER")'
    else:
        remedy = 'update Keras, or make a SavedModel of it where it is defined: model.export("FOLDER")'
    return f"{path} was written by Keras {written}, and Keras {here} cannot load it ({reason}); {remedy}"


def _version(path: Path) -> str | None:
    """The version of Keras that wrote a file; empty where it holds weights only, None where it says nothing."""
    # Whatever is wrong with the file, Keras has already said so.
    try:
        if path.suffix in _H5:
            with require("h5py", extra="train").File(path) as file:
                return _text(file.attrs.get("keras_version", "1")) if "model_config" in file.attrs else ""
        if path.is_file():
            with zipfile.ZipFile(path) as archive:
                document = json.loads(read_member(archive, "metadata.json", _MAX_METADATA_BYTES))
                return _text(document["keras_version"])
    except Exception:
        return None
    return None


def _text(version: Any) -> str:
    return quoted(version.decode() if isinstance(version, bytes) else str(version)).strip("'\"")


def _first_line(error: Exception) -> str:
    # Keras' messages quote whole configurations.
    return (str(error).strip() or type(error).__name__).splitlines()[0][:MAX_REASON]
