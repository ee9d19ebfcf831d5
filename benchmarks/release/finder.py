"""Put a trained finder into the package, measure it on generated pages, and write its card.

Run as `make finder`, after `mnist-edge train finder` and with what `make typefaces negatives` fetches.
"""

import json
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_bytes, write_text
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.release.card import PACKAGE
from mnist_edge.benchmarks.release.markdown import table
from mnist_edge.benchmarks.release.measured import RESULTS
from mnist_edge.benchmarks.released import file_facts
from mnist_edge.cli.export_finder import export_finder, fit_on_pages
from mnist_edge.converters.finder import refit
from mnist_edge.dataset import load
from mnist_edge.keras_files import load_keras_model
from mnist_edge.metadata import read_metadata
from mnist_edge.models.inference_network import write_rounded
from mnist_edge.progress import Progress
from mnist_edge.run_folders import RUN_MODEL
from mnist_edge.shipped_models import FINDER

RUN = Path("runs/finder-seed0")
KEPT = RESULTS / "finder.json"
# Ink levels that int8 is calibrated on.
SAMPLES = 500
# Most bytes of the file, metadata included.
MOST_BYTES = 120_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the finder that ships; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("run", nargs="?", type=Path, default=RUN, help=f"the run folder ({RUN})")
    parser.add_argument("--refit", action="store_true", help="only fit the confidence of what ships again")
    return run_measurement(parser, partial(_release, package=PACKAGE), arguments)


def _release(options: Namespace, progress: Progress, package: Path) -> Result:
    if options.refit:
        return _refit(progress, package)
    # Exported in its run folder, which says what it was trained on.
    keras, int8 = options.run / f"{FINDER}.keras", package / f"{FINDER}.int8.tflite"
    network = load_keras_model(options.run / RUN_MODEL)
    write_rounded(network, keras)
    exported = export_finder(
        keras, "int8", data=load(), samples=SAMPLES, seed=0, progress=progress, output=int8, force=True
    )
    write_bytes(package / keras.name, keras.read_bytes())
    document: dict[str, Any] = {
        "parameters": network.count_params(),
        "macs": exported.macs,
        "files": {"keras": file_facts(keras), "int8": file_facts(int8)},
        "trained_on": read_metadata(int8)["training"],
        "parity": exported.parity.to_json() if exported.parity else None,
        "fitted": exported.fitted,
    }
    return _finished(document, int8)


def _refit(progress: Progress, package: Path) -> Result:
    int8 = package / f"{FINDER}.int8.tflite"
    fitted = refit(int8, partial(fit_on_pages, data=load(), seed=0, progress=progress))
    document = json.loads(KEPT.read_text())
    document["fitted"] = fitted
    document["files"]["int8"] = file_facts(int8)
    return _finished(document, int8)


def _finished(document: dict[str, Any], int8: Path) -> Result:
    write_text(int8.with_name(f"{FINDER}.md"), card(document))
    size = int8.stat().st_size
    return Result(document, [f"{int8.name} has {size:,} bytes"] if size > MOST_BYTES else [])


def _pages(training: dict[str, Any]) -> str:
    return (
        f"{training['pages']:,} generated pages with the training digits of {training['data']}, "
        f"{training['epochs']} epochs, seed {training['seed']}"
    )


def write_finder_card() -> None:
    """Write the card again, where the finder was measured."""
    if KEPT.is_file():
        write_text(PACKAGE / f"{FINDER}.md", card(json.loads(KEPT.read_text())))


def card(figures: dict[str, Any]) -> str:
    """Return the card of the finder, Markdown."""
    trained, parity, fitted = figures["trained_on"], figures["parity"], figures["fitted"]
    files = [(f"`{FINDER}.{kind}{'' if kind == 'keras' else '.tflite'}`", f"{facts['bytes']:,}")
             for kind, facts in figures["files"].items()]  # fmt: skip
    start = trained.get("start")
    facts = [
        ("cost", f"{figures['parameters']:,} parameters, {figures['macs']:,} multiply-accumulates for 640x480 pixels"),
        ("trained on", f"{_pages(trained)}: `mnist-edge train finder{' --start' if start else ''}`"),
        *([("before that", f"{_pages(start)}: `mnist-edge train finder`")] if start else []),
        (
            "parity",
            f"of what int8 or the float model finds, both find {parity['agreement']:.1%}; their boxes overlap by "
            f"{parity['iou']:.3f}",
        ),
        (
            "read",
            f"with `{fitted['classifier']}`, {fitted['digits']:,} digits on {fitted['pages']:,} generated validation "
            "pages, crowded and plain ones, each half with a confidence that was fitted on the other, at a least "
            f"confidence of {fitted['min_confidence']}: F1 "
            f"{fitted['f1']:.3f}; {fitted['false_digits']:.2f} false digits on a page without any; expected "
            f"calibration error {fitted['calibration_error']:.2%}",
        ),
    ]
    return "\n\n".join(
        (
            f"# {FINDER}",
            "Finds digits on pages of handwriting, for the reader.\n"
            "Input: the ink level of a picture and of its halves, any size, 0 = paper. Output: of cells of 4x4 pixels, "
            "whether a digit of 10 to 25 pixels is there, which, and its box.",
            table(("file", "bytes"), files),
            table(("", ""), facts) + "\n",
        )
    )
