"""Instructions that one invoke takes on an emulated Raspberry Pi 4 and Pi 5: `make instructions PI_TOOLS=DIR`.

A count is the same on every run, to 0.01 %, so it shows a change of 1 % where no clock of a shared machine would. It
is no time: what an instruction costs depends on the machine. The scripts that set the Pi up and count lie in DIR and
are no part of this project: `pi_check.sh` (a Debian for arm64 under qemu), `insncount.c` (qemu's plugin) and
`count_invoke.py`.
"""

import os
import re
import shutil
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.child_process import failure_of
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.precisions import find_precision
from mnist_edge.errors import ModelError, PackageMissing, RuntimeMissing, UsageError
from mnist_edge.models.build import build
from mnist_edge.models.recipes import find_recipe
from mnist_edge.progress import Progress
from mnist_edge.shipped_models import resolve, shipped_models

REFERENCE = "three-conv"
TRAINED_REFERENCE = Path("runs/recipes") / f"{REFERENCE}-seed0" / f"{REFERENCE}.int8.tflite"
# The processors of a Pi 4 and a Pi 5; only the second multiplies and adds four bytes in one instruction (SDOT).
CPUS = ("cortex-a72", "cortex-a76")
RUNTIME = "ai-edge-litert"
TOOLS = ("pi_check.sh", "insncount.c", "count_invoke.py")
PROGRAMS = ("qemu-aarch64", "gcc", "uv")
# `count_invoke.py` invokes so often between its marks 2 and 3.
INVOKES = 20


@dataclass(frozen=True, slots=True)
class Pi:
    """An emulated Raspberry Pi that counts.

    Attributes:
        cpu: Its processor, by qemu's name.
        run: The program that starts its Python; takes Python's arguments.
        plugin: The plugin of qemu that counts instructions.
        script: The Python script that invokes a model between marks.
    """

    cpu: str
    run: Path
    plugin: Path
    script: Path


def set_up(tools: Path, folder: Path) -> list[Pi]:
    """Return one emulated Pi for each of `CPUS`, with the runtime in the version that is installed here.

    Raises:
        UsageError: A tool is missing.
        PackageMissing: A program that they need is not installed, or the runtime is not.
        RuntimeMissing: A Pi cannot be set up.
    """
    missing = [name for name in TOOLS if not (tools / name).is_file()]
    if missing:
        raise UsageError(f"no {', '.join(missing)} in {tools}; name the tools' folder: make instructions PI_TOOLS=DIR")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise PackageMissing(f"{', '.join(missing)} not found; Debian 12 has qemu-user and gcc, pip installs uv")
    plugin = folder.resolve() / "libinsncount.so"
    if not plugin.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _set_up_with(["gcc", "-O2", "-shared", "-fPIC", "-o", plugin, tools / "insncount.c"])
    script = (tools / "count_invoke.py").resolve()
    return [Pi(cpu, _make_root(cpu, tools, folder) / "run", plugin, script) for cpu in CPUS]


