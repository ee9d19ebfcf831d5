"""A word where a frame holds more than is looked at."""

from collections.abc import Callable

from mnist_edge.camera.view import View
from mnist_edge.reading import LIMITED


class LimitNote:
    """Says, once for a camera and once for each picture, that digits may be missing."""

    def __init__(self, note: Callable[[str], None]) -> None:
        """Keep whom to tell."""
        self._note = note
        self._told: set[str] = set()

    def show(self, view: View) -> None:
        """Tell it of a frame that is the first such of its source."""
        if view.reading.limited and view.frame.source not in self._told:
            self._told.add(view.frame.source)
            self._note(f"note: {view.frame.source} holds {LIMITED}")
