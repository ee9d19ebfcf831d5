"""A word where a frame holds more than is looked at."""

import logging

from mnist_edge.camera.view import View
from mnist_edge.reading import LIMITED

logger = logging.getLogger(__name__)


class LimitLog:
    """Logs, once for a camera and once for each picture, that digits may be missing."""

    def __init__(self) -> None:
        """Nothing is logged yet."""
        self._logged: set[str] = set()

    def show(self, view: View) -> None:
        """Log it of a frame that is the first such of its source."""
        if view.reading.limited and view.frame.source not in self._logged:
            self._logged.add(view.frame.source)
            logger.warning("%s holds %s", view.frame.source, LIMITED)
