"""The systems that are emulated: a board's processor, a Debian for it, and what is installed there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Architecture:
    """A set of instructions, as Debian and qemu name it.

    Attributes:
        debian: By Debian.
        qemu: The program that emulates it.
        libraries: Debian's folder of libraries.
        number: Of the version of Arm's architecture, as /proc/cpuinfo shows it.
    """

    debian: str
    qemu: str
    libraries: str
    number: int


ARM64 = Architecture("arm64", "qemu-aarch64", "usr/lib/aarch64-linux-gnu", 8)
ARMHF = Architecture("armhf", "qemu-arm", "usr/lib/arm-linux-gnueabihf", 7)


@dataclass(frozen=True, slots=True)
class Cpu:
    """A processor as qemu and the kernel's /proc/cpuinfo name it.

    Attributes:
        name: By qemu.
        board: A Raspberry Pi that has it.
        part: Its number among Arm's, as /proc/cpuinfo shows it.
        features: What /proc/cpuinfo lists. The runtimes choose their kernels by it.
        architecture: As the system on it has it.
    """

    name: str
    board: str
    part: str
    features: str
    architecture: Architecture = ARM64

    def cpuinfo(self) -> str:
        """Return /proc/cpuinfo of four such processors."""
        lines = (
            f"Features : {self.features}\nCPU implementer : 0x41\nCPU architecture : {self.architecture.number}\n"
            f"CPU part : {self.part}"
        )
        cores = "".join(f"processor : {core}\n{lines}\n\n" for core in range(4))
        return f"{cores}Model : {self.board}\n".replace(" : ", "\t: ")


_ARMV8 = "fp asimd evtstrm crc32 cpuid"
_ARMV7 = "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm"
CPUS = {
    cpu.name: cpu
    for cpu in (
        Cpu("cortex-a53", "Raspberry Pi 3 Model B Plus", "0xd03", _ARMV8),
        Cpu("cortex-a72", "Raspberry Pi 4 Model B", "0xd08", _ARMV8),
        Cpu("cortex-a7", "Raspberry Pi 2 Model B", "0xc07", _ARMV7, ARMHF),
        # The first that multiplies and adds four bytes in one instruction (asimddp).
        Cpu("cortex-a76", "Raspberry Pi 5 Model B", "0xd0b", f"{_ARMV8} atomics fphp asimdhp asimdrdm lrcpc asimddp"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Debian:
    """A release of Debian, which Raspberry Pi OS is built on.

    Attributes:
        suite: Its name.
        python: Version of its Python.
        architecture: Of its programs.
        packages: What is unpacked of it, with what that depends on.
    """

    suite: str
    python: str
    architecture: Architecture = ARM64
    # numpy is what picamera2 needs; one that was installed by pip comes before it.
    packages: tuple[str, ...] = ("python3", "python3-numpy", "libgomp1", "libstdc++6")


BOOKWORM, TRIXIE = Debian("bookworm", "3.11"), Debian("trixie", "3.13")
# There are no wheels of OpenCV for 32-bit Arm.
BOOKWORM_32 = Debian("bookworm", "3.11", ARMHF, (*BOOKWORM.packages, "python3-opencv"))


@dataclass(frozen=True, slots=True)
class System:
    """One emulated Raspberry Pi.

    Attributes:
        name: On the command line and in results.
        debian: What it runs.
        cpu: The processor that it is tested with, a key of `CPUS`.
        runtime: The TFLite runtime that has to be found there.
        extras: Of mnist-edge, that are installed.
        packages: What pip is asked for beside the wheel.
        without: Dependencies that are not installed: they are Debian's, or another takes their place.
    """

    name: str
    debian: Debian
    cpu: str
    runtime: str
    extras: tuple[str, ...] = ("headless", "web")
    packages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


SYSTEMS = {
    system.name: system
    for system in (
        System("bookworm", BOOKWORM, "cortex-a72", "ai-edge-litert"),
        System(
            "bookworm-tflite-runtime", BOOKWORM, "cortex-a72", "tflite-runtime",
            packages=("tflite-runtime==2.14.0", "numpy<2", "opencv-python-headless<4.12"), without=("ai-edge-litert",),
        ),
        # picamera2, the system's, was built for the system's numpy 1.24.
        System(
            "bookworm-system-numpy", BOOKWORM, "cortex-a72", "ai-edge-litert",
            packages=("opencv-python-headless<4.12",), without=("numpy",),
        ),
        System("trixie", TRIXIE, "cortex-a76", "ai-edge-litert"),
        # NumPy and OpenCV are the system's, and of the web page's tornado there is no wheel either.
        System(
            "bookworm-32-bit", BOOKWORM_32, "cortex-a7", "tflite-runtime",
            extras=("tflite-runtime",), without=("numpy",),
        ),
    )
}  # fmt: skip
