"""`run_camera`: source, reader, loop and sinks as the settings ask for them."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.loop import run
from mnist_edge.camera.meter import Meter, Stats
from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import stop_on_signals
from mnist_edge.camera.sinks import open_sinks
from mnist_edge.camera.sources import open_source
from mnist_edge.camera.sources.geometry import parse_geometry
from mnist_edge.camera.watchdog import Watchdog
from mnist_edge.camera.worker import deaths_logged
from mnist_edge.pixels import parse_pixels
from mnist_edge.reading import Reading


def run_camera(settings: Settings) -> Stats:
    """Read digits from a source until it ends or the user ends it.

    Args:
        settings: What to read, how, and where the results go.

    Raises:
        MnistEdgeError: The source, the model or a place for results cannot be opened, or the source fails for good.
    """
    least = MIN_CONFIDENCE if settings.min_confidence is None else settings.min_confidence
    with stop_on_signals() as stop, Watchdog() as watchdog:
        geometry, reader = parse_geometry(settings), _reader(settings, least)
        controls = Controls(least, stop, details=settings.details, classes=reader.classes)
        meter = Meter()
        with (
            deaths_logged(),
            open_source(settings, stop) as source,
            open_sinks(settings, source, controls, meter, _UploadReader(settings, controls).read) as sinks,
        ):

            def beat() -> None:
                for listener in (watchdog.beat, *sinks.beats):
                    listener()

            loop = partial(
                run,
                source,
                reader,
                geometry=geometry,
                events=sinks.events,
                views=sinks.views,
                watches=sinks.watches,
                workers=sinks.workers,
                controls=controls,
                meter=meter,
                beat=beat,
                watched=sinks.window is not None,
                max_frames=settings.max_frames,
            )
            return sinks.window.run(loop) if sinks.window else loop()


class _UploadReader:
    """Reads uploaded images with a reader of its own, as one reader serves one thread."""

    def __init__(self, settings: Settings, controls: Controls) -> None:
        self._settings, self._controls = settings, controls
        self._reader: Reader | None = None

    def read(self, image: NDArray[np.uint8]) -> Reading:
        self._reader = self._reader or _reader(self._settings, self._controls.min_confidence)
        self._reader.min_confidence = self._controls.min_confidence
        return self._reader.read(image, "upload")


def _reader(settings: Settings, least: float) -> Reader:
    return Reader(
        settings.model,
        finder=settings.finder,
        runtime=settings.runtime,
        threads=settings.threads,
        min_confidence=least,
        trained_on=parse_pixels(settings.pixels, settings.invert),
    )
