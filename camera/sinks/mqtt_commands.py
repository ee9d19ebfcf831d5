"""Commands over a broker: what others may change in the running loop."""

import logging
import time
from collections import deque

from mnist_edge.camera.control_requests import parse_request
from mnist_edge.camera.controls import Controls
from mnist_edge.errors import UsageError

# Wrong commands that are logged, in so many seconds.
MAX_COMPLAINTS, COMPLAINTS_SECONDS = 20, 60.0

logger = logging.getLogger(__name__)


class Commands:
    """Obeys what comes to one topic, and logs in one line what is wrong with what it cannot obey.

    Attributes:
        controls: What commands change.
        topic: Where they come.
    """

    def __init__(self, controls: Controls, topic: str) -> None:
        """Obey nothing yet."""
        self.controls, self.topic = controls, topic
        self._complaints = deque[float](maxlen=MAX_COMPLAINTS)

    def obey(self, content: bytes, retained: bool) -> None:
        """Change what a command asks for, all of it or nothing.

        Args:
            content: A JSON object, see `parse_request`.
            retained: Whether the broker had kept it from before.
        """
        try:
            if retained:
                raise UsageError("it was retained, and would be obeyed at each connection; publish it without")
            request = parse_request(content)
            if "correct" in request:
                raise UsageError("correct is for the web page and its API")
        except UsageError as error:
            self._complain(str(error))
            return
        for name, value in request.items():
            setattr(self.controls, name, value)

    def _complain(self, why: str) -> None:
        now, logged = time.monotonic(), self._complaints
        if len(logged) < MAX_COMPLAINTS or now - logged[0] > COMPLAINTS_SECONDS:
            logged.append(now)
            logger.warning("a command to %s is refused: %s", self.topic, why)
