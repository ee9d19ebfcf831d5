"""`POST /api/read`: reads a picture that a client sends."""

from mnist_edge.camera.images import decode_image
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler
from mnist_edge.errors import ImageError, MnistEdgeError

MAX_PICTURE_BYTES = 20_000_000
# Decoding takes up to six bytes a pixel.
MAX_PICTURE_PIXELS = 25_000_000
# Pictures that are received or read at the same time: each takes its bytes of memory.
MAX_READS = 4
# A picture that has been received for longer is given up for another: 20 MB take 5 s at 32 Mbit/s.
GIVE_UP_SECONDS = 5.0


class Read(Handler):
    """`POST /api/read`: answers what `mnist-edge read --json` prints."""

    method = "POST"
    max_body_bytes = MAX_PICTURE_BYTES
    # The last two are what programs send with a body of which they know nothing.
    content_types = ("image/", "application/octet-stream", "application/x-www-form-urlencoded", "")
    is_read = False

    def initialize(self) -> None:
        """Begin a request."""
        super().initialize()
        self._active: list[Read] = self.settings["active_reads"]

    def _check(self) -> None:
        super()._check()
        if len(self._active) >= MAX_READS and not self._give_up_one():
            raise Refused(503, f"{MAX_READS} pictures are being read already; send this one again later")
        self._active.append(self)

    async def _answer(self) -> None:
        self.is_read = True
        try:
            reading = await self.site.worker.run(
                lambda: self.settings["read"](decode_image(self.body, "the body", MAX_PICTURE_PIXELS))
            )
        except MnistEdgeError as error:
            # Anything else than a bad picture is not the client's fault, such as a model that cannot be loaded.
            raise Refused(400 if isinstance(error, ImageError) else 500, str(error)) from None
        finally:
            self._end()
        self.send_json(reading.to_json())

    def on_finish(self) -> None:
        """Free the place of a request whose body was refused."""
        super().on_finish()
        self._end()

    def on_connection_close(self) -> None:
        """Free the place of a client that has disconnected before the body was complete."""
        super().on_connection_close()
        if not self.is_read:
            self._end()

    def _end(self) -> None:
        if self in self._active:
            self._active.remove(self)

    def _give_up_one(self) -> bool:
        """Disconnect the client that has been sending for longest, if that is long; return whether there was one."""
        for other in self._active:
            if not other.is_read and self.began - other.began > GIVE_UP_SECONDS:
                other.disconnect()
                other._end()
                return True
        return False
