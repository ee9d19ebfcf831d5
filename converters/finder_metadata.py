"""The metadata that an exported finder carries."""

from pathlib import Path
from typing import Any

from mnist_edge.classes import DIGITS
from mnist_edge.converters.export_metadata import versions
from mnist_edge.converters.keras_source import keras_path
from mnist_edge.converters.precisions import Precision
from mnist_edge.detection import MULTIPLE, STRIDE
from mnist_edge.finder_output import OutputScaling
from mnist_edge.metadata import read_metadata
from mnist_edge.model_file import Kind
from mnist_edge.run_folders import METRICS, read_run
from mnist_edge.runtime import build_interpreter
from mnist_edge.shipped_models import FINDER, find_shipped, is_shipped
from mnist_edge.tflite_graph import count_macs

# Pixels of the picture that multiply-accumulates are stated for.
WIDTH, HEIGHT = 640, 480


def finder_metadata(
    name: str, row: Precision, io: str, content: bytes, scaling: OutputScaling | None
) -> dict[str, Any]:
    """Describe a finder as it is stored, apart from what is measured with it.

    Args:
        name: Of the network.
        row: How it is stored.
        io: Type of its input and output.
        content: Its graph, without metadata.
        scaling: Of its output, where that is quantised.
    """
    interpreter, _ = build_interpreter(content, name)
    tensor = interpreter.get_input_details()[0]
    scale, zero_point = tensor["quantization"]
    height, width = (int(side) for side in tensor["shape"][1:3])
    output = {"meaning": "of 2x2 cells a place: score and digits as logits, box; see mnist_edge.detection"}
    return {
        "kind": Kind.FINDER.value,
        "name": name,
        "recipe": FINDER,
        "precision": row.name,
        "io": io,
        "labels": list(DIGITS),
        "input": {
            "shape": [1, height, width, 1],
            "sizes": f"any multiples of {MULTIPLE}",
            "meaning": "0 = paper, 1 = full ink: ink level / 255",
            "dtype": io,
            "scale": float(scale),
            "zero_point": int(zero_point),
        },
        "output": {"stride": 2 * STRIDE, **output, **(scaling.to_metadata() if scaling else {})},
        # All of its layers are convolutions, so that they grow as the picture does.
        "macs": count_macs(interpreter) * WIDTH * HEIGHT // (width * height),
        "macs_for": f"{WIDTH}x{HEIGHT}",
        "versions": versions(),
    }


def training_of(model: Any) -> dict[str, Any] | None:
    """Return what the run folder records of the training, or the file that ships; None where nothing does."""
    if not isinstance(model, str | Path):
        return None
    path = keras_path(model)
    if is_shipped(path):
        found: dict[str, Any] | None = read_metadata(find_shipped(path.stem).default).get("training")
        return found
    run = read_run(path.parent, (METRICS,))
    if not run:
        return None
    data, start = run.get("data") or {}, run.get("start")
    found = {
        "data": data.get("name"),
        "sha256": data.get("sha256"),
        "pages": run.get("training_pages"),
        "epochs": len(run.get("epochs") or ()),
        "seed": run.get("seed"),
    }
    return found | {"start": training_of(start)} if start else found
