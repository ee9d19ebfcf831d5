"""Lay out a Debian for Arm and what is installed on it, and run its Python under qemu: no root, no chroot, no binfmt.

Debian's packages are unpacked by mmdebstrap without running any of their scripts, from the mirror that this machine's
apt uses; what that Debian's Python can run is installed by uv from the package index that is configured. A file that
qemu's guest opens is looked for in its Debian first, so it sees that one's libraries, and /proc/cpuinfo of its own: of
the host's processor the runtimes would choose kernels that the guest lacks.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.harness.camera_process import CameraProcess
from mnist_edge.benchmarks.pi.systems import CPUS, Cpu, Debian, System
from mnist_edge.child_process import failure_of
from mnist_edge.errors import CheckFailed, PackageMissing, RuntimeMissing

# Program and the Debian package that has it; uv is on the package index.
PROGRAMS = {"qemu-aarch64": "qemu-user", "mmdebstrap": "mmdebstrap", "setarch": "util-linux"}
GUEST_FOLDERS = ("usr", "lib", "bin", "etc")
# Debian's scripts would have made these links.
ALTERNATIVES = {"libblas.so.3": "blas/libblas.so.3", "liblapack.so.3": "lapack/liblapack.so.3"}
# Started again by its own `sys.executable`, so a guest that runs a child in Python needs no binfmt. Python finds its
# library as it always does, beside where it is started from: qemu does not look into a guest's own Debian for `statx`.
RUN = """#!/bin/sh
exec env PYTHONPATH={site}"${{PYTHONPATH:+:$PYTHONPATH}}" PYTHONHASHSEED=0 PYTHONNOUSERSITE=1 \\
    OPENBLAS_NUM_THREADS=1 setarch -R {qemu} -seed 1 -cpu {cpu} -L {prefix} -0 {run} {python} "$@"
"""


@dataclass(frozen=True, slots=True)
class Emulated:
    """A system that is laid out.

    Attributes:
        system: What it is.
        root: Its Debian.
        site: Folder of what was installed beside that.
        cpu: Its processor.
        run: A program that is its Python.
    """

    system: System
    root: Path
    site: Path
    cpu: Cpu
    run: Path

    def python(
        self,
        *arguments: object,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> "subprocess.CompletedProcess[str]":
        """Run its Python and return what it printed.

        Args:
            arguments: Of Python.
            cwd: The working folder, and the home.
            environment: Variables; of this process's there are none.
            before: A command line that runs the emulator.
        """
        return subprocess.run(
            [*before, self.run, *map(str, arguments)], cwd=cwd, env=guest_environment(cwd) | dict(environment or {}),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        )  # fmt: skip

    @contextmanager
    def camera(
        self,
        *flags: object,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        program: Sequence[str] = ("-m", "mnist_edge"),
    ) -> Iterator[CameraProcess]:
        """Run `mnist-edge camera`, or a program like it, without a window while the block runs; else as `python`."""
        command = [*before, str(self.run), *program, "camera", "--no-window", *map(str, flags)]
        with subprocess.Popen(
            command, cwd=cwd, env=guest_environment(cwd) | dict(environment or {}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        ) as process:  # fmt: skip
            try:
                yield CameraProcess(process)
            finally:
                process.kill()


def guest_environment(home: Path) -> dict[str, str]:
    """Return the variables of an emulated program, whose home is `home`."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def lay_out(system: System, folder: Path) -> Emulated:
    """Lay out a system in `folder`, or take what lies there, and start it; nothing of ours is installed on it yet.

    Args:
        system: What to lay out.
        folder: Keeps it, with a Debian that several systems share.

    Raises:
        PackageMissing: A program is not installed.
        RuntimeMissing: Its Debian cannot be fetched or unpacked, or no program of it starts.
    """
    require_programs()
    folder = folder.resolve()
    root = _debian(system.debian, folder / f"{system.debian.suite}-{system.debian.architecture.debian}")
    pi = with_cpu(system, root, folder / system.name / "site", CPUS[system.cpu])
    done = pi.python("-c", "", cwd=folder)
    if failure := failure_of(done.returncode, done.stderr):
        raise RuntimeMissing(f"an emulated Pi does not start: {failure}")
    return pi


