"""Lay out an arm64 Debian and what is installed on it, and run its Python under qemu: no root, no chroot, no binfmt.

Debian's packages are unpacked by mmdebstrap without running any of their scripts, from the mirror that this machine's
apt uses; wheels for arm64 are installed by uv from the package index that is configured. A file that qemu's guest
opens is looked for in its Debian first, so it sees that one's libraries, and /proc/cpuinfo of its own: of the host's
processor the runtimes would choose kernels that the guest lacks.
"""

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
from mnist_edge.errors import PackageMissing, RuntimeMissing

QEMU = "qemu-aarch64"
# Program and the Debian package that has it; uv is on the package index.
PROGRAMS = {QEMU: "qemu-user", "mmdebstrap": "mmdebstrap", "setarch": "util-linux"}
# numpy is what picamera2 needs; one that was installed by pip comes before it.
DEBIAN_PACKAGES = ("python3", "python3-numpy", "libgomp1", "libstdc++6")
LIBRARIES = "usr/lib/aarch64-linux-gnu"
# Debian's scripts would have made these links.
ALTERNATIVES = {"libblas.so.3": "blas/libblas.so.3", "liblapack.so.3": "lapack/liblapack.so.3"}
# Started again by its own `sys.executable`, so a guest that runs a child in Python needs no binfmt.
RUN = """#!/bin/sh
exec env PYTHONHOME={root}/usr PYTHONPATH={site}"${{PYTHONPATH:+:$PYTHONPATH}}" PYTHONHASHSEED=0 PYTHONNOUSERSITE=1 \\
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
        self, *flags: object, cwd: Path, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
    ) -> Iterator[CameraProcess]:
        """Run `mnist-edge camera` without a window while the block runs; arguments as for `python`."""
        command = [*before, str(self.run), "-m", "mnist_edge", "camera", "--no-window", *map(str, flags)]
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


def lay_out(system: System, wheel: Path, extras: Sequence[str], folder: Path) -> Emulated:
    """Lay a system out in `folder`, or take what lies there; the wheel is installed anew each time.

    Args:
        system: What to lay out.
        wheel: mnist-edge.
        extras: Its extras.
        folder: Keeps it, with a Debian that several systems share.

    Raises:
        PackageMissing: A program is not installed.
        RuntimeMissing: Something cannot be fetched or unpacked.
    """
    require_programs()
    folder = folder.resolve()
    root = _debian(system.debian, folder / f"debian-{system.debian.suite}")
    site = folder / system.name / "site"
    site.parent.mkdir(parents=True, exist_ok=True)
    _install(system, [f"{wheel.resolve()}[{','.join(extras)}]", *system.packages], site)
    return with_cpu(system, root, site, CPUS[system.cpu])


def with_cpu(system: System, root: Path, site: Path, cpu: Cpu) -> Emulated:
    """Return a system that is laid out already, with any processor."""
    prefix, run = site.with_name(f"prefix-{cpu.name}"), site.with_name(f"python-{cpu.name}")
    (prefix / "proc").mkdir(parents=True, exist_ok=True)
    write_text(prefix / "proc" / "cpuinfo", cpu.cpuinfo())
    for name in ("usr", "lib", "bin", "etc"):
        link = prefix / name
        if not link.is_symlink():
            # Since trixie /lib is /usr/lib, by a link that a script would have made.
            link.symlink_to(root / name if (root / name).exists() else root / "usr" / name)
    python = root / "usr" / "bin" / f"python{system.debian.python}"
    write_text(run, RUN.format(root=root, site=site, qemu=QEMU, cpu=cpu.name, prefix=prefix, run=run, python=python))
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
    """Unpack a Debian in `root` if it is not there."""
    if root.is_dir():
        return root
    # A Debian that was broken off has another name.
    unfinished = root.with_name(f"{root.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    packages = f"--include={','.join(DEBIAN_PACKAGES)}"
    # There is nothing to emulate while nothing runs.
    how = ("--variant=extract", "--architectures=arm64", "--components=main", "--skip=check/qemu", "--quiet")
    _must(["mmdebstrap", *how, packages, debian.suite, unfinished, *_mirror()])
    for link, target in ALTERNATIVES.items():
        (unfinished / LIBRARIES / link).symlink_to(target)
    return unfinished.rename(root)


def _mirror() -> list[str]:
    """Return this machine's mirror of Debian; empty where it has none, for mmdebstrap's default."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.split()[:1]


def _install(system: System, requirements: Sequence[str], site: Path) -> None:
    overrides = site.with_name("without.txt")
    # uv's way to leave a dependency out.
    write_text(overrides, "".join(f"{name}; python_version < '3'\n" for name in system.without))
    platform = (
        "--python-platform",
        f"aarch64-manylinux_{system.debian.glibc}",
        "--python-version",
        system.debian.python,
    )
    how = ("--quiet", "--only-binary", ":all:", "--upgrade", "--target", site, "--override", overrides)
    _must([str(uv()), "pip", "install", *how, *platform, "--reinstall-package", "mnist-edge", *requirements])


def _must(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if failure := failure_of(done.returncode, f"{done.stdout}\n{done.stderr}"):
        raise RuntimeMissing(f"an emulated Pi cannot be laid out: {Path(command[0]).name}: {failure}")
