"""What a minute of recording costs in each codec, and whether it survives a kill: the figures behind the choice.

Run as `make recording`. Each video is encoded in a process of its own, on one core, from the same moving page with
noise; sizes are those of a file that was closed.
"""

import os
import signal
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.camera.sinks import encoders
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress

SIZES = ((640, 480), (1280, 720))
RATE = 25.0
FRAMES = 125
# Name, suffix, and whether PyAV encodes.
CODECS = (
    ("MPEG-4 part 2, OpenCV", ".mp4", False),
    ("Motion JPEG, OpenCV", ".avi", False),
    ("VP8, OpenCV", ".webm", False),
    ("H.264, PyAV", ".mp4", True),
    ("VP8, PyAV", ".webm", True),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one codec at one size.

    Attributes:
        codec: Name of the codec, and of the library that encodes.
        suffix: Suffix of the file.
        width: Width of a picture, pixels.
        height: Height of a picture, pixels.
        frame_ms: Processor time for one frame.
        minute_mb: Size of a minute, units of 10^6 bytes.
        left_after_kill_s: Of 5 seconds that were written before SIGKILL, how many can be played.
    """

    codec: str
    suffix: str
    width: int
    height: int
    frame_ms: float
    minute_mb: float
    left_after_kill_s: float


def page(number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return frame `number` of the video: digits that move over uneven paper, with a camera's noise."""
    width, height = size
    paper, noise = _paper(size)
    picture = paper.copy()
    left = width // 16 + int(width / 32 * np.sin(number / 8))
    cv2.putText(picture, "2026 12345", (left, height // 2), cv2.FONT_HERSHEY_SIMPLEX, width / 300, (20, 20, 20), 6)
    # The same noise elsewhere in each frame: drawing new noise would take longer than encoding it.
    return np.asarray(cv2.add(picture, np.roll(noise, 7919 * number), dtype=cv2.CV_8U), np.uint8)


@lru_cache
def _paper(size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Unevenly lit paper, and noise with a standard deviation of 3 grey levels."""
    random = np.random.default_rng(0)
    light = random.integers(120, 255, (12, 16, 3), np.uint8)
    paper = cv2.resize(light, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(paper, np.uint8), random.normal(0, 3, paper.shape).astype(np.int16)


def encode(index: int, size: tuple[int, int], path: Path, die: bool) -> None:
    """Write the video, print the processor time for a frame in ms, and close the file, or die with it open."""
    cv2.setNumThreads(1)
    _, _, pyav = CODECS[index]
    if not pyav:
        encoders.OPENCV_CODECS[".webm"], encoders.OPENCV_CONTAINERS[".webm"] = "VP80", (".webm",)
        writer: Any = encoders.OpenCvEncoder(path, RATE, size)
    else:
        writer = encoders.PyAvEncoder(path, RATE, size)
    taken = 0.0
    for number in range(FRAMES):
        picture = page(number, size)
        began = process_time()
        writer.write(picture)
        taken += process_time() - began
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    began = process_time()
    writer.close()
    print(1000 * (taken + process_time() - began) / FRAMES)


def measure(index: int, size: tuple[int, int]) -> Cost:
    """Encode the video twice: to its end, and until it is killed."""
    name, suffix, _ = CODECS[index]
    with tempfile.TemporaryDirectory() as folder:
        path, killed = Path(folder) / f"whole{suffix}", Path(folder) / f"killed{suffix}"
        frame_ms = float(_child(index, size, path, die=False).stdout.split()[-1])
        _child(index, size, killed, die=True)
        minute_mb = path.stat().st_size * 60 * RATE / FRAMES / 1e6
        return Cost(name, suffix, *size, round(frame_ms, 2), round(minute_mb, 1), count_frames(killed) / RATE)


def _child(index: int, size: tuple[int, int], path: Path, die: bool) -> "subprocess.CompletedProcess[str]":
    call = f"encode({index}, {size}, Path({str(path)!r}), {die})"
    code = f"from pathlib import Path\nfrom mnist_edge.benchmarks.endurance.recording import encode\n{call}"
    return subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )


def count_frames(path: Path) -> int:
    """Return how many frames of a video can be played."""
    capture, frames = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), 0
    while capture.read()[0]:
        frames += 1
    capture.release()
    return frames


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pairs = [(index, size) for size in SIZES for index in range(len(CODECS))]
    costs: list[Cost] = []
    for index, size in pairs:
        progress(len(costs), len(pairs), CODECS[index][0])
        costs.append(measure(index, size))
    return Result({"costs": [asdict(cost) for cost in costs]})
