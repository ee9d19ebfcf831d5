"""What a user does on a Raspberry Pi, done on emulated ones: `make pi-test`.

The wheel is built, installed on each system with what a device needs, and asked by its own commands. Pictures and video
are generated; what is read in them has to be what this machine reads.
"""

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.request import urlopen

from mnist_edge.benchmarks.harness.tool import ROOT, LeftOut, Result, run_measurement, tool_parser
from mnist_edge.benchmarks.pi.pages import draw_pages, write_pages, write_video
from mnist_edge.benchmarks.pi.systems import SYSTEMS
from mnist_edge.benchmarks.pi.userland import Emulated, install, lay_out
from mnist_edge.camera.reader import Reader
from mnist_edge.child_process import failure_of
from mnist_edge.errors import CheckFailed, MnistEdgeError, PackageMissing, RuntimeMissing, UsageError
from mnist_edge.machine import usable_cores
from mnist_edge.progress import Progress
from mnist_edge.shipped_models import shipped_models

# None of them may come to a device.
HEAVY = ("tensorflow", "keras", "sklearn", "matplotlib", "scipy")
PAGES = 3
# For one answer, emulated, on a busy machine: what hangs ends, and nothing else does.
PATIENCE_SECONDS = 1200.0


@dataclass(frozen=True, slots=True)
class Material:
    """What is installed and read on every system.

    Attributes:
        wheel: mnist-edge.
        pages: Pictures, and what this machine reads in each.
        video: A video of the first page.
    """

    wheel: Path
    pages: Mapping[Path, tuple[str, ...]]
    video: Path


# Does what a user would, in a folder, and returns what it has shown.
Check = Callable[[Emulated, Material, Path], str]


def ask(pi: Emulated, folder: Path, *arguments: object) -> list[Any]:
    """Return the JSON lines that a command of mnist-edge prints.

    Raises:
        CheckFailed: It failed.
    """
    done = pi.python("-m", "mnist_edge", *arguments, "--json", cwd=folder)
    if failure := failure_of(done.returncode, done.stderr or done.stdout):
        raise CheckFailed(failure)
    try:
        return [json.loads(done.stdout)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in done.stdout.splitlines()]


def check_install(pi: Emulated, material: Material, _: Path) -> str:
    """Install the wheel with what a device needs, and nothing that only training does."""
    install(pi, material.wheel)
    if heavy := [name for name in HEAVY if (pi.site / name).exists()]:
        raise CheckFailed(f"{', '.join(heavy)} came with it")
    return f"{sum(path.stat().st_size for path in pi.site.rglob('*') if path.is_file()) / 1e6:.0f} MB"


def check_doctor(pi: Emulated, _: Material, folder: Path) -> str:
    """Ask what works; the runtime has to be the system's."""
    (document,) = ask(pi, folder, "doctor", "--timeout", PATIENCE_SECONDS)
    found = {check["name"]: check for check in document["checks"]}
    tried = found[pi.system.runtime]
    if not document["reading_works"] or tried["status"] != "ok":
        raise CheckFailed(f"{pi.system.runtime}: {tried['found']}; OpenCV: {found['OpenCV']['found']}")
    # Their versions.
    return f"{tried['found'].partition(', runs')[0]}; {found['OpenCV']['found'].partition(';')[0]}"


def check_models(pi: Emulated, _: Material, folder: Path) -> str:
    """List the models, each of which has to be there."""
    (models,) = ask(pi, folder, "models")
    names, expected = {str(one["name"]) for one in models}, set(shipped_models())
    if names != expected:
        raise CheckFailed(f"{sorted(names)}, not {sorted(expected)}")
    return ", ".join(sorted(names))


def check_selftest(pi: Emulated, _: Material, folder: Path) -> str:
    """Compare what every model computes with its golden vectors."""
    (results,) = ask(pi, folder, "selftest", "--timeout", PATIENCE_SECONDS)
    # Its exit code says whether they agree.
    return f"{len(results)} files, by {results[0]['runtime']}"


def check_read(pi: Emulated, material: Material, folder: Path) -> str:
    """Read the pages, which have to say what they say here."""
    readings = ask(pi, folder, "read", *material.pages)
    found = {Path(reading["source"]): tuple(reading["text"]) for reading in readings}
    if found != material.pages:
        raise CheckFailed(f"{list(found.values())}, not {list(material.pages.values())}")
    return f"{sum(len(reading['digits']) for reading in readings)} digits of {len(found)} pages, as here"


