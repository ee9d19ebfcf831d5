"""What all tools share: arguments, one line for an error, and the one way to keep what was measured.

A result is one JSON file in `benchmarks/results` of the checkout that the tool is run from. It is written whole or not
at all, and its `stamp` records when, by which command, from which commit and on which machine it was measured. Where a
bound does not hold, the tool ends with exit code 3 and leaves the file as it was; `--keep` writes it all the same, with
the bound in `broken`.
"""

import json
import shlex
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.atomic_files import write_text
from mnist_edge.cli.boundary import exit_code_of
from mnist_edge.errors import CheckFailed, MnistEdgeError, UsageError
from mnist_edge.machine import this_machine
from mnist_edge.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "mnist-edge", "numpy", "opencv-python", "opencv-python-headless", "ai-edge-litert", "tflite-runtime", "tensorflow",
    "keras", "av", "distributed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a measurement.

    Attributes:
        document: The figures, as plain JSON types.
        broken: One sentence for each bound that does not hold.
    """

    document: Mapping[str, Any]
    broken: Sequence[str] = ()


class LeftOut(Exception):
    """What was asked for only where this machine can do it, and it cannot; the text says why, in one line."""


def tool_parser(module: str, description: str) -> ArgumentParser:
    """Return the parser of a tool, which is a module of a package that `run_package` runs.

    Args:
        module: The tool's `__name__`.
        description: The tool's docstring, of which the first line is shown.
    """
    package, _, name = module.rpartition(".")
    prog = f"python -m {package} {name.replace('_', '-')}"
    return ArgumentParser(prog=prog, description=description.splitlines()[0])


def run_tool(parser: ArgumentParser, act: Callable[[Namespace], None], arguments: Sequence[str] | None) -> int:
    """Do what the arguments ask for, and report in one line what a user can mend.

    Args:
        parser: From `tool_parser`.
        act: Does the work; takes the parsed arguments.
        arguments: The command line's arguments; None takes `sys.argv`.

    Returns:
        The exit code.
    """
    options = parser.parse_args(arguments)
    native_stderr.enable_silencing()
    try:
        act(options)
    except LeftOut as why:
        print(f"left out: {why}", file=sys.stderr)
    except MnistEdgeError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return exit_code_of(error)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    return 0


def run_measurement(
    parser: ArgumentParser,
    measure: Callable[[Namespace, Progress], Result],
    arguments: Sequence[str] | None,
    means: Collection[str] = (),
) -> int:
    """Measure, print the document, and keep it as `benchmarks/results/TOOL.json`.

    A measurement with arguments that differ from the defaults is not kept there.

    Args:
        parser: From `tool_parser`.
        measure: Takes the parsed arguments and the function to report progress to.
        arguments: The command line's arguments; None takes `sys.argv`.
        means: Names of arguments that do not change what is measured, such as the folder of a needed program.

    Returns:
        The exit code: 3 where a bound does not hold and the result was not kept.
    """
    name = parser.prog.split()[-1].replace("-", "_")
    usual = vars(parser.parse_args([]))
    parser.add_argument("--keep", action="store_true", help="keep the result although a bound does not hold")
    parser.add_argument(
        "--output", type=Path, metavar="FILE",
        help=f"where to keep it; benchmarks/results/{name}.json by default, where no other argument is given",
    )  # fmt: skip

    def act(options: Namespace) -> None:
        from mnist_edge.cli.console import progress

        changed = [option for option in usual if option not in means and getattr(options, option) != usual[option]]
        path = options.output or (None if changed else checkout() / "benchmarks" / "results" / f"{name}.json")
        measured_at = stamp()
        with progress(name.replace("_", " ")) as report:
            result = measure(options, report)
        text = json.dumps({**result.document, "broken": [*result.broken], "stamp": measured_at}, indent=1) + "\n"
        print(text, end="")
        _keep(path, text, result.broken, options.keep)

    return run_tool(parser, act, arguments)


def _keep(path: Path | None, text: str, broken: Sequence[str], keep: bool) -> None:
    if broken and not keep:
        left = f"; {path} is left as it was, and --keep would replace it" if path else ""
        raise CheckFailed(f"{'; '.join(broken)}{left}")
    for sentence in broken:
        print(f"does not hold: {sentence}", file=sys.stderr)
    if path:
        write_text(path, text)
        print(f"kept: {path}", file=sys.stderr)
    else:
        print("not kept: it was not measured with the usual arguments; --output FILE keeps it", file=sys.stderr)


def checkout() -> Path:
    """Return the root of the checkout that the tools are run from, where all that they make belongs.

    Raises:
        UsageError: The tools are installed elsewhere, or run from outside of their checkout.
    """
    here = Path.cwd().resolve()
    if not (ROOT / "pyproject.toml").is_file() or ROOT not in (here, *here.parents):
        raise UsageError(
            f"these tools write into the checkout that they are run from, and this one lies in {ROOT}; "
            "go into a checkout of mnist-edge and use its own .venv/bin/python there"
        )
    return ROOT


def stamp() -> dict[str, Any]:
    """Return when, by which command, from which code and where something is measured, as plain JSON types.

    `commit` is None outside of a git checkout. `clean` is whether the code was exactly that commit; results and
    documents that other tools have made since do not count.
    """
    changes = _git("status", "--porcelain", "--", ".", ":!benchmarks/results", ":!docs", ":!*.md")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "clean": changes == "",
        "command": _command(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "machine": this_machine().to_json(),
    }


def _command() -> str:
    # A path means something on one machine only: its last part is kept.
    words = (Path(word).name if Path(word).is_absolute() else word for word in sys.orig_argv[1:])
    return shlex.join(["python", *words])


def _git(*arguments: str) -> str | None:
    if not (ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
