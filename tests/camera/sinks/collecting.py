"""A collector with all that it needs, and what it has kept."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.sinks.collect import SETTLED_FRAMES, Collector
from mnist_edge.camera.sinks.crops import LIST
from mnist_edge.camera.view import View
from mnist_edge.reading import Digit

Image = NDArray[np.uint8]
Views = Callable[..., View]


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "digits to collect"]


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LIST).read_text().splitlines()]


def latest(folder: Path) -> dict[str, dict[str, Any]]:
    return {line["item"]: line for line in lines_of(folder)}


class CollectorDesk:
    """A collector with all that it needs, shown the same page over and over."""

    def __init__(self, folder: Path, view: Views, image: Image, digits: tuple[Digit, ...]) -> None:
        self.folder, self.controls = folder, Controls(0.5)
        self.view, self.image, self.digits = view, image, digits
        self.number = 0

    def turn_page(self) -> None:
        self.digits = tuple(replace(one, track=(one.track or 0) + 10) for one in self.digits)

    def collector(self, **options: Any) -> Collector:
        return Collector(self.folder, self.controls, model="small", **options)

    def correct(self, *corrections: tuple[int, int]) -> list["Future[str]"]:
        return [self.controls.correct(track, label).answer for track, label in corrections]

    def show(self, collector: Collector, frames: int = SETTLED_FRAMES, **more: Any) -> View:
        for _ in range(frames):
            self.number += 1
            shown = self.view(self.image, self.number, digits=self.digits, **more)
            collector.show(shown)
        return shown
