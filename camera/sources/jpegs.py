"""Cutting a stream of bytes into the JPEG images in it."""

import re

START = b"\xff\xd8\xff"
# Any marker but those within compressed data: a stuffed 0 and the restarts.
MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
IMAGE, END, LONE = 0xD8, 0xD9, 0x01


class JpegCutter:
    """Finds the images in bytes that come in chunks; bytes between images are skipped.

    Follows the markers of ITU-T T.81, Annex B, since an image may contain a thumbnail with an end of its own.
    """

    def __init__(self) -> None:
        """Start with no bytes."""
        self._bytes = bytearray()
        self._at = 0

    def feed(self, chunk: bytes) -> None:
        """Append the next bytes."""
        self._bytes += chunk

    def cut(self) -> bytes | None:
        """Return the next whole image, or None until more bytes are fed; the caller limits how many."""
        while self._at or self._begin():
            marker = MARKER.search(self._bytes, self._at)
            if marker is None:
                # The last byte may be the first half of a marker.
                self._at = max(self._at, len(self._bytes) - 1)
                break
            kind, after = marker[1][0], marker.end()
            if kind == END:
                image = bytes(self._bytes[:after])
                self._forget(after)
                return image
            if kind == IMAGE:
                # A new image begins before the one that was cut off has ended.
                self._forget(marker.start())
            elif kind == LONE:
                self._at = after
            elif len(self._bytes) < after + 2:
                break
            else:
                self._at = after + int.from_bytes(self._bytes[after : after + 2], "big")
        return None

    def _begin(self) -> bool:
        """Go to the start of the next image; return whether there is one."""
        start = self._bytes.find(START)
        self._forget(start if start >= 0 else max(len(self._bytes) - 2, 0))
        self._at = 2 if start >= 0 else 0
        return start >= 0

    def _forget(self, count: int) -> None:
        del self._bytes[:count]
        self._at = 0
