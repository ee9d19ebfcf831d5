"""`POST /api/controls`: what a page or program asks to change, checked before anything is changed."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, NoReturn

from mnist_edge.camera.controls import CONTROLS, NO_DIGIT, Controls, Kind
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.loop_state import LoopHandler, controls_of
from mnist_edge.errors import OutputError, UsageError
from mnist_edge.safe_text import shortened

MAX_CONTROLS_BYTES = 10_000
# How long the response may wait for the collector, and for the recorder, which is asked now and then.
CORRECTION_SECONDS = 5.0
RECORDING_SECONDS, POLL_SECONDS = 1.0, 0.02
# The largest integer that all JSON parsers keep exact.
MAX_TRACK = 2**53


class SetControls(LoopHandler):
    """`POST /api/controls`: changes what is asked for, and notifies all clients."""

    method = "POST"
    max_body_bytes = MAX_CONTROLS_BYTES
    # Which no form of another site can send.
    content_types = ("application/json",)

    async def _answer(self) -> None:
        request, controls, answer = parse_request(self.body), self.loop.controls, {}
        if self.loop.state.view is None and request.keys() & {"snapshot", "correct"}:
            raise Refused(503, "there is no picture yet")
        if correction := request.pop("correct", None):
            answer = {"corrected": await _correct(**correction, controls=controls)}
        for name, value in request.items():
            setattr(controls, name, value)
        self.loop.state.notify()
        if request.get("recording"):
            await _begin_recording(controls)
        self.send_json(controls_of(controls) | answer)


def parse_request(body: bytes | bytearray) -> dict[str, Any]:
    """Return what the body of a request asks to change, each value valid.

    Raises:
        Refused: The body is no JSON object, or has a key or value that is not understood.
    """
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON document") from None
    if not isinstance(request, dict):
        raise Refused(400, 'the body must be a JSON object such as {"paused": true}')
    kinds = {control.name: control.kind for control in CONTROLS}
    if unknown := sorted(set(request) - set(kinds)):
        raise Refused(400, f"unknown: {shortened(', '.join(map(repr, unknown)))}; known are {', '.join(kinds)}")
    for name, value in request.items():
        allowed, is_allowed = VALUES[kinds[name]]
        if not is_allowed(value):
            raise Refused(400, f"{name} must be {allowed}")
    return request


async def _begin_recording(controls: Controls) -> None:
    """Wait until the recording has begun; without frames, as in a pause, it begins with the next one."""
    deadline = time.monotonic() + RECORDING_SECONDS
    while controls.recording and controls.video is None and time.monotonic() < deadline:
        await asyncio.sleep(POLL_SECONDS)
    if not controls.recording:
        raise Refused(507, controls.message)


async def _correct(track: int, label: int, controls: Controls) -> str:
    """Have a digit's label corrected, and return what became of the correction."""
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


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_probability(value: Any) -> bool:
    return (_is_int(value) or isinstance(value, float)) and 0 <= value <= 1


def _is_correction(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"track", "label"}
        and all(map(_is_int, value.values()))
        and 1 <= value["track"] <= MAX_TRACK
        and NO_DIGIT <= value["label"] <= 9
    )


# What a control of each kind may be set to: in words, and as a test.
VALUES: dict[Kind, tuple[str, Callable[[Any], bool]]] = {
    "switch": ("true or false", lambda value: isinstance(value, bool)),
    "action": ("true", lambda value: value is True),
    "range": ("a number from 0 to 1", _is_probability),
    "correction": (
        'like {"track": 3, "label": 7}: the number of a digit\'s track, and 0 to 9, or -1 for no digit',
        _is_correction,
    ),
}
