"""What is counted, between marks for the plugin in `count.c`. Runs on an emulated Pi, which has the wheel alone.

Usage: guest.py invokes RUNTIME COUNT MODEL... | guest.py frames RUNTIME PAGE.jpg...
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

# `count.c` has the same number.
FIRST_MARK = 0x4D4E0000
# What a stage is, and its function where it is called. One that runs within another is counted for itself alone.
STAGES: tuple[tuple[str, str, str], ...] = (
    ("frame", "", ""),
    ("decode", "mnist_edge.camera.images", "read_image"),
    ("find", "mnist_edge.camera.reader.reader", "find"),
    ("ink", "mnist_edge.camera.reader.reader", "find_ink"),
    ("ink", "mnist_edge.camera.reader.reader", "segment"),
    ("crop", "mnist_edge.camera.reader.proposals", "cut"),
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
    setattr(owner, attribute, marked(number, getattr(owner, attribute)))


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


if __name__ == "__main__":
    if sys.argv[1] == "invokes":
        invokes(sys.argv[2], int(sys.argv[3]), [Path(model) for model in sys.argv[4:]])
    else:
        frames(sys.argv[2], [Path(page) for page in sys.argv[3:]])
