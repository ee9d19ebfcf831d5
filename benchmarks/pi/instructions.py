"""Instructions of an invoke, a frame, a start and the camera's loop on emulated Pis: `make instructions`.

What was counted before, in the same versions, may differ by 1 %: more than that breaks a bound.
"""

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import ROOT, Result, run_measurement, tool_parser
from mnist_edge.benchmarks.pi.counting import GUEST, Counts, build_plugin, count, count_camera
from mnist_edge.benchmarks.pi.emulated import EXTRAS, build_wheel
from mnist_edge.benchmarks.pi.guest import STAGES
from mnist_edge.benchmarks.pi.pages import FRAMES, Frame, draw_pages, write_pages, write_video
from mnist_edge.benchmarks.pi.systems import CPUS, SYSTEMS
from mnist_edge.benchmarks.pi.userland import Emulated, lay_out, with_cpu
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import find_precision
from mnist_edge.models.build import build
from mnist_edge.models.recipes import CLASSIC, find_recipe
from mnist_edge.progress import Progress, no_progress
from mnist_edge.shipped_models import DEFAULT, find_shipped, shipped_models

COUNTED = ("bookworm", "bookworm-tflite-runtime")
# A Pi 4, on which starting and looping are counted.
USUAL = "cortex-a72"
INVOKES, PAGES = 20, 3
MAX_DRIFT = 0.01
# Of importing OpenCV and NumPy and building the interpreter.
MAX_START = 1.6
LITERT = "ai_edge_litert.interpreter"
PACKAGES = ("numpy", "opencv-python-headless")


def models_to_count(folder: Path) -> dict[str, Path]:
    """Return the int8 files: those that ship, and the classic recipes, untrained: weights change a count by 0.01 %."""
    shipped = {name: model.default for name, model in shipped_models().items()}
    return {name: untrained_model(name, folder) for name in CLASSIC} | shipped


def untrained_model(recipe: str, folder: Path) -> Path:
    """Write the network of a recipe as an int8 file, calibrated with noise, and return its path."""
    images = np.random.default_rng(0).random((100, 28, 28, 1), np.float32)
    path = folder / f"untrained-{recipe}.int8.tflite"
    write_bytes(path, to_flatbuffer(build(find_recipe(recipe)), find_precision("int8"), "int8", images))
    return path


def count_invokes(pi: Emulated, plugin: Path, models: Mapping[str, Path], home: Path) -> dict[str, int]:
    """Return the instructions of one invoke of each model, one image, one thread, with the Python call."""
    paths = [path.resolve() for path in models.values()]
    counts = count(pi, plugin, GUEST, "invokes", pi.system.runtime, INVOKES, *paths, cwd=home)
    return {name: round(counts.between(number) / INVOKES) for number, name in enumerate(models)}


def count_frame(pi: Emulated, plugin: Path, pages: Sequence[Path], home: Path) -> dict[str, int]:
    """Return the instructions of a frame, from a JPEG file to its reading, by stage; `all` is their sum."""
    counts = count(pi, plugin, GUEST, "frames", pi.system.runtime, *pages, cwd=home)
    spent = {stage: round(own / len(pages)) for stage, own in counts.own([name for name, *_ in STAGES]).items()}
    # What is left of a frame around its stages.
    spent["other"] = spent.pop("frame")
    return {**spent, "all": sum(spent.values())}


def count_start(pi: Emulated, plugin: Path, page: Path, home: Path) -> dict[str, Any]:
    """Return the instructions of `mnist-edge read`, beside those of what it needs: OpenCV, NumPy and an interpreter."""
    model = str(find_shipped(DEFAULT).default.resolve())
    code = f"import cv2, numpy; from {LITERT} import Interpreter as I; I({model!r}, num_threads=1).allocate_tensors()"
    read, least = (
        _second(pi, plugin, *command, home=home) for command in (("-m", "mnist_edge", "read", page), ("-c", code))
    )
    return {"read": read.total, "imports": least.total, "ratio": round(read.total / least.total, 3)}


