"""Where the time goes: operator by operator in a network, and stage by stage in the reader."""

import cProfile
import pstats
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time_ns

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.end_to_end import sample_ink
from mnist_edge.benchmarks.timing import calls_per_sample, sample_durations
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.flatbuffer_view import first_operators
from mnist_edge.metadata import strip_metadata
from mnist_edge.models.plots import new_figure, save_figure
from mnist_edge.progress import Progress, no_progress
from mnist_edge.runtime import build_interpreter
from mnist_edge.shipped_models import resolve
from mnist_edge.tflite_graph import read_graph

ROUNDS, SAMPLES, WARM_UP_MS = 20, 5, 10.0
READS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what takes time.

    Attributes:
        name: Of the operator, or of the reader's module.
        what: Its output, or empty.
        us: Time for it alone, microseconds; differences of medians, so that it may be a little below 0 for what costs
            nothing.
        macs: Multiply-accumulates; 0 where there are none.
    """

    name: str
    what: str
    us: float
    macs: int = 0


def profile_operators(
    model: str | Path, runtime: str | None = None, threads: int = 1, progress: Progress = no_progress
) -> list[Part]:
    """Time each operator of a network: what the graph takes up to it, less what it takes up to the one before.

    No runtime's own profiler can be reached from Python. Graphs are cut behind each operator, by two numbers in the
    file, and timed in turns. What a runtime computes together with the operator before shows there.

    Args:
        model: A `.tflite` file or the name of a model that ships.
        runtime: As for `Classifier`.
        threads: CPU threads for one invoke.
        progress: Receives the rounds done.

    Raises:
        ModelError: It cannot be run, or its graph cannot be cut.
        UsageError: It is a Keras model.
    """
    path = resolve(model)
    if path.suffix != ".tflite":
        raise UsageError(f"{path} is no .tflite; export it first with: mnist-edge export {path}")
    content = strip_metadata(path.read_bytes())
    operators = read_graph(build_interpreter(content, path.name, runtime, threads)[0])
    try:
        cut = [first_operators(content, count + 1) for count in range(len(operators))]
        actions = [build_interpreter(one, path.name, runtime, threads)[0].invoke for one in cut]
    except (IndexError, ValueError) as error:
        raise ModelError(f"{path.name} cannot be profiled: its graph cannot be cut ({error})") from None
    calls = [calls_per_sample(action, WARM_UP_MS) for action in actions]
    times: list[list[float]] = [[] for _ in actions]
    for done in range(ROUNDS):
        for action, count, taken in zip(actions, calls, times, strict=True):
            action()
            taken.append(float(np.median(sample_durations(action, count, SAMPLES))) / (1000 * count))
        progress(done + 1, ROUNDS, "operators")
    upto = [0.0, *map(median, times)]
    return [
        Part(one.name, "x".join(map(str, one.outputs[0].shape[1:])), round(after - before, 2) + 0.0, one.macs)
        for one, before, after in zip(operators, upto, upto[1:], strict=False)
    ]


def profile_reader(reader: Reader, frames: Sequence[NDArray[np.uint8]], progress: Progress = no_progress) -> list[Part]:
    """Time the reader's modules: the processor's time in each, and in what it calls outside of the package.

    The profiler lengthens what makes many calls in Python, so that all are scaled to what a frame takes without it.

    Args:
        reader: Reads the frames.
        frames: As `Reader.read` takes them.
        progress: Receives the frames read.
    """
    for frame in frames:
        reader.read(frame)
    plain = sum(_read_ns(reader, frame) for frame in frames)
    profile = cProfile.Profile()
    for done, frame in enumerate(frames):
        profile.enable()
        reader.read(frame)
        profile.disable()
        progress(done + 1, len(frames), "reading")
    seconds = _by_module(pstats.Stats(profile))
    scale = plain / 1000 / sum(seconds.values()) / len(frames)
    parts = [Part(name, "", round(one * scale, 1)) for name, one in seconds.items()]
    return sorted(parts, key=lambda part: -part.us)


def _read_ns(reader: Reader, frame: NDArray[np.uint8]) -> float:
    return float(np.median(sample_durations(lambda: reader.read(frame), 1, 5, process_time_ns)))


def _by_module(stats: pstats.Stats) -> dict[str, float]:
    """Seconds by module of the package; what other code takes counts for the module that called it."""
    entries = stats.stats  # type: ignore[attr-defined]
    seconds: defaultdict[str, float] = defaultdict(float)
    for function, (_, _, own, _, callers) in entries.items():
        if name := _module(function[0]):
            seconds[name] += own
            continue
        for caller, (_, _, share, _) in callers.items():
            seconds[_owner(caller, entries)] += share
    return {name: one for name, one in seconds.items() if one > 0}


def _owner(function: tuple[str, int, str], entries: dict[tuple[str, int, str], tuple[object, ...]]) -> str:
    """The nearest caller within the package."""
    seen = set()
    while function not in seen:
        seen.add(function)
        if name := _module(function[0]):
            return name
        callers = entries[function][4]
        if not isinstance(callers, dict) or not callers:
            break
        function = max(callers, key=lambda one: callers[one][3])
    return "Python"


def _module(file: str) -> str:
    parts = Path(file).parts
    rooms = [room for room in ("camera", "mnist_edge") if room in parts]
    return Path(file).stem if rooms and "site-packages" not in parts else ""


def sample_frames(count: int = READS) -> list[NDArray[np.uint8]]:
    """Pages of 640x480 with ten zeros each, at other places."""
    ink, frames = 255 - sample_ink(), []
    height, width = ink.shape
    for number in range(count):
        page = np.full((480, 640), 235, np.uint8)
        for digit in range(10):
            y, x = 60 + 170 * (digit // 5) + 3 * number, 40 + 105 * (digit % 5) + 2 * number
            page[y : y + height, x : x + width] = np.minimum(235, ink)
        frames.append(np.repeat(page[..., None], 3, axis=2))
    return frames


def plot_parts(panels: Mapping[str, Sequence[Part]], path: Path) -> None:
    """Draw the parts as bars, one panel for each title, in the order in which they are given."""
    longest = max(map(len, panels.values()))
    figure, axes = new_figure(7 * len(panels), 0.35 * longest + 1.5, columns=len(panels))
    for axis, (title, parts) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        names = [f"{number}. {part.name} {part.what}".strip() for number, part in enumerate(parts, 1)]
        bars = axis.barh(names[::-1], [part.us for part in parts][::-1], color="tab:blue")
        axis.bar_label(bars, fmt="%.1f", padding=3)
        axis.set(title=title, xlabel="microseconds")
        axis.margins(x=0.2)
        axis.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)
