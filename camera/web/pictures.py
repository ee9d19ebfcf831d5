"""What the loop sees as JPEG pictures, each encoded once for all who watch."""

import asyncio
from dataclasses import dataclass

from mnist_edge.camera.meter import Meter
from mnist_edge.camera.view import View
from mnist_edge.camera.web.feed import Feed, first_of
from mnist_edge.camera.web.worker import TaskWorker
from mnist_edge.opencv import cv2

QUALITY = 80
# Larger pictures are made smaller: no page shows more, and they take long to encode and send.
MAX_SIDE = 1280
# Nobody sees more pictures a second.
LEAST_SECONDS = 1 / 30


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One encoded picture.

    Attributes:
        view: What it shows.
        jpeg: The file's content.
    """

    view: View
    jpeg: bytes


class Pictures:
    """Encodes the newest view when somebody wants to see it, and never the same one twice.

    Attributes:
        encoded: How many were.
    """

    def __init__(self, feed: Feed, worker: TaskWorker, meter: Meter) -> None:
        """Encode views of `feed` in `worker`, counting them in `meter`."""
        self.encoded = 0
        self._feed, self._worker, self._meter = feed, worker, meter
        self._picture: Picture | None = None
        self._job: asyncio.Task[None] | None = None
        self._due = 0.0

    async def newest(self) -> Picture | None:
        """That of the newest view, or of the one before while others wait for that; None before the first."""
        view = self._feed.view
        if view is not None and (self._picture is None or self._picture.view is not view):
            if self._job is None or self._job.done():
                self._job = asyncio.create_task(self._encode())
            # One who goes away must not take the picture from the others.
            await asyncio.shield(self._job)
        return self._picture

    async def newer_than(
        self, seen: Picture | None, patience_seconds: float, left: asyncio.Future[None]
    ) -> Picture | None:
        """Wait for another picture than `seen`; give that back where none has come for so long, or `left` is done."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + patience_seconds
        while True:
            news = self._feed.news
            picture = await self.newest()
            if picture is not seen or clock() >= deadline or left.done():
                return picture
            await first_of(news, left, timeout_seconds=deadline - clock())

    async def _encode(self) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(self._due - clock(), 0))
        self._due = clock() + LEAST_SECONDS
        view = self._feed.view
        if view is not None:
            self._picture = Picture(view, await self._worker.do(lambda: encode(view)))
            self.encoded += 1
            self._meter.display.tick()


def encode(view: View) -> bytes:
    """The view's picture as JPEG, at most `MAX_SIDE` pixels wide or high."""
    picture = view.picture
    scale = MAX_SIDE / max(picture.shape[:2])
    if scale < 1:
        size = max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])
