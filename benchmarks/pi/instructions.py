"""Instructions of an invoke, a frame, a start and the camera's loop on emulated Pis: `make instructions`.

Each count is kept as soon as it is there: a run that was broken off goes on where it was. What was counted before, in
the same versions, may differ by 1 %: more than that breaks a bound.
"""

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.harness.tool import ROOT, Result, run_measurement, tool_parser
from mnist_edge.benchmarks.pi.counting import build_plugin
from mnist_edge.benchmarks.pi.emulated import build_wheel
from mnist_edge.benchmarks.pi.kept import Kept, identity_of
from mnist_edge.benchmarks.pi.parts import PARTS, Setting
from mnist_edge.benchmarks.pi.systems import CPUS, SYSTEMS
from mnist_edge.benchmarks.pi.userland import Emulated, install, lay_out, with_cpu
from mnist_edge.errors import UsageError
from mnist_edge.progress import Progress, no_progress

MAX_DRIFT = 0.01
# Of importing OpenCV and NumPy and building both interpreters.
MAX_START = 1.6
PACKAGES = ("numpy", "opencv-python-headless")
# Of their counts only the sum is the whole of something; stages trade with each other.
STAGED = ("frame", "words", "levels")


def drifted(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each count that differs by more than `MAX_DRIFT` from before, in the same versions.

    Args:
        now: A document of this tool.
        before: Another.
    """
    earlier = dict(_counts(before))
    return [
        f"{', '.join(key)}: {value:,} instructions, {value / earlier[key] - 1:+.1%} of the {earlier[key]:,} before"
        for key, value in _counts(now)
        if key in earlier
        and now["versions"][key[1]] == before["versions"][key[1]]
        and abs(value / earlier[key] - 1) > MAX_DRIFT
    ]


def _counts(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Give every count of something whole: part, system, processor and name."""
    for part in PARTS:
        for system, cpus in document.get(part, {}).items():
            for cpu, counts in cpus.items():
                for name, value in counts.items():
                    if part not in STAGED or name == "all":
                        yield (part, system, cpu, name), value


def slow_starts(document: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each start that takes more than `MAX_START` times what it needs."""
    starts = document.get("start", {})
    ratios = {
        (system, cpu): found["read"] / found["needs"] for system in starts for cpu, found in starts[system].items()
    }
    return [
        f"on {system}, {cpu} `read` takes {ratio:.2f} times what it needs, not {MAX_START}"
        for (system, cpu), ratio in ratios.items()
        if ratio > MAX_START
    ]


def versions_on(pi: Emulated, home: Path) -> dict[str, str]:
    """Return the versions of what is counted on a system, the runtime's under its own name."""
    names = (pi.system.runtime, *PACKAGES)
    code = f"import importlib.metadata as m, json; print(json.dumps({{name: m.version(name) for name in {names}}}))"
    return dict(json.loads(pi.python("-c", code, cwd=home).stdout))


def measure(chosen: Sequence[str], folder: Path, progress: Progress = no_progress) -> dict[str, Any]:
    """Count parts, keys of `PARTS`; what is laid out, made and counted is kept in `folder`."""
    wheel, home = build_wheel(folder / "wheel"), folder / "home"
    home.mkdir(exist_ok=True)
    setting = Setting(build_plugin(folder), home)
    pis = {name: lay_out(SYSTEMS[name], folder) for part in chosen for name in PARTS[part].systems}
    for pi in pis.values():
        install(pi, wheel)
    document: dict[str, Any] = {"versions": {name: versions_on(pi, home) for name, pi in pis.items()}}
    kept = Kept(folder / "counted.json", identity_of(wheel, document["versions"]))
    rows = [(part, name, cpu) for part in chosen for name in PARTS[part].systems for cpu in PARTS[part].cpus]
    for done, (part, name, cpu) in enumerate(rows):
        progress(done, len(rows), f"counting: {part}, {name}, {cpu}")
        pi = with_cpu(pis[name].system, pis[name].root, pis[name].site, CPUS[cpu])
        counts = kept.get(f"{part}, {name}, {cpu}", partial(PARTS[part].count, pi, setting))
        document.setdefault(part, {}).setdefault(name, {})[cpu] = counts
    progress(len(rows), len(rows), "counting")
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Count; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--folder", type=Path, default="build/pi", help="keeps what is laid out and counted")
    return run_measurement(parser, _measure, arguments, means=("folder",))


def _measure(options: Namespace, progress: Progress) -> Result:
    if unknown := [part for part in options.parts if part not in PARTS]:
        raise UsageError(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    document = measure(options.parts or list(PARTS), options.folder.resolve(), progress)
    kept = ROOT / "benchmarks" / "results" / "instructions.json"
    broken = drifted(document, json.loads(kept.read_text())) if kept.is_file() else []
    return Result(document, [*broken, *slow_starts(document)])