def check_camera(pi: Emulated, material: Material, folder: Path) -> str:
    """Run the camera on the video to its end; meanwhile ask its web page once, where that is installed."""
    page, has_page = b"", "web" in pi.system.extras
    serve = ("--serve", "127.0.0.1:0") if has_page else ()
    with pi.camera("--source", material.video, "--events", "-", *serve, cwd=folder) as camera:
        if has_page:
            camera.wait_for(lambda: camera.logged("web page at ") > 0, PATIENCE_SECONDS)
            with urlopen(f"{camera.url}/", timeout=PATIENCE_SECONDS) as answer:
                page = answer.read()
        code = camera.wait_for_end(PATIENCE_SECONDS)
    events = camera.events()
    if code or (b"<html" in page) != has_page or not events:
        notes = [note.text for note in camera.notes][-3:]
        raise CheckFailed(f"exit code {code}, {len(page)} bytes of page, {len(events)} events; it logged {notes}")
    shown = f"{len(events)} events, {events[0]['text']} first"
    return f"{shown}; page of {len(page):,} bytes" if has_page else f"{shown}; no page"


def check_benchmark(pi: Emulated, _: Material, folder: Path) -> str:
    """Measure a model; what it takes here means nothing and is not kept."""
    (measured,) = ask(pi, folder, "benchmark", "nano", "--runs", 20)
    if any(one["invoke_us"]["median"] <= 0 or not one["runtime"].startswith(pi.system.runtime) for one in measured):
        raise CheckFailed(f"{[(one['runtime'], one['invoke_us']) for one in measured]}")
    return f"{len(measured)} models, by {measured[0]['runtime']}"


CHECKS: dict[str, Check] = {
    "install": check_install,
    "doctor": check_doctor,
    "models": check_models,
    "selftest": check_selftest,
    "read": check_read,
    "camera": check_camera,
    "benchmark": check_benchmark,
}


def examine(pi: Emulated, material: Material, say: Callable[[str], None]) -> dict[str, Any]:
    """Do all checks on a system; return what they have shown, and in `failed` why others have shown nothing."""
    shown, failed = {}, {}
    home = pi.site.with_name("home")
    home.mkdir(parents=True, exist_ok=True)
    for name, check in CHECKS.items():
        try:
            shown[name] = check(pi, material, home)
            say(f"{pi.system.name}: {name}: {shown[name]}")
        except (MnistEdgeError, OSError) as error:
            failed[name] = " ".join(str(error).split())
            say(f"{pi.system.name}: {name} FAILED: {failed[name]}")
    return {
        "system": pi.system.name,
        "debian": pi.system.debian.suite,
        "python": pi.system.debian.python,
        "cpu": pi.cpu.name,
        "board": pi.cpu.board,
        "shown": shown,
        "failed": failed,
    }


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout and return it.

    Raises:
        CheckFailed: It cannot be built.
    """
    for old in folder.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder.resolve())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if failure := failure_of(done.returncode, f"{done.stdout}\n{done.stderr}"):
        raise CheckFailed(f"the wheel cannot be built: {failure}")
    return next(folder.glob("*.whl"))


def make_material(wheel: Path, folder: Path, pages: int = PAGES) -> Material:
    """Draw what is read, so many pages, and read it here."""
    drawn, reader = draw_pages(pages), Reader()
    texts = [reader.read(page).text for page in drawn]
    paths = write_pages(drawn, folder)
    return Material(wheel, dict(zip(paths, texts, strict=True)), write_video(drawn[0], folder / "page.avi"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Check; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=f"of {', '.join(SYSTEMS)}; default: all")
    parser.add_argument("--pages", type=int, default=PAGES, help=f"generated pages that are read ({PAGES})")
    parser.add_argument("--folder", type=Path, default="build/pi", help="keeps what is laid out")
    parser.add_argument(
        "--where-possible", action="store_true", help="where nothing can be emulated, say why and end well"
    )  # fmt: skip
    return run_measurement(parser, _measure, arguments, means=("folder", "where_possible"))


def _measure(options: Namespace, progress: Progress) -> Result:
    if unknown := [name for name in options.systems if name not in SYSTEMS]:
        raise UsageError(f"no system {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    chosen = [SYSTEMS[name] for name in options.systems or SYSTEMS]
    folder, lock, done = options.folder.resolve(), Lock(), 0
    with ThreadPoolExecutor(usable_cores()) as pool:
        try:
            pis = list(pool.map(lambda system: lay_out(system, folder), chosen))
        except (PackageMissing, RuntimeMissing) as error:
            if options.where_possible:
                raise LeftOut(str(error)) from error
            raise
        material = make_material(build_wheel(folder / "wheel"), folder / "material", options.pages)

        def say(line: str) -> None:
            nonlocal done
            with lock:
                done += 1
                print(line, file=sys.stderr, flush=True)
                progress(done, len(chosen) * len(CHECKS), "on emulated Pis")

        found = list(pool.map(lambda pi: examine(pi, material, say), pis))
    broken = [f"{one['system']}: {name}: {why}" for one in found for name, why in one["failed"].items()]
    return Result({"systems": found}, broken)
