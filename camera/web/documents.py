"""The JSON documents of the API."""

from typing import Any

from mnist_edge import __version__
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.events import digits_to_json
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.view import View
from mnist_edge.camera.web.feed import Feed


def reading_of(view: View | None) -> dict[str, Any]:
    """What is read now; nothing before the first frame."""
    if view is None:
        return {"text": [], "digits": [], "frame": None, "seconds": None}
    return {
        "text": list(view.text),
        "digits": digits_to_json(view.digits),
        "frame": view.frame.number,
        "seconds": round(view.frame.seconds, 3),
    }


def controls_of(controls: Controls) -> dict[str, Any]:
    """What `POST /api/controls` has changed, and can change again."""
    return {
        "min_confidence": controls.min_confidence,
        "details": controls.details,
        "paused": controls.paused,
        "recording": controls.recording,
    }


def status_of(feed: Feed, controls: Controls, meter: Meter) -> dict[str, Any]:
    """How the loop does, and what it was told."""
    reading = feed.view.reading if feed.view else None
    return {
        "version": __version__,
        "model": reading.model if reading else None,
        "runtime": reading.runtime if reading else None,
        "source": reading.source if reading else None,
        "width": reading.width if reading else None,
        "height": reading.height if reading else None,
        "limited": reading.limited if reading else False,
        "stats": meter.stats.to_json(),
        "controls": controls_of(controls),
        "away": feed.view.outage if feed.view else "",
        "alive": feed.alive,
        "viewers": feed.clients["pictures"],
        "message": controls.message,
    }