def count_loop(pi: Emulated, plugin: Path, page: Frame, home: Path) -> dict[str, int]:
    """Return the instructions that the camera takes for each frame of a video, alone and with its page and a viewer."""
    short, long = (write_video(page, home / f"{length}.avi", length * FRAMES) for length in (1, 2))
    found = {}
    for name, viewers, flags in (("alone", 0, ()), ("page", 1, ("--serve", "127.0.0.1:0"))):
        totals = [
            count_camera(pi, plugin, "--source", video, *flags, viewers=viewers, cwd=home).total
            for video in (short, long)
        ]
        found[name] = round((totals[1] - totals[0]) / FRAMES)
    return found


def _second(pi: Emulated, plugin: Path, *command: object, home: Path) -> Counts:
    # The first compiles what is imported.
    count(pi, plugin, *command, cwd=home)
    return count(pi, plugin, *command, cwd=home)


def drifted(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each count that differs by more than `MAX_DRIFT` from before, in the same versions.

    Args:
        now: A document of this tool.
        before: Another.
    """
    earlier = dict(_counts(before))
    return [
        f"{', '.join(key)}: {value:,} instructions, {value / earlier[key] - 1:+.1%} of the {earlier[key]:,} before"
        for key, value in _counts(now)
        if key in earlier
        and now["versions"][key[1]] == before["versions"][key[1]]
        and abs(value / earlier[key] - 1) > MAX_DRIFT
    ]


def _counts(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Give every count of an invoke and of a whole frame: what, system, processor and model or stage."""
    for what in ("invoke", "frame"):
        for system, cpus in document.get(what, {}).items():
            for cpu, counts in cpus.items():
                for name, value in counts.items():
                    if what == "invoke" or name == "all":
                        yield (what, system, cpu, name), value


def versions_on(pi: Emulated, home: Path) -> dict[str, str]:
    """Return the versions of what is counted on a system, the runtime's under its own name."""
    names = (pi.system.runtime, *PACKAGES)
    code = f"import importlib.metadata as m, json; print(json.dumps({{name: m.version(name) for name in {names}}}))"
    return dict(json.loads(pi.python("-c", code, cwd=home).stdout))


def measure(folder: Path, progress: Progress = no_progress) -> dict[str, Any]:
    """Count all of it; what is laid out and made is kept in `folder`."""
    wheel, plugin = build_wheel(folder / "wheel"), build_plugin(folder)
    frames, home = draw_pages(PAGES), folder / "home"
    pages, models = write_pages(frames, home, ".jpg"), models_to_count(home)
    document: dict[str, Any] = {"versions": {}, "invoke": {}, "frame": {}}
    done, steps = 0, 2 * len(COUNTED) * len(CPUS) + 2
    laid = [lay_out(SYSTEMS[name], wheel, EXTRAS, folder) for name in COUNTED]
    for system in laid:
        name = system.system.name
        document["versions"][name] = versions_on(system, home)
        for cpu in CPUS.values():
            pi = with_cpu(system.system, system.root, system.site, cpu)
            for what, found in (
                ("invoke", count_invokes(pi, plugin, models, home)),
                ("frame", count_frame(pi, plugin, pages, home)),
            ):
                document[what].setdefault(name, {})[cpu.name] = found
                progress(done := done + 1, steps, "counting")
    usual = with_cpu(laid[0].system, laid[0].root, laid[0].site, CPUS[USUAL])
    document["start"] = count_start(usual, plugin, pages[0], home)
    progress(done + 1, steps, "counting")
    document["loop"] = count_loop(usual, plugin, frames[0], home)
    progress(steps, steps, "counting")
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Count; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("--folder", type=Path, default="build/pi", help="keeps what is laid out")
    return run_measurement(parser, _measure, arguments, means=("folder",))


def _measure(options: Namespace, progress: Progress) -> Result:
    document = measure(options.folder.resolve(), progress)
    kept = ROOT / "benchmarks" / "results" / "instructions.json"
    broken = drifted(document, json.loads(kept.read_text())) if kept.is_file() else []
    if document["start"]["ratio"] > MAX_START:
        broken.append(f"`read` takes {document['start']['ratio']:.2f} times what its imports take, not {MAX_START}")
    return Result(document, broken)
