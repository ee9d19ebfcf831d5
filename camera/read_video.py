"""Read a video file here and there: digits that are followed as the camera follows them, at times."""

import math
from collections.abc import Iterator
from dataclasses import replace

from mnist_edge.camera.loop import FrameReader
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.opening import video_file
from mnist_edge.camera.tracker import MOVING, TURN_SECONDS, Tracker
from mnist_edge.reading import Reading

# How long before a reading frames are looked at: time for a page that was turned to be found, and its digits confirmed.
LOOK_SECONDS = 2 * TURN_SECONDS
# And how many frames of a slow video, whose first may be the one that shows the new page.
LOOK_FRAMES = MOVING.appear + 1
# Containers store times in steps of up to a millisecond.
STEP_SECONDS = 1e-3
TIMEOUT_SECONDS = Settings().timeout


def read_video(reader: FrameReader, source: str, every_s: float, max_pixels: int) -> Iterator[Reading | None]:
    """Yield what a video shows at about 0.3 seconds and at each multiple of `every_s`, and None while there is nothing.

    Each reading is of the first frame at that time or later, after a look at those of 0.3 seconds before it: its digits
    and its text are those that a tracker has confirmed by then. Where the video ends while it is looked at, the last
    frame gives a reading as well, so every video with a frame has one; one of fewer frames than it takes to confirm
    anything gives what is read in its last. Between looks, frames are decoded and not read.

    Args:
        reader: Reads the frames that are looked at.
        source: The file's path.
        every_s: Seconds from one reading to the next, above 0.
        max_pixels: As for `open_video`.

    Raises:
        SourceError: It cannot be opened, has no frame, or is cut short; what was read until then has been yielded.
    """
    tracker, looked, latest = Tracker(), 0, None
    with video_file(source, Stop(), TIMEOUT_SECONDS, max_pixels) as video:
        look_s = max(LOOK_SECONDS, LOOK_FRAMES / video.info.rate)
        due = look_s
        for frame in video:
            if frame is None or frame.seconds < due - look_s - STEP_SECONDS:
                yield None
                continue
            looked += 1
            reading = reader.read(frame.image, source)
            tracker.update(reading.digits, frame.seconds, [one.box for one in reading.rejected])
            latest = replace(reading, seconds=frame.seconds)
            if looked >= MOVING.appear and frame.seconds >= MOVING.appear_seconds:
                latest = replace(latest, digits=tracker.digits, text=tracker.text)
            if frame.seconds < due - STEP_SECONDS:
                yield None
                continue
            yield latest
            latest = None
            due = every_s * (math.floor((frame.seconds + STEP_SECONDS) / every_s) + 1)
    if latest:
        yield latest
