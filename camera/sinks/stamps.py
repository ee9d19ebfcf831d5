"""File names by the time."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

# In UTC, as events are: names sort by time, and none comes twice when the clocks are put back.
PATTERN = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z"


def free_stamp(taken: Callable[[str], bool]) -> str:
    """The time, such as `2026-11-21T18-04-59.123Z`, or the first after it that is not taken.

    Args:
        taken: Whether there is a file of this name already.
    """
    moment = datetime.now(timezone.utc)
    while taken(name := f"{moment:%Y-%m-%dT%H-%M-%S}.{moment.microsecond // 1000:03d}Z"):
        moment += timedelta(milliseconds=1)
    return name
