"""Describe this computer, as far as speed and compatibility depend on it."""

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_edge.throttling import throttling

# What int8 kernels use where they find it: wider vectors and dot products; `atomics` is Arm's LSE, which some
# wheels need and a Raspberry Pi 4 lacks.
FEATURES = ("avx2", "avx512_vnni", "avx_vnni", "asimd", "asimddp", "i8mm", "atomics", "neon")


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer that runs this.

    Attributes:
        machine: Instruction set, such as `aarch64`.
        system: Operating system and its release.
        board: Model of a single-board computer, such as `Raspberry Pi 4 Model B Rev 1.4`; empty elsewhere.
        cpu: The processor's name.
        cores: CPUs that this process may use.
        features: Those of `FEATURES` that the processor has.
        memory_mb: All memory, in units of 10^6 bytes; None where the system does not report it.
        free_mb: Memory that can be had without swapping, same unit.
        governor: How the kernel chooses the clock, such as `ondemand`; None where unknown.
        temperature_c: Of the processor, degrees Celsius; None where the system does not report it.
        throttling: What slows it down or has done so since boot, as `throttling` tells; None where nothing tells.
        python: Version of Python.
    """

    machine: str
    system: str
    board: str
    cpu: str
    cores: int
    features: tuple[str, ...]
    memory_mb: float | None
    free_mb: float | None
    governor: str | None
    temperature_c: float | None
    throttling: tuple[str, ...] | None
    python: str

    @property
    def is_32_bit_arm(self) -> bool:
        """Whether its system is one for which few wheels are built."""
        return self.machine in ("armv7l", "armv6l")

    def to_json(self) -> dict[str, Any]:
        """Convert to plain JSON types."""
        slowing = None if self.throttling is None else list(self.throttling)
        return asdict(self) | {"features": list(self.features), "throttling": slowing}


def this_machine(root: Path = Path("/")) -> Machine:
    """Describe this computer; tests put another `root` in place of `/`, for `proc` and `sys`."""
    cpuinfo = _fields(root / "proc/cpuinfo")
    memory = _fields(root / "proc/meminfo")
    flags = cpu_flags(root)
    board = _read(root / "proc/device-tree/model").rstrip("\0")
    temperature = _read(root / "sys/class/thermal/thermal_zone0/temp")
    return Machine(
        machine=platform.machine(),
        system=_system(root),
        board=board,
        cpu=cpuinfo.get("model name") or board or platform.processor() or "unknown",
        cores=usable_cores(),
        features=tuple(feature for feature in FEATURES if feature in flags),
        memory_mb=_megabytes(memory.get("MemTotal")),
        free_mb=_megabytes(memory.get("MemAvailable")),
        governor=_read(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
        temperature_c=int(temperature) / 1000 if temperature.lstrip("-").isdigit() else None,
        throttling=throttling(),
        python=platform.python_version(),
    )


def cpu_flags(root: Path = Path("/")) -> list[str]:
    """What the kernel says that the processor can do, by its own names; empty where it does not say."""
    cpuinfo = _fields(root / "proc/cpuinfo")
    return (cpuinfo.get("flags") or cpuinfo.get("Features") or "").split()


def _system(root: Path) -> str:
    release = _read(root / "etc/os-release")
    names = [line.partition("=")[2].strip('"') for line in release.splitlines() if line.startswith("PRETTY_NAME=")]
    kernel = f"{platform.system()} {platform.release()}"
    return f"{names[0]} ({kernel})" if names else kernel


def usable_cores() -> int:
    """Count the cores that this process may use."""
    # `taskset` or a container may allow fewer than there are.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fields(path: Path) -> dict[str, str]:
    """Parse `name : value` lines; of several CPUs the first counts."""
    fields: dict[str, str] = {}
    for line in _read(path).splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    return fields


def _megabytes(kibibytes: str | None) -> float | None:
    return round(int(kibibytes.split()[0]) * 1024 / 1e6, 1) if kibibytes else None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
