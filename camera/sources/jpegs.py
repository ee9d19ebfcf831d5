"""Cutting a stream of bytes into the JPEG pictures in it."""

import re

START = b"\xff\xd8\xff"
# Markers but for those that stand in compressed data: a stuffed 0 and the restarts.
MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
PICTURE, END, LONE = 0xD8, 0xD9, 0x01


class JpegCutter:
    """Finds the pictures in bytes that come piece by piece; whatever stands between them is skipped.

    Follows the markers of ITU-T T.81, Annex B, since a picture may hold a smaller one, with an end of its own.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._bytes = bytearray()
        self._at = 0

    def feed(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._bytes += piece

    def cut(self) -> bytes | None:
        """The next whole picture, or None until more bytes have come; whoever feeds it says when that is too many."""
        while self._at or self._begin():
            marker = MARKER.search(self._bytes, self._at)
            if marker is None:
                # The last byte may be the first half of a marker.
                self._at = max(self._at, len(self._bytes) - 1)
                break
            kind, after = marker[1][0], marker.end()
            if kind == END:
                picture = bytes(self._bytes[:after])
                self._forget(after)
                return picture
            if kind == PICTURE:
                # The one before was cut off, and a new one begins.
                self._forget(marker.start())
            elif kind == LONE:
                self._at = after
            elif len(self._bytes) < after + 2:
                break
            else:
                self._at = after + int.from_bytes(self._bytes[after : after + 2], "big")
        return None

    def _begin(self) -> bool:
        """Go to the next picture's beginning; whether there is one."""
        start = self._bytes.find(START)
        self._forget(start if start >= 0 else max(len(self._bytes) - 2, 0))
        self._at = 2 if start >= 0 else 0
        return start >= 0

    def _forget(self, count: int) -> None:
        del self._bytes[:count]
        self._at = 0
