"""Check the computer, its Python and its memory."""

import sys

import numpy as np

from mnist_edge.doctor.check import Check, Status
from mnist_edge.machine import Machine, this_machine

LEAST_PYTHON = (3, 10)
# A reader with OpenCV keeps about 100 MB resident; below this much free memory the system starts to swap.
ENOUGH_MB = 200


def checks() -> tuple[Check, ...]:
    """Check Python, computer, processor and memory."""
    machine = this_machine()
    return _python(), _computer(machine), _processor(machine), _memory(machine)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"{version}, numpy {np.__version__}, {sys.executable}"
    if sys.version_info < LEAST_PYTHON:
        return Check("Python", Status.BROKEN, found, "install Python 3.10 or newer")
    return Check("Python", Status.OK, found)


def _computer(machine: Machine) -> Check:
    found = f"{machine.board + ', ' if machine.board else ''}{machine.machine}, {machine.system}"
    advice = ""
    if machine.is_32_bit_arm:
        advice = "a 64-bit system runs the maintained runtime; this one needs tflite-runtime and Python 3.11 or older"
    return Check("computer", Status.OK, found, advice)


def _processor(machine: Machine) -> Check:
    found = f"{machine.cpu}, {machine.cores} cores"
    found += f", {' '.join(machine.features)}" if machine.features else ""
    if machine.governor:
        found += f", governor {machine.governor}"
    if machine.temperature_c is not None:
        found += f", {machine.temperature_c:.0f} degrees C"
    found += "".join(f", {name}" for name in machine.throttling or ())
    return Check("processor", Status.OK, found, _processor_advice(machine))


def _processor_advice(machine: Machine) -> str:
    slowing = " ".join(machine.throttling or ())
    if "under-voltage" in slowing:
        return "too little power slows it down: take the power supply that is meant for this board, on a short cable"
    if slowing:
        return "heat slows it down: give it a heat sink or a fan"
    if machine.governor == "powersave":
        return "the clock is kept low; for speed: sudo cpupower frequency-set -g ondemand"
    return ""


def _memory(machine: Machine) -> Check:
    if machine.memory_mb is None or machine.free_mb is None:
        return Check("memory", Status.OK, "the system does not tell")
    found = f"{machine.free_mb:,.0f} of {machine.memory_mb:,.0f} MB available"
    return Check("memory", Status.OK, found, "close other programs" if machine.free_mb < ENOUGH_MB else "")
