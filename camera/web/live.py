"""What goes on until the client leaves: the live picture, and events."""

import asyncio

from mnist_edge.camera.web.feed import first_of
from mnist_edge.camera.web.handler import Handler
from mnist_edge.camera.web.pictures import Picture
from mnist_edge.camera.web.telling import STATUS_SECONDS, Telling

# A picture after which no other comes is sent again: soon, since browsers show one when the next begins, and then now
# and then, which finds out who is gone.
SOON_SECONDS = 0.2
REPEAT_SECONDS = 2.0
# A client hears of news at most so often.
TELL_SECONDS = 0.1
BOUNDARY = "mnist-edge-picture"


class Stream(Handler):
    """The live picture: one JPEG after the other, as fast as this client takes them."""

    async def answer(self) -> None:
        """Send them until the client has gone."""
        with self.site.feed.client("pictures"):
            self.set_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            self.write(f"--{BOUNDARY}\r\n")
            await self.push()
            sent: Picture | None = None
            patience = REPEAT_SECONDS
            while not self.left.done():
                picture = await self.site.pictures.newer_than(sent, patience, self.left)
                patience = REPEAT_SECONDS if picture is sent else SOON_SECONDS
                sent = picture
                if picture:
                    self.write(f"Content-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n\r\n")
                    self.write(picture.jpeg)
                    self.write(f"\r\n--{BOUNDARY}\r\n")
                await self.push()


class Events(Handler):
    """Server-sent events: what is read, what changes, how the loop does."""

    async def answer(self) -> None:
        """Send them until the client has gone."""
        feed, clock = self.site.feed, asyncio.get_running_loop().time
        telling = Telling(feed, self.site.controls, self.site.meter)
        with feed.client("events"):
            self.set_header("Content-Type", "text/event-stream")
            # For proxies that would collect them.
            self.set_header("X-Accel-Buffering", "no")
            self.write("retry: 2000\n\n")
            while not self.left.done():
                told, news = clock(), feed.news
                self.write(telling.news())
                await self.push()
                await asyncio.sleep(TELL_SECONDS)
                await first_of(news, self.left, timeout_seconds=told + STATUS_SECONDS - clock())
