"""The result of one check."""

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """The outcome of a check."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was examined.

    Attributes:
        name: Such as `camera`.
        status: `broken` means present, but not working.
        found: What was found, versions included, or why it does not work.
        advice: What to do about it; empty where nothing needs to be done.
    """

    name: str
    status: Status
    found: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is present and works."""
        return self.status is Status.OK
