"""What the window shows: the picture, and below it the text, the rates and the keys."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import CONTROLS, Controls
from mnist_edge.camera.lettering import FONT
from mnist_edge.camera.view import View
from mnist_edge.opencv import cv2
from mnist_edge.reading import LIMITED

BACK, TEXT, FAINT, AMBER, RED = (38, 34, 30), (245, 245, 245), (190, 185, 180), (60, 190, 250), (60, 60, 230)
KEYS = "   ".join(
    ["q quit"]
    + [f"{control.shown_keys} {control.label.lower()}" for control in CONTROLS if control.kind != "correction"]
)
CORRECT = "0-9 says what it is, x that it is no digit"
# Of the foot: its share of the picture's height, and its least height in pixels, which can be read.
SHARE, LEAST_FOOT = 0.2, 96
# Smaller pictures are enlarged.
LEAST_WIDTH = 640
# Width and height of a panel, unless the screen is smaller: nobody looks at more pixels, and drawing them takes time.
ROOM = (1280, 800)
SELECTED = (250, 190, 60)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A drawn window.

    Attributes:
        image: Shape (height, width, 3), BGR.
        scale: Pixels of it for each pixel of the frame; the frame's corner is its corner.
    """

    image: NDArray[np.uint8]
    scale: float


def draw_panel(view: View, controls: Controls, selected: int | None = None, room: tuple[int, int] = ROOM) -> Panel:
    """Draw a view for the window.

    Args:
        view: The picture and what was read.
        controls: Their state is shown.
        selected: Number of the track that a key would correct.
        room: The most that it may be wide and high, in pixels.
    """
    height, width = view.frame.image.shape[:2]
    tallest = max(min(room[1] / (1 + SHARE), room[1] - LEAST_FOOT), 1)
    scale = min(max(1.0, LEAST_WIDTH / width), room[0] / width, tallest / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = cv2.resize(view.picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for digit in view.digits:
        if digit.track == selected:
            x, y, wide, tall = (round(side * scale) for side in digit.box)
            cv2.rectangle(picture, (x - 6, y - 6), (x + wide + 5, y + tall + 5), SELECTED, 3)
    foot = np.full((round(max(size[1] * SHARE, LEAST_FOOT)), size[0], 3), BACK, np.uint8)
    _write(foot, view, controls, selected)
    return Panel(np.vstack([picture, foot]), scale)


def _write(foot: NDArray[np.uint8], view: View, controls: Controls, selected: int | None) -> None:
    line = foot.shape[0] / 3
    stats = view.stats
    rates = f"fps {stats.capture_fps:.1f} in, {stats.reading_fps:.1f} read, {stats.display_fps:.1f} shown"
    times = f"{stats.screen_ms:.0f} ms to the screen, 99 % within {stats.screen_p99_ms:.0f}"
    state, colour = _state(view, controls)
    _line(foot, " / ".join(view.text) or "-", 0.86 * line, TEXT, 0.66 * line, foot.shape[1] * 0.56)
    _line(foot, rates, 0.5 * line, FAINT, 0.32 * line, foot.shape[1] * 0.42, right=True)
    _line(foot, times, 0.98 * line, FAINT, 0.32 * line, foot.shape[1] * 0.42, right=True)
    message = f"digit {selected}: {CORRECT}" if selected is not None else controls.message
    _line(foot, message, 1.75 * line, AMBER, 0.36 * line, foot.shape[1] * 0.62)
    _line(foot, state, 1.75 * line, colour, 0.36 * line, foot.shape[1] * 0.34, right=True)
    keys = f"{KEYS} {controls.min_confidence:.2f}"
    _line(foot, keys, 2.65 * line, FAINT, 0.38 * line, foot.shape[1] * 0.97)


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


def _line(
    foot: NDArray[np.uint8],
    text: str,
    base: float,
    colour: tuple[int, int, int],
    height: float,
    width: float,
    right: bool = False,
) -> None:
    """One line of text, as high as wanted unless it were wider than there is room."""
    # Hershey fonts know ASCII only.
    text = text.encode("ascii", "replace").decode()
    (wide, tall), _ = cv2.getTextSize(text, FONT, 1.0, 2)
    scale = min(height / max(tall, 1), width / max(wide, 1))
    margin = round(0.015 * foot.shape[1])
    left = foot.shape[1] - margin - round(wide * scale) if right else margin
    cv2.putText(foot, text, (left, round(base)), FONT, scale, colour, max(1, round(2 * scale)), cv2.LINE_AA)
