"""What clients send: wishes, and pictures to read."""

from mnist_edge.camera.images import decode_image
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.documents import controls_of
from mnist_edge.camera.web.handler import Handler
from mnist_edge.camera.web.wishes import begin_recording, correct, grant, parse_wishes
from mnist_edge.errors import ImageError, MnistEdgeError

MAX_CONTROLS_BYTES = 10_000
MAX_PICTURE_BYTES = 20_000_000
# Of a picture that is sent, which takes six bytes a pixel at most while it is decoded; as in `page/reader.js`.
MAX_PICTURE_PIXELS = 25_000_000
# Pictures that are sent, waiting or read at the same time.
MAX_READS = 4
# A picture that has been under way for longer gives way to another.
PLACE_SECONDS = 5.0


class SetControls(Handler):
    """What a page or program wishes to change."""

    verb = "POST"
    max_bytes = MAX_CONTROLS_BYTES

    def admit(self) -> None:
        """Only JSON, which no other site's form can send."""
        super().admit()
        _check_type(self.request.headers.get("Content-Type"), ("application/json",))

    async def answer(self) -> None:
        """Change it, and tell everybody."""
        wishes, controls, told = parse_wishes(self.body), self.site.controls, {}
        if self.site.feed.view is None and wishes.keys() & {"snapshot", "correct"}:
            raise Refused(503, "there is no picture yet")
        if "correct" in wishes:
            told = {"corrected": await correct(**wishes["correct"], controls=controls)}
        grant(wishes, controls)
        self.site.feed.wake()
        if wishes.get("recording"):
            await begin_recording(controls)
        self.send(controls_of(controls) | told)


class Read(Handler):
    """Reads a picture that a program sends."""

    verb = "POST"
    max_bytes = MAX_PICTURE_BYTES
    is_read = False

    def admit(self) -> None:
        """Only pictures, and few at a time, since they are large."""
        super().admit()
        # The last two are what programs call a body of which they know nothing.
        _check_type(
            self.request.headers.get("Content-Type"),
            ("image/", "application/octet-stream", "application/x-www-form-urlencoded", ""),
        )
        if len(self.site.reads) >= MAX_READS and not self._displace():
            raise Refused(503, f"{MAX_READS} pictures are being read already; send this one again later")
        self.site.reads.append(self)

    async def answer(self) -> None:
        """Read it, and send what `read --json` prints."""
        body, read, self.is_read = self.body, self.site.read, True
        try:
            reading = await self.site.reader.do(lambda: read(decode_image(body, "the body", MAX_PICTURE_PIXELS)))
        except MnistEdgeError as error:
            # Anything else than a bad picture is not the client's fault, such as a model that cannot be loaded.
            raise Refused(400 if isinstance(error, ImageError) else 500, str(error)) from None
        finally:
            self._make_room()
        self.send(reading.to_json())

    def on_finish(self) -> None:
        """Make room for the next one, if the body was refused."""
        super().on_finish()
        self._make_room()

    def on_connection_close(self) -> None:
        """Make room for the next one if the client has gone while it sent."""
        super().on_connection_close()
        if not self.is_read:
            self._make_room()

    def _make_room(self) -> None:
        if self in self.site.reads:
            self.site.reads.remove(self)

    def _displace(self) -> bool:
        """Leave the client that has been sending for longest, if that is long; whether there is room now."""
        for other in self.site.reads:
            if not other.is_read and self.began - other.began > PLACE_SECONDS:
                other.close()
                other._make_room()
                return True
        return False


def _check_type(given: str | None, allowed: tuple[str, ...]) -> None:
    kind = (given or "").partition(";")[0].strip().lower()
    if kind not in allowed and not (kind.startswith("image/") and "image/" in allowed):
        raise Refused(415, f"the Content-Type is {given or 'missing'}; send {' or '.join(filter(None, allowed[:2]))}")
