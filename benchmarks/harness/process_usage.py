"""What running processes use, as Linux tells it in /proc."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process, or several together, use.

    Attributes:
        rss_mb: Resident memory, units of 10^6 bytes.
        cpu_s: Time of the processor since the start.
    """

    rss_mb: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """Return what both use together."""
        return Usage(self.rss_mb + other.rss_mb, self.cpu_s + other.cpu_s)


def usage_of(process: int) -> Usage | None:
    """Return what a process uses; None where it has ended."""
    fields = _stat(process)
    if fields is None or fields[0] == "Z":
        return None
    # Fields 14, 15 and 24 of proc(5): time in user mode and in the kernel, ticks, and resident pages.
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return Usage(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, ticks / os.sysconf("SC_CLK_TCK"))


def children_of(process: int) -> list[int]:
    """List the processes that a process has started, and that have not ended."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if (fields := _stat(one)) and int(fields[1]) == process]


def _stat(process: int) -> list[str] | None:
    """The fields behind the name of the program, which may have spaces: the first is the state."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
