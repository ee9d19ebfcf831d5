"""What is counted, between marks for the plugin in `count.c`. Runs on an emulated Pi, which has the wheel alone.

Usage:
    guest.py invokes RUNTIME COUNT MODEL...
    guest.py frames|levels|peers RUNTIME PAGE.jpg...
    guest.py camera FLAG...
"""

import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

# `count.c` has the same number.
FIRST_MARK = 0x4D4E0000
# From one frame that the fake camera is asked for to the next, by its own clock, in seconds: about what a Pi reads.
FRAME_SECONDS = 0.25
# What a stage is, and its function where it is called. One that runs within another is counted for itself alone.
STAGES: tuple[tuple[str, str, str], ...] = (
    ("frame", "", ""),
    ("decode", "mnist_edge.camera.images", "read_image"),
    ("find", "mnist_edge.camera.reader.reader", "find"),
    ("ink", "mnist_edge.camera.reader.reader", "find_ink"),
    ("ink", "mnist_edge.camera.reader.reader", "segment"),
    ("crop", "mnist_edge.camera.reader.reader", "see"),
    ("crop", "mnist_edge.camera.reader.candidate", "widen_strokes"),
    ("crop", "mnist_edge.camera.reader.candidate", "normalise"),
    ("crop", "mnist_edge.camera.reader.proposals", "widen_strokes"),
    ("crop", "mnist_edge.camera.reader.proposals", "normalise"),
    ("classify", "mnist_edge.classifier", "Classifier.probabilities"),
    ("decide", "mnist_edge.camera.reader.reader", "judge"),
    ("decide", "mnist_edge.camera.reader.reader", "distinct"),
    ("rows", "mnist_edge.camera.reader.reader", "in_reading_order"),
)


def mark(number: int) -> None:
    """Have the instructions until now printed, with a number of 0 to 65535; without the plugin nothing happens."""
    with suppress(OSError):  # There is no such process.
        os.getpriority(os.PRIO_PROCESS, FIRST_MARK + number)


def marked(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with the marks `2 * number` and `2 * number + 1` around it."""

    @wraps(function)
    def within(*arguments: Any, **named: Any) -> Any:
        mark(2 * number)
        try:
            return function(*arguments, **named)
        finally:
            mark(2 * number + 1)

    return within


def watch(number: int, module: str, name: str) -> None:
    """Put marks around a function of a module, or around a method of a class in it."""
    owner: Any = import_module(module)
    *classes, attribute = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    replace(owner, attribute, marked(number, getattr(owner, attribute)))


def replace(owner: Any, attribute: str, value: Any) -> None:
    """Put something else in the place of a function of a class or of a name in a module."""
    setattr(owner, attribute, value)


def invokes(runtime: str, count: int, models: Sequence[Path]) -> None:
    """Invoke each model so often between two marks, after a few invokes that prepare it."""
    import numpy as np

    from mnist_edge.runtime import RUNTIMES

    for number, model in enumerate(models):
        interpreter = RUNTIMES[runtime].build(model.read_bytes())
        details = interpreter.get_input_details()[0]
        # A ramp, so that no kernel can pass over zeros.
        ramp = np.arange(np.prod(details["shape"])).reshape(details["shape"]) % 127
        interpreter.set_tensor(details["index"], ramp.astype(details["dtype"]))
        for _ in range(5):
            interpreter.invoke()
        mark(2 * number)
        for _ in range(count):
            interpreter.invoke()
        mark(2 * number + 1)


def frames(runtime: str, pages: Sequence[Path]) -> None:
    """Read all pages twice, the second time with marks around every stage."""
    from mnist_edge.camera import images
    from mnist_edge.camera.reader import Reader

    reader = Reader(runtime=runtime)

    def read(page: Path) -> None:
        reader.read(images.read_image(str(page)))

    for page in pages:
        read(page)
    for number, (_, module, name) in enumerate(STAGES):
        if module:
            watch(number, module, name)
    for page in pages:
        marked(0, read)(page)


def levels(runtime: str, pages: Sequence[Path]) -> None:
    """Find the digits of all pages twice, the second time with marks around all of it and each look at a level.

    The mark of a level is one more than how often the page was halved for it.
    """
    from mnist_edge import finder
    from mnist_edge.camera.images import read_image
    from mnist_edge.camera.reader.reader import LEAST_SCORE, MOST
    from mnist_edge.finder_network import FinderNetwork

    network, look = FinderNetwork(runtime=runtime), finder.Level.look
    pictures = [read_image(str(page)) for page in pages]

    def find(picture: Any) -> None:
        finder.find(picture, network, LEAST_SCORE, MOST + 1)

    for picture in pictures:
        find(picture)
    for picture in pictures:

        def look_marked(level: finder.Level, *arguments: Any, width: int = picture.shape[1]) -> None:
            marked(1 + round(math.log2(width / level.picture.shape[1])), look)(level, *arguments)

        replace(finder.Level, "look", look_marked)
        marked(0, find)(picture)


def peers(runtime: str, pages: Sequence[Path]) -> None:
    """Do with all pages what is done elsewhere, the floor and webcam projects' loop; the second time with marks."""
    from mnist_edge.camera.images import read_image
    from mnist_edge.classifier import Classifier

    # Of a checkout, like this file; the wheel has none of it.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "harness"))
    others, classifier = import_module("peers"), Classifier(runtime=runtime)
    pictures = [read_image(str(page)) for page in pages]
    for floor, loop in ((others.floor, others.webcam_loop), (marked(0, others.floor), marked(1, others.webcam_loop))):
        for picture in pictures:
            floor(picture)
            loop(picture, classifier)


class FrameClock:
    """Stands in for the module `time`: each look at it is a frame later, so that every run meets the same frames."""

    def __init__(self) -> None:
        """A clock that nobody has looked at."""
        self._now = 0.0

    def monotonic(self) -> float:
        """Return the seconds until now."""
        self._now += FRAME_SECONDS
        return self._now

    sleep = staticmethod(time.sleep)


def camera(flags: Sequence[str]) -> None:
    """Run the camera on its fake source, with marks around each frame's reading."""
    from mnist_edge.camera.sources.fake import source
    from mnist_edge.cli import main

    replace(source, "time", FrameClock())
    watch(0, "mnist_edge.camera.reader.reader", "Reader.read")
    sys.argv = ["mnist-edge", "camera", *flags]
    main()


if __name__ == "__main__":
    what, first, *rest = sys.argv[1:]
    if what == "camera":
        camera([first, *rest])
    elif what == "invokes":
        invokes(first, int(rest[0]), [Path(model) for model in rest[1:]])
    else:
        {"frames": frames, "levels": levels, "peers": peers}[what](first, [Path(page) for page in rest])
