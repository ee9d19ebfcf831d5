"""What the window shows, at the size of the screen."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Stats
from mnist_edge.camera.sinks.panel import MIN_FOOT, draw_panel
from mnist_edge.camera.view import View
from mnist_edge.reading import Box, Digit

Make = Callable[..., View]
STATS = (
    Stats(capture_fps=24.0),
    Stats(reading_fps=24.0),
    Stats(display_fps=24.0),
    Stats(screen_ms=24.0),
    Stats(screen_p99_ms=24.0),
)


@pytest.mark.parametrize("frame", [(480, 640), (3000, 4000), (120, 160), (2000, 100), (50, 3000), (1, 1)])
@pytest.mark.parametrize("room", [(1280, 800), (800, 451), (320, 240)])
def test_any_frame_fits_any_screen(view: Make, frame: tuple[int, int], room: tuple[int, int]) -> None:
    panel = draw_panel(view(np.full((*frame, 3), 255, np.uint8)), Controls(0.4), most=room)
    height, width = panel.image.shape[:2]
    assert width <= room[0] and height <= room[1] + 1
    assert height >= MIN_FOOT
    assert round(frame[1] * panel.scale) == pytest.approx(width, abs=1)


def test_what_changes_is_seen(view: Make) -> None:
    """Each of these differs from the plain panel, in the foot."""
    image = np.full((480, 640, 3), 255, np.uint8)
    digit = (Digit(4, 0.9, Box(100, 100, 40, 60), track=7),)
    plain = draw_panel(view(image), Controls(0.4)).image[480:]
    limited = replace(view(image), reading=replace(view(image).reading, limited=True))
    others = [
        draw_panel(view(image, digits=digit), Controls(0.4)),
        draw_panel(view(image), Controls(0.45)),
        draw_panel(view(image), Controls(0.4, paused=True)),
        draw_panel(view(image), Controls(0.4, recording=True)),
        draw_panel(view(image), Controls(0.4, message="snapshot: here")),
        draw_panel(view(image, outage="the cable is out"), Controls(0.4)),
        draw_panel(limited, Controls(0.4)),
        *(draw_panel(view(image, stats=stats), Controls(0.4)) for stats in STATS),
        draw_panel(view(image, digits=digit), Controls(0.4), selected=7),
    ]
    feet = [one.image[480:] for one in others]
    assert all((foot != plain).any() for foot in feet)
    assert all((one != other).any() for k, one in enumerate(feet) for other in feet[:k])


def test_the_selected_digit_is_marked(view: Make) -> None:
    image = np.full((480, 640, 3), 255, np.uint8)
    shown = view(image, digits=(Digit(4, 0.9, Box(100, 100, 40, 60), track=7),))
    one, other = (draw_panel(shown, Controls(0.4), selected=selected).image[:480] for selected in (None, 7))
    changed = np.argwhere((one != other).any(axis=2))
    assert changed.min() >= 85 and changed.max() <= 175


def test_text_that_no_font_knows_is_shown_as_far_as_it_goes(view: Make) -> None:
    image = np.full((480, 640, 3), 255, np.uint8)
    plain = draw_panel(view(image), Controls(0.4)).image
    foreign = draw_panel(view(image, outage="断开: Kamera"), Controls(0.4, message="→ gespeichert")).image
    assert (foreign[480:] != plain[480:]).any()
