"""What a page or program wishes to change, checked before anything is changed."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, NoReturn

from mnist_edge.camera.controls import NO_DIGIT, Controls
from mnist_edge.camera.web.access import Refused
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.safe_text import shortened

# How long an answer may wait for the collector, and for the recorder.
CORRECTION_SECONDS = 5.0
BEGIN_SECONDS, POLL_SECONDS = 1.0, 0.02
# What every program can count to.
MAX_TRACK = 2**53


def parse_wishes(body: bytes | bytearray) -> dict[str, Any]:
    """The wishes that a request's body holds, each of them valid.

    Raises:
        Refused: It is no JSON object, or has a key or value that is not understood.
    """
    try:
        wishes = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON document") from None
    if not isinstance(wishes, dict):
        raise Refused(400, 'the body must be a JSON object such as {"paused": true}')
    if unknown := sorted(set(wishes) - set(CHECKS)):
        raise Refused(400, f"unknown: {shortened(', '.join(map(repr, unknown)))}; known are {', '.join(CHECKS)}")
    for name, value in wishes.items():
        allowed, check = CHECKS[name]
        if not check(value):
            raise Refused(400, f"{name} must be {allowed}")
    return wishes


def grant(wishes: dict[str, Any], controls: Controls) -> None:
    """Let the loop have them, but for a correction, which must be answered; as `parse_wishes` gives them."""
    for name in {"min_confidence", "details", "paused", "recording"} & wishes.keys():
        setattr(controls, name, wishes[name])
    if "snapshot" in wishes:
        controls.snapshot = True


async def begin_recording(controls: Controls) -> None:
    """Wait until a recording that was asked for has begun; without frames, as in a pause, it begins with the next.

    Raises:
        Refused: It cannot be written.
    """
    deadline = time.monotonic() + BEGIN_SECONDS
    while controls.recording and controls.video is None and time.monotonic() < deadline:
        await asyncio.sleep(POLL_SECONDS)
    if not controls.recording:
        raise Refused(507, controls.message)


async def correct(track: int, label: int, controls: Controls) -> str:
    """Have a digit's label corrected; what became of it, for people.

    Raises:
        Refused: Nobody keeps corrections, there is no such digit, or it cannot be kept.
    """
    try:
        answer = asyncio.wrap_future(controls.correct(track, label).answer)
        return await asyncio.wait_for(answer, CORRECTION_SECONDS)
    except UsageError as error:
        raise Refused(409, str(error)) from None
    except LookupError as error:
        raise Refused(404, str(error)) from None
    except OutputError as error:
        raise Refused(507, str(error)) from None
    except asyncio.TimeoutError:
        raise Refused(503, f"not kept within {CORRECTION_SECONDS:g} s, the disk may be slow; try again") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_probability(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, float)) and 0 <= value <= 1


def _is_correction(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"track", "label"}
        and all(map(_is_whole, value.values()))
        and 1 <= value["track"] <= MAX_TRACK
        and NO_DIGIT <= value["label"] <= 9
    )


# For each wish what it may be, in words and as a test.
CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "min_confidence": ("a number from 0 to 1", _is_probability),
    "details": ("true or false", _is_flag),
    "paused": ("true or false", _is_flag),
    "recording": ("true or false", _is_flag),
    "snapshot": ("true", lambda value: value is True),
    "correct": (
        'like {"track": 3, "label": 7}: the number of a digit\'s track, and 0 to 9, or -1 for no digit',
        _is_correction,
    ),
}
