"""The value that each check of the doctor returns."""

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """How a check came out."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: Such as `camera`.
        status: `broken` is what is there but does not work.
        found: What was found, versions included, or why it does not work.
        advice: What to do about it; empty where nothing needs to be done.
    """

    name: str
    status: Status
    found: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is there and works."""
        return self.status is Status.OK
