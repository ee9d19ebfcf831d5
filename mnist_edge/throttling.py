"""What a Raspberry Pi's firmware says about its power and its heat: `vcgencmd get_throttled`."""

import re
import subprocess

# Bits of the answer, by the documentation of Raspberry Pi OS; 16 bits higher it is what has happened since boot.
NOW = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
SINCE_BOOT = " since boot"
FLAGS = {**NOW, **{bit + 16: f"{name}{SINCE_BOOT}" for bit, name in NOW.items()}}
TIMEOUT_S = 5.0


def throttling() -> tuple[str, ...] | None:
    """Return what slows the processor down or has done so since boot, values of `FLAGS`; None where nothing tells."""
    command = ["vcgencmd", "get_throttled"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.fullmatch(r"throttled=0x([0-9a-fA-F]{1,8})", done.stdout.strip())
    return tuple(name for bit, name in FLAGS.items() if int(found[1], 16) >> bit & 1) if found else None


def slowed_between(before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return what slowed the processor down between two answers of `throttling`, without `since boot`."""
    was, now = set(before or ()), set(after or ())
    return tuple(name for name in NOW.values() if name in was | now or f"{name}{SINCE_BOOT}" in now - was)
