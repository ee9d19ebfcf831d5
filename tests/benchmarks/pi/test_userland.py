import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_edge.benchmarks.pi import emulated
from mnist_edge.benchmarks.pi.emulated import (
    CHECKS,
    Material,
    check_camera,
    check_models,
    check_read,
    examine,
    make_material,
)
from mnist_edge.benchmarks.pi.systems import ARM64, ARMHF, CPUS, SYSTEMS, Cpu
from mnist_edge.benchmarks.pi.userland import ALTERNATIVES, Emulated, install, lay_out, with_cpu
from mnist_edge.errors import CheckFailed, PackageMissing, RuntimeMissing
from mnist_edge.machine import this_machine

SYSTEM = SYSTEMS["bookworm-system-numpy"]
# Each writes down what it was asked for. The emulator's stand-in runs this Python, but not where a Pi would.
STAND_INS = {
    "mmdebstrap": """#!/bin/sh
echo "$@" >> {log}/mmdebstrap
for word; do case $word in *.unfinished) mkdir -p $word/{libraries};; esac; done
""",
    "uv": """#!/bin/sh
echo "$@" >> {log}/uv
""",
    "qemu-aarch64": """#!/bin/sh
echo "$@" >> {log}/qemu
unset PYTHONHOME PYTHONPATH
while [ "$1" != -0 ]; do shift; done
shift 3
exec {python} "$@"
""",
    "setarch": """#!/bin/sh
shift
exec "$@"
""",
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the programs, which write into this folder."""
    folder = tmp_path / "log"
    folder.mkdir()
    for name, text in STAND_INS.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text.format(log=folder, libraries=ARM64.libraries, python=sys.executable))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("mnist_edge.benchmarks.pi.userland.uv", lambda: str(tmp_path / "bin" / "uv"))
    return folder


def test_a_system_is_laid_out_and_runs(log: Path, tmp_path: Path) -> None:
    pi = lay_out(SYSTEM, tmp_path / "pi")
    done = pi.python("-c", "print(6 * 7)", cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("42\n", 0), done.stderr
    assert "--architectures=arm64" in (log / "mmdebstrap").read_text()
    assert "-cpu cortex-a72" in (log / "qemu").read_text()
    root = tmp_path / "pi" / "bookworm-arm64"
    assert {str((root / ARM64.libraries / link).readlink()) for link in ALTERNATIVES} == set(ALTERNATIVES.values())
    # Before trixie /lib is a folder of its own.
    assert (tmp_path / "pi" / SYSTEM.name / "prefix-cortex-a72" / "lib").readlink() == root / "usr" / "lib"
    (root / "lib").mkdir()
    (tmp_path / "pi" / SYSTEM.name / "prefix-cortex-a53").mkdir()
    older = with_cpu(SYSTEM, root, pi.site, CPUS["cortex-a53"])
    assert (older.run.with_name("prefix-cortex-a53") / "lib").readlink() == root / "lib"


def test_the_wheel_is_installed_for_the_emulated_python_without_what_is_debians(log: Path, tmp_path: Path) -> None:
    pi = lay_out(SYSTEM, tmp_path / "pi")
    install(pi, tmp_path / "mnist_edge.whl")
    asked = (log / "uv").read_text()
    assert f"--python {pi.run} " in asked
    assert asked.rstrip().endswith(f"{tmp_path}/mnist_edge.whl[headless,web] opencv-python-headless<4.12")
    assert pi.site.with_name("without.txt").read_text().startswith("numpy; ")


def test_what_cannot_be_installed_fails_a_check(log: Path, tmp_path: Path) -> None:
    pi = lay_out(SYSTEM, tmp_path / "pi")
    (tmp_path / "bin" / "uv").write_text("#!/bin/sh\necho 'no wheel for this platform' >&2\nexit 1\n")
    with pytest.raises(CheckFailed, match="uv: no wheel for this platform"):
        install(pi, tmp_path / "mnist_edge.whl")


def test_a_debian_is_unpacked_once_and_again_where_it_was_broken_off(log: Path, tmp_path: Path) -> None:
    (tmp_path / "pi" / "bookworm-arm64.unfinished").mkdir(parents=True)
    for _ in range(2):
        lay_out(SYSTEM, tmp_path / "pi")
    assert len((log / "mmdebstrap").read_text().splitlines()) == 1


def test_what_fails_says_why(log: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "mmdebstrap").write_text("#!/bin/sh\necho 'E: no such suite' >&2\nexit 1\n")
    with pytest.raises(RuntimeMissing, match="mmdebstrap: E: no such suite"):
        lay_out(SYSTEM, tmp_path / "pi")


def test_an_emulator_that_does_not_start_says_why(log: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "qemu-aarch64").write_text("#!/bin/sh\necho 'unable to map memory' >&2\nexit 1\n")
    with pytest.raises(RuntimeMissing, match="does not start: unable to map memory"):
        lay_out(SYSTEM, tmp_path / "pi")


def test_missing_programs_are_named_with_what_to_install(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin" / "qemu-aarch64").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(PackageMissing, match=r"sudo apt install qemu-user$"):
        lay_out(SYSTEM, tmp_path / "pi")


@pytest.mark.parametrize("cpu", CPUS.values(), ids=CPUS)
def test_a_processor_shows_what_it_has(cpu: Cpu, tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(cpu.cpuinfo())
    machine = this_machine(tmp_path)
    assert {ARM64: "asimd", ARMHF: "neon"}[cpu.architecture] in machine.features
    # Of these boards the Pi 5 alone multiplies and adds four bytes at once.
    assert ("asimddp" in machine.features) == ("Pi 5" in cpu.board)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    """This machine in place of an emulated one."""
    folder = tmp_path_factory.mktemp("here")
    run = folder / "python"
    path = os.pathsep.join(path for path in sys.path if path)
    run.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec {sys.executable} "$@"\n')
    run.chmod(0o755)
    return Emulated(SYSTEM, folder, folder, CPUS["cortex-a72"], run)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make_material(Path("mnist_edge.whl"), tmp_path_factory.mktemp("material"))


def test_what_works_passes(here: Emulated, material: Material, tmp_path: Path) -> None:
    assert check_models(here, material, tmp_path) == "large, nano, small"
    digits = sum(len(line.replace(" ", "")) for text in material.pages.values() for line in text)
    assert check_read(here, material, tmp_path) == f"{digits} digits of {len(material.pages)} pages, as here"


@pytest.mark.slow
def test_the_camera_reads_the_video_and_shows_its_page(here: Emulated, material: Material, tmp_path: Path) -> None:
    assert "events, [" in check_camera(here, material, tmp_path)


def test_other_digits_are_a_failure_and_the_rest_is_tried(
    here: Emulated, material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = next(iter(material.pages))
    monkeypatch.setattr(emulated, "CHECKS", {"read": check_read, "models": check_models})
    lines: list[str] = []
    found = examine(here, replace(material, pages={page: ("1234",)}), lines.append)
    assert list(found["failed"]) == ["read"] and "1234" in found["failed"]["read"]
    assert list(found["shown"]) == ["models"]
    assert len(lines) == 2 and "read FAILED" in lines[0]
    assert json.loads(json.dumps(found)) == found


def test_a_command_that_fails_is_its_last_line(here: Emulated, material: Material, tmp_path: Path) -> None:
    gone = replace(material, pages={tmp_path / "gone.png": ()})
    with pytest.raises(CheckFailed, match=r"gone\.png: no such file"):
        check_read(here, gone, tmp_path)


def test_all_commands_of_a_device_are_checked() -> None:
    assert list(CHECKS) == ["install", "doctor", "models", "selftest", "read", "camera", "benchmark"]


def run_tool(*arguments: str, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mnist_edge.benchmarks.pi", "emulated", *arguments]
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_an_unknown_system_is_one_line() -> None:
    done = run_tool("buster")
    assert done.returncode == 2
    assert "buster" in done.stderr.splitlines()[-1]


def test_where_nothing_can_be_emulated_that_is_one_line_and_a_failure_unless_it_may_be(tmp_path: Path) -> None:
    left_out = run_tool("--where-possible", "--folder", str(tmp_path), path=str(tmp_path))
    assert (left_out.returncode, left_out.stdout) == (0, "")
    (line,) = left_out.stderr.splitlines()
    assert line.startswith("left out: ") and "sudo apt install qemu-user mmdebstrap" in line
    failed = run_tool("--folder", str(tmp_path), path=str(tmp_path))
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("error: ")