def install(pi: Emulated, wheel: Path) -> None:
    """Install mnist-edge, with the system's extras, and what it needs; the wheel is installed anew each time.

    Raises:
        CheckFailed: Something cannot be installed there.
    """
    overrides = pi.site.with_name("without.txt")
    # uv's way to leave a dependency out.
    write_text(overrides, "".join(f"{name}; python_version < '3'\n" for name in pi.system.without))
    how = ("--quiet", "--only-binary", ":all:", "--upgrade", "--target", str(pi.site), "--override", str(overrides))
    what = (f"{wheel.resolve()}[{','.join(pi.system.extras)}]", *pi.system.packages)
    # It asks the emulated Python what that can run.
    command = [str(uv()), "pip", "install", "--python", str(pi.run), *how, "--reinstall-package", "mnist-edge", *what]
    if failure := _failure(command):
        raise CheckFailed(f"on {pi.system.name} it cannot be installed: {failure}")


def with_cpu(system: System, root: Path, site: Path, cpu: Cpu) -> Emulated:
    """Return a system whose Debian lies in `root`, with any processor."""
    prefix, run = site.with_name(f"prefix-{cpu.name}"), site.with_name(f"python-{cpu.name}")
    (prefix / "proc").mkdir(parents=True, exist_ok=True)
    write_text(prefix / "proc" / "cpuinfo", cpu.cpuinfo())
    # Since trixie /lib is /usr/lib, by a link that a script would have made.
    links = {prefix / name: root / name if (root / name).exists() else root / "usr" / name for name in GUEST_FOLDERS}
    for link, target in {**links, site.with_name("lib"): root / "usr" / "lib"}.items():
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    python = root / "usr" / "bin" / f"python{system.debian.python}"
    qemu = cpu.architecture.qemu
    write_text(run, RUN.format(site=site, qemu=qemu, cpu=cpu.name, prefix=prefix, run=run, python=python))
    run.chmod(0o755)
    return Emulated(system, root, site, cpu, run)


def require_programs() -> None:
    """Check that what lays out and runs a system is installed.

    Raises:
        PackageMissing: Something is not.
    """
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        raise PackageMissing(f"an emulated Pi needs more programs: sudo apt install {' '.join(missing)}")
    if uv() is None:
        raise PackageMissing(f"an emulated Pi needs uv: {shlex.join([sys.executable, '-m', 'pip', 'install', 'uv'])}")


def uv() -> str | None:
    """Return the program that installs for other platforms; beside this Python first."""
    return shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


def _debian(debian: Debian, root: Path) -> Path:
    """Unpack a Debian in `root` if it is not there; systems that share one wait for each other."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name(f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return root if root.is_dir() else _unpack(debian, root)


def _unpack(debian: Debian, root: Path) -> Path:
    # A Debian that was broken off has another name.
    unfinished = root.with_name(f"{root.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    what = (f"--architectures={debian.architecture.debian}", f"--include={','.join(debian.packages)}")
    # There is nothing to emulate while nothing runs.
    how = ("--variant=extract", "--components=main", "--skip=check/qemu", "--quiet")
    if failure := _failure(["mmdebstrap", *how, *what, debian.suite, unfinished, *_mirror()]):
        raise RuntimeMissing(f"an emulated Pi cannot be laid out: {failure}")
    for link, target in ALTERNATIVES.items():
        (unfinished / debian.architecture.libraries / link).symlink_to(target)
    return unfinished.rename(root)


def _mirror() -> list[str]:
    """Return this machine's mirror of Debian; empty where it has none, for mmdebstrap's default."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.split()[:1]


def _failure(command: Sequence[str | Path]) -> str | None:
    """Run a command and return why it failed; None if it did not."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    failure = failure_of(done.returncode, f"{done.stdout}\n{done.stderr}")
    return f"{Path(command[0]).name}: {failure}" if failure else None
