"""Draws what the window shows: the picture, and below it a foot with the text, the rates and the keys."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import CONTROLS, Controls
from mnist_edge.camera.lettering import FONT
from mnist_edge.camera.view import View
from mnist_edge.classes import DIGITS
from mnist_edge.opencv import cv2
from mnist_edge.reading import LIMITED

# Colours, BGR.
BACK, TEXT, FAINT, AMBER, RED = (38, 34, 30), (245, 245, 245), (190, 185, 180), (60, 190, 250), (60, 60, 230)
SELECTED = (250, 190, 60)
KEYS = "   ".join(
    ["q quit"]
    + [f"{control.shown_keys} {control.label.lower()}" for control in CONTROLS if control.kind != "correction"]
)
CORRECT = "0-9 says what it is, x that it is no digit"
# Of other classes, each of which has the key that it is called by.
CORRECT_CLASS = "its own key says what it is, x that it is none"
# The foot's share of the picture's height, and the least height in pixels at which its three lines can be read.
FOOT_SHARE, MIN_FOOT = 0.2, 96
# Pictures of less width, in pixels, are enlarged, so that the foot's lines fit.
MIN_WIDTH = 640
# Most width and height of a panel, in pixels: nobody looks at more, and drawing them takes time.
MAX_SIZE = (1280, 800)
# The frame around a selected digit: its distance from the box, and its stroke, in pixels.
FRAME_GAP, FRAME_STROKE = 6, 3
# The space left of and right of the foot's lines, as a share of its width.
MARGIN = 0.015


class _Place(NamedTuple):
    """Where a text stands in the foot, left or right: its base line and height in lines, its most width as a share."""

    base: float
    height: float
    width: float
    right: bool = False


READING, RATES, TIMES = _Place(0.86, 0.66, 0.56), _Place(0.5, 0.32, 0.42, True), _Place(0.98, 0.32, 0.42, True)
MESSAGE, STATE = _Place(1.75, 0.36, 0.62), _Place(1.75, 0.36, 0.34, True)
KEY_LINE = _Place(2.65, 0.38, 0.97)
LINES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A drawn window.

    Attributes:
        image: Shape (height, width, 3), BGR.
        scale: Pixels of the panel for each pixel of the frame; both have the same top left corner.
    """

    image: NDArray[np.uint8]
    scale: float


def draw_panel(view: View, controls: Controls, selected: int | None = None, most: tuple[int, int] = MAX_SIZE) -> Panel:
    """Draw a view for the window.

    Args:
        view: The picture and what was read.
        controls: The state that is shown.
        selected: Number of the track that a key would correct.
        most: The most width and height of the panel, in pixels.
    """
    height, width = view.frame.image.shape[:2]
    tallest = max(min(most[1] / (1 + FOOT_SHARE), most[1] - MIN_FOOT), 1)
    scale = min(max(1.0, MIN_WIDTH / width), most[0] / width, tallest / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = cv2.resize(view.picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for digit in view.digits:
        if digit.track == selected:
            x, y, wide, tall = (round(side * scale) for side in digit.box)
            end = x + wide + FRAME_GAP - 1, y + tall + FRAME_GAP - 1
            cv2.rectangle(picture, (x - FRAME_GAP, y - FRAME_GAP), end, SELECTED, FRAME_STROKE)
    foot = np.full((round(max(size[1] * FOOT_SHARE, MIN_FOOT)), size[0], 3), BACK, np.uint8)
    _write(foot, view, controls, selected)
    return Panel(np.vstack([picture, foot]), scale)


def _write(foot: NDArray[np.uint8], view: View, controls: Controls, selected: int | None) -> None:
    stats = view.stats
    rates = f"fps {stats.capture_fps:.1f} in, {stats.reading_fps:.1f} read, {stats.display_fps:.1f} shown"
    times = f"{stats.screen_ms:.0f} ms to the screen, 99 % within {stats.screen_p99_ms:.0f}"
    state, colour = _state(view, controls)
    _put(foot, " / ".join(view.text) or "-", TEXT, READING)
    _put(foot, rates, FAINT, RATES)
    _put(foot, times, FAINT, TIMES)
    correct = CORRECT if controls.classes == DIGITS else CORRECT_CLASS
    message = f"digit {selected}: {correct}" if selected is not None else controls.message
    _put(foot, message, AMBER, MESSAGE)
    _put(foot, state, colour, STATE)
    _put(foot, f"{KEYS} {controls.min_confidence:.2f}", FAINT, KEY_LINE)


def _state(view: View, controls: Controls) -> tuple[str, tuple[int, int, int]]:
    if view.outage:
        return view.outage, RED
    if controls.paused:
        return "paused", AMBER
    if view.reading.limited:
        return LIMITED, AMBER
    if controls.held:
        return "any other key: go on", FAINT
    return ("recording", RED) if controls.recording else ("", FAINT)


def _put(foot: NDArray[np.uint8], text: str, colour: tuple[int, int, int], place: _Place) -> None:
    """Write a text, as high as its place says, or smaller where it would be too wide."""
    # Hershey fonts know ASCII only.
    text = text.encode("ascii", "replace").decode()
    (wide, tall), _ = cv2.getTextSize(text, FONT, 1.0, 2)
    line, width = foot.shape[0] / LINES, foot.shape[1]
    scale = min(place.height * line / max(tall, 1), place.width * width / max(wide, 1))
    margin = round(MARGIN * width)
    left = width - margin - round(wide * scale) if place.right else margin
    cv2.putText(
        foot, text, (left, round(place.base * line)), FONT, scale, colour, max(1, round(2 * scale)), cv2.LINE_AA
    )
