"""What `make instructions` counts: each part a row, on some systems and processors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.pi.counting import GUEST, Counts, count, count_camera
from mnist_edge.benchmarks.pi.guest import STAGES
from mnist_edge.benchmarks.pi.pages import draw_pages, write_pages
from mnist_edge.benchmarks.pi.userland import Emulated
from mnist_edge.camera.images import read_image
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import find_precision
from mnist_edge.finder import pyramid
from mnist_edge.models.build import build
from mnist_edge.models.recipes import CLASSIC, find_recipe
from mnist_edge.runtime import RUNTIMES
from mnist_edge.shipped_models import DEFAULT, FINDER, find_shipped, resolve, shipped_models

BOTH, MAINTAINED = ("bookworm", "bookworm-tflite-runtime"), ("bookworm",)
ALL_CPUS = ("cortex-a53", "cortex-a72", "cortex-a76")
# A Pi 4.
USUAL = ("cortex-a72",)
INVOKES, PAGES, WORDS = 20, 3, 3
# Of the loop: those until its threads have begun and the page has its viewer, and those that are counted.
FRAMES_BEFORE, FRAMES = 8, 32


@dataclass(frozen=True)
class Setting:
    """What is counted with.

    Attributes:
        plugin: From `build_plugin`.
        home: The working folder, which keeps what is made.
    """

    plugin: Path
    home: Path

    @cached_property
    def pages(self) -> list[Path]:
        """Generated pages, as JPEG files."""
        return write_pages(draw_pages(PAGES), self.home, ".jpg")

    @cached_property
    def worded(self) -> list[Path]:
        """Likewise, with words beside the digits."""
        return write_pages(draw_pages(PAGES, words=WORDS), self.home / "worded", ".jpg")

    @cached_property
    def models(self) -> dict[str, Path]:
        """The int8 files: those that ship, and the classic recipes, untrained: weights change a count by 0.01 %."""
        shipped = {name: model.default for name, model in shipped_models().items()}
        return {name: untrained_model(name, self.home) for name in CLASSIC} | shipped


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is counted.

    Attributes:
        count: Returns the instructions, by what takes them.
        systems: Where, keys of `SYSTEMS`.
        cpus: On which processors, keys of `CPUS`.
    """

    count: Callable[[Emulated, Setting], dict[str, int]]
    systems: tuple[str, ...] = MAINTAINED
    cpus: tuple[str, ...] = ALL_CPUS


def untrained_model(recipe: str, folder: Path) -> Path:
    """Write the network of a recipe as an int8 file, calibrated with noise, and return its path."""
    images = np.random.default_rng(0).random((100, 28, 28, 1), np.float32)
    path = folder / f"untrained-{recipe}.int8.tflite"
    write_bytes(path, to_flatbuffer(build(find_recipe(recipe)), find_precision("int8"), "int8", images))
    return path


def count_invokes(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return the instructions of one invoke of each model, one image, one thread, with the Python call."""
    paths = [path.resolve() for path in setting.models.values()]
    counts = _count(pi, setting, GUEST, "invokes", pi.system.runtime, INVOKES, *paths)
    return {name: round(counts.between(number) / INVOKES) for number, name in enumerate(setting.models)}


def count_frame(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return the instructions of a frame, from a JPEG file to its reading, by stage; `all` is their sum."""
    return _of_a_page(pi, setting, setting.pages, "frames", [name for name, *_ in STAGES], "frame")


def count_words(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return those of a frame that has words beside its digits, which leave doubts."""
    return _of_a_page(pi, setting, setting.worded, "frames", [name for name, *_ in STAGES], "frame")


def count_levels(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return the instructions of finding the digits of a page, by level of its pyramid; `all` is their sum."""
    sizes = ["{1}x{0}".format(*level.shape) for level in pyramid(read_image(str(setting.pages[0])))]
    return _of_a_page(pi, setting, setting.pages, "levels", ["find", *sizes], "find")


def count_peers(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return the instructions of what is done elsewhere with a page that is decoded."""
    counts = _count(pi, setting, GUEST, "peers", pi.system.runtime, *setting.pages)
    return {name: round(own / PAGES) for name, own in counts.own(("floor", "webcam loop")).items()}


def count_start(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return the instructions of `mnist-edge read`, and of what it needs: OpenCV, NumPy and both interpreters."""
    networks = [str(path.resolve()) for path in (find_shipped(DEFAULT).default, resolve(FINDER))]
    built = f"[I(model, num_threads=1).allocate_tensors() for model in {networks}]"
    needs = f"import cv2, numpy; from {RUNTIMES[pi.system.runtime].module} import Interpreter as I; {built}"
    commands = {"read": ("-m", "mnist_edge", "read", setting.pages[0]), "needs": ("-c", needs)}
    found = {}
    for name, command in commands.items():
        # The first compiles what is imported.
        for _ in range(2):
            found[name] = _count(pi, setting, *command).total
    return found


def count_loop(pi: Emulated, setting: Setting) -> dict[str, int]:
    """Return the instructions of the camera for each frame of the fake source, alone and with its page and a viewer."""
    found = {}
    for name, viewers, flags in (("alone", 0, ()), ("viewer", 1, ("--serve", "127.0.0.1:0"))):
        # Its last frame has no next one.
        frames = ("--source", "fake", "--max-frames", FRAMES_BEFORE + FRAMES + 1)
        counts = count_camera(pi, setting.plugin, *frames, *flags, viewers=viewers, cwd=setting.home)
        began = [counted for mark, counted in counts.marks if mark == 0]
        found[name] = round((began[FRAMES_BEFORE + FRAMES] - began[FRAMES_BEFORE]) / FRAMES)
    return found


def _count(pi: Emulated, setting: Setting, *arguments: object) -> Counts:
    return count(pi, setting.plugin, *arguments, cwd=setting.home)


def _of_a_page(
    pi: Emulated, setting: Setting, pages: Sequence[Path], what: str, stages: Sequence[str], whole: str
) -> dict[str, int]:
    """Count the stages of a page; what is left of the whole around the others is `other`."""
    counts = _count(pi, setting, GUEST, what, pi.system.runtime, *pages)
    spent = {stage: round(own / len(pages)) for stage, own in counts.own(stages).items()}
    spent["other"] = spent.pop(whole)
    return {**spent, "all": sum(spent.values())}


PARTS = {
    "invoke": Part(count_invokes, BOTH),
    "frame": Part(count_frame, BOTH),
    "words": Part(count_words),
    "levels": Part(count_levels),
    "peers": Part(count_peers),
    "start": Part(count_start, cpus=USUAL),
    "loop": Part(count_loop, cpus=USUAL),
}
