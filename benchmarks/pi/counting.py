"""Count the instructions of an emulated Pi's Python, by the plugin in `count.c`.

A count is the same on every run, to 0.01 %, so it shows a change of 1 % where no clock of a shared machine would. It
is no time: what an instruction costs depends on the machine.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mnist_edge.benchmarks.harness.viewers import Client, watch_page
from mnist_edge.benchmarks.pi.userland import Emulated
from mnist_edge.child_process import failure_of
from mnist_edge.errors import ModelError, PackageMissing, RuntimeMissing

SOURCE = Path(__file__).with_name("count.c")
GUEST = Path(__file__).with_name("guest.py")
# For the camera, emulated and on a busy machine.
LONGEST_SECONDS = 3600.0
_LINE = re.compile(r"^counted (\d+) (?:at (\d+)|in all)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in one run.

    Attributes:
        marks: Number and instructions until then of each mark, in their order.
        total: All instructions.
    """

    marks: tuple[tuple[int, int], ...]
    total: int

    def between(self, number: int) -> int:
        """Return the instructions from mark `2 * number` to mark `2 * number + 1`."""
        found = dict(self.marks)
        return found[2 * number + 1] - found[2 * number]

    def own(self, stages: Sequence[str]) -> dict[str, int]:
        """Return each stage's instructions, less those of stages within it.

        Args:
            stages: Their names; the k-th begins with mark `2 * k` and ends with the next. Some may share a name.
        """
        spent, last = dict.fromkeys(stages, 0), 0
        open_stages: list[str] = []
        for mark, count in self.marks:
            if open_stages:
                spent[open_stages[-1]] += count - last
            last = count
            if mark % 2 == 0:
                open_stages.append(stages[mark // 2])
            else:
                open_stages.pop()
        return spent


def build_plugin(folder: Path) -> Path:
    """Compile the plugin into `folder` and return it.

    Raises:
        PackageMissing: There is no C compiler.
        RuntimeMissing: It does not compile.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise PackageMissing("instructions are counted by a plugin that is compiled first: sudo apt install gcc")
    folder.mkdir(parents=True, exist_ok=True)
    plugin = folder.resolve() / "count.so"
    done = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", plugin, SOURCE], capture_output=True, text=True
    )  # fmt: skip
    if failure := failure_of(done.returncode, done.stderr):
        raise RuntimeMissing(f"{SOURCE.name} does not compile: {failure}")
    return plugin


def count(pi: Emulated, plugin: Path, *arguments: object, cwd: Path) -> Counts:
    """Run the Python of an emulated Pi and count, on one processor: threads that run at once would count wrongly.

    Args:
        pi: What runs.
        plugin: From `build_plugin`.
        arguments: Of Python.
        cwd: The working folder.

    Raises:
        ModelError: It failed, or nothing was counted.
    """
    done = pi.python(*arguments, cwd=cwd, environment=_with(plugin), before=_on_one_processor())
    return _counted(done.stderr, done.returncode, " ".join(map(str, arguments)))


def count_camera(pi: Emulated, plugin: Path, *flags: object, viewers: int, cwd: Path) -> Counts:
    """Run `mnist-edge camera` to its end by the guest, which marks frames, and count; as for `count`.

    Args:
        pi: What runs.
        plugin: From `build_plugin`.
        flags: Of the command; those that open its web page where there are viewers.
        viewers: How many watch the page, on this machine.
        cwd: The working folder.

    Raises:
        ModelError: It failed, or nothing was counted, or a viewer has seen nothing.
    """
    watching: list[Client] = []
    with ExitStack() as stack:
        camera = stack.enter_context(
            pi.camera(*flags, cwd=cwd, environment=_with(plugin), before=_on_one_processor(), program=(str(GUEST),))
        )  # fmt: skip
        if viewers:
            camera.wait_for(lambda: camera.logged("web page at ") > 0, LONGEST_SECONDS)
            watching = stack.enter_context(watch_page(camera.url, viewers, LONGEST_SECONDS))
        code = camera.wait_for_end(LONGEST_SECONDS)
    if not all(client.done for client in watching):
        raise ModelError("a viewer of the camera's page has seen nothing")
    return _counted("\n".join(note.text for note in camera.notes), -1 if code is None else code, "camera")


def _with(plugin: Path) -> dict[str, str]:
    return {"QEMU_PLUGIN": f"file={plugin}"}


def _on_one_processor() -> tuple[str, ...]:
    return "taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))


def _counted(output: str, code: int, what: str) -> Counts:
    counted = parse(output)
    if failure := failure_of(code, _LINE.sub("", output)):
        raise ModelError(f"{what} fails on an emulated Pi: {failure}")
    if counted is None:
        raise ModelError("the emulator counted nothing; the qemu-user 7.2 of Debian 12 takes plugins")
    return counted


def parse(output: str) -> Counts | None:
    """Return what the plugin has printed among other lines, None where it has not."""
    found = _LINE.findall(output)
    totals = [int(counted) for counted, mark in found if not mark]
    return Counts(tuple((int(mark), int(counted)) for counted, mark in found if mark), totals[-1]) if totals else None
