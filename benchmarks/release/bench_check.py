"""Whether anything became slower or worse than `benchmarks/baseline.json` says.

Run as `make bench-check`. Times are of the processor, on one thread, and judged as ratios to a reference kernel, an
adaptive threshold by OpenCV, that takes turns with them: a figure fails where its whole interval is more than 15 %
above the baseline. What a processor computes fast differs, so that ratios are compared on a machine with the baseline's
instructions only. Accuracies have floors, which hold on every machine. `--update` makes the measured figures the
baseline.
"""

import json
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import process_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.end_to_end import sample_ink, stages
from mnist_edge.benchmarks.harness.tool import checkout, run_tool, stamp, tool_parser
from mnist_edge.benchmarks.photo_report import PhotoReport
from mnist_edge.benchmarks.release.pages import read_pages
from mnist_edge.benchmarks.suite.ratios import Ratio, ratio
from mnist_edge.benchmarks.timing import Action, calls_per_sample, sample_durations
from mnist_edge.camera.reader import Reader
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Split, load
from mnist_edge.errors import CheckFailed, UsageError
from mnist_edge.machine import this_machine
from mnist_edge.normalisation import normalise
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import DEFAULT, shipped_models

BASELINE = "benchmarks/baseline.json"
MAX_SLOWER = 1.15
REFERENCE = "reference"
ROUNDS, SAMPLES, WARM_UP_MS = 20, 3, 20.0
# Seeds of pages that nothing was chosen on.
PAGES = range(20_000, 20_020)
# A floor is this far below what was measured: one image, and what one page of 20 may change.
IMAGE_MARGIN, PAGE_MARGIN = 0.0005, 0.03
# The first of the test images.
IMAGES = 2_000


def frame_of_zeros(rows: int = 2, columns: int = 5) -> NDArray[np.uint8]:
    """Return a page of 640x480, BGR, with zeros in rows; the same everywhere, whatever data there is."""
    page = np.full((480, 640), 235, np.uint8)
    ink = sample_ink()
    height, width = ink.shape
    for row in range(rows):
        for column in range(columns):
            y, x = 90 + 170 * row, 60 + 110 * column
            page[y : y + height, x : x + width] = np.minimum(235, 255 - ink)
    return np.repeat(page[..., None], 3, axis=2)


def actions() -> dict[str, Action]:
    """Return what is timed, by name; the reference first."""
    frame = frame_of_zeros()
    grey, ink, reader = frame[..., 0].copy(), sample_ink(), Reader(DEFAULT)
    found: dict[str, Action] = {
        REFERENCE: lambda: cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 10),
        "ink to 28x28": lambda: normalise(ink),
        f"page of ten, {DEFAULT}": lambda: reader.read(frame),
    }
    for name in shipped_models():
        parts = stages(Classifier(name))
        found |= {f"{name}.int8, invoke": parts.invoke, f"{name}.int8, image to digit": parts.classify}
    return found


def measure_times(
    timed: Mapping[str, Action], rounds: int = ROUNDS, progress: Progress = no_progress
) -> dict[str, Ratio]:
    """Time actions in turns, and return each one's ratio to the reference.

    Args:
        timed: By name; among them `REFERENCE`.
        rounds: How often each takes its turn.
        progress: Receives the rounds done.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        calls = {name: calls_per_sample(action, WARM_UP_MS) for name, action in timed.items()}
        medians: dict[str, list[float]] = {name: [] for name in timed}
        for done in range(rounds):
            for name, action in timed.items():
                action()
                taken = sample_durations(action, calls[name], SAMPLES, process_time_ns)
                medians[name].append(float(np.median(taken)) / calls[name])
            progress(done + 1, rounds, "timing")
    finally:
        cv2.setNumThreads(before)
    return {name: ratio(times, medians[REFERENCE]) for name, times in medians.items() if name != REFERENCE}


def measure_accuracy(split: Split, data: str, progress: Progress = no_progress) -> dict[str, float]:
    """Measure what has a floor: accuracy of each int8 file, its parity with its float file, and F1 on pages."""
    found: dict[str, float] = {}
    first = split.take(np.arange(min(IMAGES, len(split))))
    for name, shipped in shipped_models().items():
        progress(len(found), 2 * len(shipped_models()) + 1, name)
        decided = Classifier(name).probabilities(first.images).argmax(axis=1)
        found[f"{name}.int8, accuracy on {data}"] = round(float((decided == first.labels).mean()), 4)
        if path := shipped.files.get("float32"):
            float_ = Classifier(path).probabilities(first.images).argmax(axis=1)
            found[f"{name}, int8 decides as float on {data}"] = round(float((decided == float_).mean()), 4)
    reader = Reader(DEFAULT)
    pictures = tuple(read_pages(reader, split, PAGES, progress))
    report = PhotoReport(reader.model, reader.classifier.path, reader.runtime, 1, pictures, this_machine())
    found[f"F1 on {len(pictures)} generated pages of {data}"] = round(report.score.f1, 4)
    return found


def slower(fresh: Mapping[str, Ratio], baseline: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return one sentence for each figure that is more than 15 % slower than the baseline, its interval included."""
    return [
        f"{name} is {now.median / baseline[name]['median']:.2f} times as slow as the baseline "
        f"({now} of the reference, where it was {baseline[name]['median']:.3g})"
        for name, now in fresh.items()
        if name in baseline and now.low > MAX_SLOWER * baseline[name]["median"]
    ]


