"""Snapshots and recordings as files: to list, to look at, to play from any second, and to keep."""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.gallery import thumbnail
from mnist_edge.camera.web.handler import Handler

CHUNK_BYTES = 1 << 17
TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
}
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Listing(Handler):
    """What the gallery shows."""

    async def answer(self) -> None:
        """Send it."""
        self.send(self.site.gallery.to_json(self.site.controls.recording))


class File(Handler):
    """One file, or the part of it that is asked for, as players do that jump."""

    def find(self) -> Path:
        """The file that the address names.

        Raises:
            Refused: The gallery has none of this name.
        """
        kind, name = map(unquote, self.request.path.split("/")[-2:])
        if found := self.site.gallery.find(kind, name):
            return found
        raise Refused(404, f"there is no {name} among the {kind} any more")

    async def answer(self) -> None:
        """Send it, as fast as the client takes it."""
        path = self.find()
        with path.open("rb") as file:
            size = path.stat().st_size
            start, stop = self._part(size)
            self.set_header("Content-Type", TYPES.get(path.suffix.lower(), "application/octet-stream"))
            self.set_header("Content-Disposition", f"inline; filename*=UTF-8''{quote(path.name)}")
            self.set_header("Content-Length", stop - start)
            file.seek(start)
            while start < stop and not self.left.done():
                chunk = file.read(min(CHUNK_BYTES, stop - start))
                start += len(chunk) or stop
                self.write(chunk)
                await self.push()

    def _part(self, size: int) -> tuple[int, int]:
        """First byte and the one after the last, of the range that is asked for or of everything.

        Raises:
            Refused: The range begins after the end.
        """
        self.set_header("Accept-Ranges", "bytes")
        asked = RANGE.fullmatch(self.request.headers.get("Range", ""))
        # Other ranges, such as several at once, may be answered with everything.
        if not asked or asked[0] == "bytes=-":
            return 0, size
        first, last = asked.groups()
        start = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
        if start >= stop:
            self.set_header("Content-Range", f"bytes */{size}")
            raise Refused(416, f"there are only {size:,} bytes")
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        return start, stop


class Thumbnail(File):
    """A small picture of a snapshot or a recording."""

    async def answer(self) -> None:
        """Make and send it, one at a time."""
        path = self.find()
        async with self.site.thumbnails:
            jpeg = await self.site.reader.do(lambda: thumbnail(path))
        if jpeg is None:
            raise Refused(404, f"{path.name} shows nothing yet")
        self.set_header("Content-Type", "image/jpeg")
        self.write(jpeg)
