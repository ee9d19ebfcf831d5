"""What a program asks to change, as JSON: checked as a whole before anything is changed."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from mnist_edge.camera.controls import CONTROLS, NO_DIGIT, Controls, Kind
from mnist_edge.classes import DIGITS
from mnist_edge.errors import UsageError
from mnist_edge.safe_text import shortened

# The largest integer that all JSON parsers keep exact.
MAX_TRACK = 2**53


def parse_request(body: bytes | bytearray, classes: int = len(DIGITS)) -> dict[str, Any]:
    """Return what a request asks to change, each value valid; of so many classes a correction names one.

    Raises:
        UsageError: It is no JSON object, or has a key or value that is not understood.
    """
    try:
        request = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UsageError("the body is no JSON document") from None
    if not isinstance(request, dict):
        raise UsageError('the body must be a JSON object such as {"paused": true}')
    kinds = {control.name: control.kind for control in CONTROLS}
    if unknown := sorted(set(request) - set(kinds)):
        raise UsageError(f"unknown: {shortened(', '.join(map(repr, unknown)))}; known are {', '.join(kinds)}")
    for name, value in request.items():
        allowed, is_allowed = _values(classes)[kinds[name]]
        if not is_allowed(value):
            raise UsageError(f"{name} must be {allowed}")
    return request


def controls_of(controls: Controls) -> dict[str, Any]:
    """Return what the switches and the threshold are now."""
    return {
        control.name: getattr(controls, control.name) for control in CONTROLS if control.kind in ("switch", "range")
    }


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_probability(value: Any) -> bool:
    return (_is_int(value) or isinstance(value, float)) and 0 <= value <= 1


def _is_correction(value: Any, classes: int) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"track", "label"}
        and all(map(_is_int, value.values()))
        and 1 <= value["track"] <= MAX_TRACK
        and NO_DIGIT <= value["label"] < classes
    )


def _values(classes: int) -> dict[Kind, tuple[str, Callable[[Any], bool]]]:
    """What a control of each kind may be set to: in words, and as a test."""
    correction = f"the number of a digit's track, and 0 to {classes - 1}, or -1 for no digit"
    return {
        "switch": ("true or false", lambda value: isinstance(value, bool)),
        "action": ("true", lambda value: value is True),
        "range": ("a number from 0 to 1", _is_probability),
        "correction": (
            f'like {{"track": 3, "label": {min(7, classes - 1)}}}: {correction}',
            lambda value: _is_correction(value, classes),
        ),
    }