def worse(fresh: Mapping[str, float], floors: Mapping[str, float]) -> list[str]:
    """Return one sentence for each figure below its floor."""
    return [
        f"{name} is {now}, below {floors[name]}" for name, now in fresh.items() if name in floors and now < floors[name]
    ]


def instructions(machine: Mapping[str, Any]) -> tuple[str, ...]:
    """What decides how fast a processor's kernels are beside each other."""
    return str(machine["machine"]), *map(str, machine["features"])


def check(
    times: Mapping[str, Ratio], accuracies: Mapping[str, float], baseline: Mapping[str, Any], machine: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Judge what was measured.

    Returns:
        One sentence for each figure that fails, and notes on what could not be judged.
    """
    notes = [f"{name} has no baseline yet" for name in times if name not in baseline["times"]]
    notes += [f"{name} has no floor" for name in accuracies if name not in baseline["floors"]]
    failed = worse(accuracies, baseline["floors"])
    theirs = baseline["stamp"]["machine"]
    if instructions(machine) == instructions(theirs):
        failed += slower(times, baseline["times"])
    else:
        notes.append(f"the baseline's times are of another kind of processor ({theirs['cpu']}) and were not compared")
    return failed, notes


def baseline_of(times: Mapping[str, Ratio], accuracies: Mapping[str, float]) -> dict[str, Any]:
    """Return the document of `baseline.json`."""
    floors = {
        name: round(value - (PAGE_MARGIN if name.startswith("F1") else IMAGE_MARGIN), 4)
        for name, value in accuracies.items()
    }
    return {"times": {name: one.to_json() for name, one in times.items()}, "floors": floors, "stamp": stamp()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and judge."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("--update", action="store_true", help="make what is measured the baseline")
    return run_tool(parser, _act, arguments)


def _act(options: Namespace) -> None:
    from mnist_edge.cli.console import note, print_table, progress

    path = checkout() / BASELINE
    if not (options.update or path.is_file()):
        raise UsageError(f"there is no {BASELINE}; make it with --update")
    with progress("bench-check") as report:
        data = load(fallback=True, progress=report)
        times = measure_times(actions(), progress=report)
        accuracies = measure_accuracy(data.test, data.name, report)
    _show(print_table, path, times, accuracies)
    if options.update:
        write_text(path, json.dumps(baseline_of(times, accuracies), indent=1) + "\n")
        note(f"wrote {BASELINE}")
        return
    failed, notes = check(times, accuracies, json.loads(path.read_text()), this_machine().to_json())
    for line in notes:
        note(f"note: {line}")
    if failed:
        raise CheckFailed("; ".join(failed))


def _show(
    print_table: Callable[..., None], path: Path, times: Mapping[str, Ratio], accuracies: Mapping[str, float]
) -> None:
    known = json.loads(path.read_text()) if path.is_file() else {"times": {}, "floors": {}}
    before = {name: f"{one['median']:.3g}" for name, one in known["times"].items()}
    rows = [(name, str(now), before.get(name, "")) for name, now in times.items()]
    rows += [(name, str(value), str(known["floors"].get(name, ""))) for name, value in accuracies.items()]
    print_table("times are ratios to the reference kernel", ("figure", "now", "baseline or floor"), rows)