def count_instructions(model: Path, pi: Pi) -> int:
    """Return the instructions of one invoke of `model`, the Python call included (a few thousand).

    Raises:
        ModelError: It does not run there.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [pi.run, pi.script, model.resolve()],
        env=environment | {"PLUGIN": str(pi.plugin)}, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode:
        raise ModelError(f"{model} cannot be run on an emulated {pi.cpu}: {_last_line(done)}")
    return parse_count(done.stderr)


def parse_count(output: str) -> int:
    """Return the instructions per invoke, from what the plugin wrote: lines such as `MARK 2 insn 1234 sdot 0 tb 56`.

    Raises:
        ModelError: Mark 2 or 3 is not there.
    """
    marks = {int(mark): int(count) for mark, count in re.findall(r"^MARK (\d+) insn (\d+)\b", output, re.MULTILINE)}
    if not {2, 3} <= marks.keys():
        raise ModelError(
            f"the emulator counted nothing: marks {sorted(marks) or 'none'}; is its qemu built for plugins?"
        )
    return round((marks[3] - marks[2]) / INVOKES)


def measure_instructions(models: Mapping[str, Path], pis: Iterable[Pi]) -> dict[str, dict[str, int]]:
    """Return the instructions per invoke of every model, by processor and name."""
    return {pi.cpu: {name: count_instructions(path, pi) for name, path in models.items()} for pi in pis}


def name_models(models: Sequence[str]) -> dict[str, Path]:
    """Return the files to measure by their names in the result, which have no `.int8.tflite`.

    Raises:
        ModelError: There is no such model.
        UsageError: Two have the same name, or one has that of the reference.
    """
    paths = [resolve(model) for model in models] or [model.default for model in shipped_models().values()]
    named = {path.name.removesuffix(".tflite").removesuffix(".int8"): path for path in paths}
    if len(named) < len(paths) or REFERENCE in named:
        raise UsageError(f"each model needs a file name of its own, and {REFERENCE} is measured anyway; rename a copy")
    return named


def reference_model(folder: Path) -> tuple[Path, str]:
    """Return the reference as int8, and what its weights are: from `make recipes`, or made in `folder`, untrained."""
    if TRAINED_REFERENCE.is_file():
        return TRAINED_REFERENCE, "trained"
    # With trained biases it takes 0.004 % more.
    return untrained_model(REFERENCE, folder), "untrained; the weights change the count by less than 0.01 %"


def untrained_model(recipe: str, folder: Path) -> Path:
    """Write the network of a recipe as an int8 file, calibrated with noise, and return its path."""
    images = np.random.default_rng(0).random((100, 28, 28, 1), np.float32)
    path = folder / f"untrained-{recipe}.int8.tflite"
    write_bytes(path, to_flatbuffer(build(find_recipe(recipe)), find_precision("int8"), "int8", images))
    return path


def _make_root(cpu: str, tools: Path, folder: Path) -> Path:
    try:
        requirements = [f"{name}=={version(name)}" for name in (RUNTIME, "numpy")]
    except PackageNotFoundError as error:
        raise PackageMissing(f"{error.name} is not installed; it is measured in the version that is here") from None
    # Another version of the runtime gets a root of its own: what it takes may differ.
    root = folder / f"{cpu}-{requirements[0].partition('==')[2]}"
    # `run` is written last.
    if not (root / "run").is_file():
        shutil.rmtree(root, ignore_errors=True)
        _set_up_with([tools.resolve() / "pi_check.sh", "bookworm", cpu, root, "--", *requirements])
    return root


def _set_up_with(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeMissing(f"an emulated Pi cannot be set up: {Path(command[0]).name}: {_last_line(done)}")


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if not line.strip().startswith("TOTAL ")]
    return failure_of(done.returncode, "\n".join(lines)) or ""


def _measure(options: Namespace, _: Progress) -> Result:
    named = name_models(options.models)
    pis = set_up(options.tools, options.folder)
    path, weights = reference_model(options.folder)
    document = {
        "unit": "instructions per invoke: batch 1, one thread, with the Python call",
        "runtime": runtime(),
        "reference": REFERENCE,
        "reference_weights": weights,
        "cpu": measure_instructions({REFERENCE: path, **named}, pis),
    }
    return Result(document)


def main(arguments: Sequence[str] | None = None) -> int:
    """Count; see `run_measurement`."""
    parser = pi_parser(__name__, __doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: those that ship, int8")
    return run_measurement(parser, _measure, arguments, means=("tools", "folder"))


def runtime() -> str:
    """Return the runtime that is counted, and its version."""
    return f"{RUNTIME} {version(RUNTIME)}"


def pi_parser(module: str, description: str) -> ArgumentParser:
    """Return the parser of a tool that needs an emulated Pi, with `tools` and `folder`."""
    parser = tool_parser(module, description)
    parser.add_argument("tools", nargs="?", type=Path, default="", metavar="DIR", help=f"holds {', '.join(TOOLS)}")
    parser.add_argument(
        "folder", nargs="?", type=Path, default="build/pi", metavar="FOLDER", help="keeps what is set up"
    )
    return parser
