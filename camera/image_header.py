"""What an image's header says of it: its size, known before decoding takes any memory, and its EXIF orientation.

Reads the headers of the formats that OpenCV decodes. Where a file names several sizes, as a container of several
images does, the largest counts: decoding might allocate that much.
"""

import re
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

Content = bytes | bytearray
Size = tuple[int, int]

JPEG = b"\xff\xd8"
PNG = b"\x89PNG\r\n\x1a\n"
# What separates the words of a PNM header: white space, and comments to the end of their line.
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PNM = rb"P[1-6Ff]" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})"
_PAM_FIELDS = rb"(WIDTH|HEIGHT)\s+(\d{1,9})"
_RADIANCE_SIZE = rb"-Y\s*(\d{1,9})\s*\+X\s*(\d{1,9})"
# The start of a JPEG 2000 codestream and its SIZ segment; the property box with the size of an AVIF image.
_SIZ = rb"(?s)\xff\x4f\xff\x51.{4}(.{16})"
_ISPE = rb"(?s)ispe\0{4}(.{8})"
# A JPEG's frame headers, SOF0 to SOF15; DHT, JPG and DAC lie between them. RSTn, SOI, EOI and TEM have no length.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_LONE = {0x01, *range(0xD0, 0xDA)}
_MARKER = rb"(?s)\xff+([^\x00\xff])"
# Tags of TIFF and of EXIF, which is written like TIFF; the formats of their types SHORT and LONG; bytes of an entry.
_WIDTH, _HEIGHT, _ORIENTATION = 256, 257, 274
_TIFF_TYPES = {3: "H", 4: "I"}
_TIFF_ENTRY = 12
# Where a PNG or a WebP holds its EXIF tags, and what they begin with; EXIF in a JPEG is no longer than this either.
_EXIF = rb"(?s)(?:eXIf|EXIF.{4})(?:Exif\0\0)?(II\x2a\0|MM\0\x2a)"
_MAX_EXIF = 1 << 16


def image_size(content: Content) -> Size | None:
    """Return width and height in pixels, as they are stored; None where the header is damaged or of no known format."""
    for signature, read in _READERS:
        if re.match(signature, content, re.DOTALL):
            try:
                size = read(content)
            except (struct.error, ValueError, KeyError):
                return None
            # A product of negative sides would pass for a small one.
            return size if size and min(size) > 0 else None
    return None


def exif_orientation(content: Content) -> int:
    """Return the EXIF orientation of a PNG or WebP, 1 to 8; 1 where there is none, and for TIFF, which OpenCV turns."""
    # Most pictures have none, and a plain search takes a tenth of the time of a pattern's.
    has_tags = content.find(b"eXIf") >= 0 or content.find(b"EXIF") >= 0
    if has_tags and (found := re.compile(_EXIF).search(content)):
        try:
            tags = _tiff_tags(content[found.start(1) : found.start(1) + _MAX_EXIF], (_ORIENTATION,))
            return next((value for _, value in tags), 1)
        except (struct.error, KeyError):
            # Damaged tags are ignored.
            pass
    return 1


def png_exceeds_file(png: Content) -> bool:
    """Whether a chunk claims to be longer than the file: OpenCV would allocate all of it before it notices."""
    at = len(PNG)
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if length > len(png):
            return True
        if kind == b"IEND":
            break
        # Length, kind and checksum take 12 bytes.
        at += 12 + length
    return False


def _bmp(content: Content) -> Size:
    (header,) = struct.unpack_from("<I", content, 14)
    # The oldest header has short sides; in a later one a negative height means that rows count from the top.
    width, height = _two("<HH" if header == 12 else "<ii", content, 18)
    return abs(width), abs(height)


def _webp(content: Content) -> Size:
    kind = bytes(content[12:16])
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") for at in (24, 27))
        return width + 1, height + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = _two("<HH", content, 26)
    return width & 0x3FFF, height & 0x3FFF


def _jpeg(content: Content) -> Size | None:
    at = 2
    while marker := re.compile(_MARKER).search(content, at):
        kind, at = marker[1][0], marker.end()
        if kind in _FRAMES:
            height, width = _two(">HH", content, at + 3)
            return width, height
        if kind not in _LONE:
            at += struct.unpack_from(">H", content, at)[0]
    return None


def _tiff(content: Content) -> Size:
    return _largest_sides(_tiff_tags(content, (_WIDTH, _HEIGHT)), _WIDTH, _HEIGHT)


def _tiff_tags(content: Content, wanted: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield the wanted tags of the first directory with their values."""
    order = "<" if content.startswith(b"II") else ">"
    (first,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, first)
    for at in range(first + 2, first + 2 + _TIFF_ENTRY * count, _TIFF_ENTRY):
        tag, kind = struct.unpack_from(order + "HH", content, at)
        if tag in wanted:
            yield tag, struct.unpack_from(order + _TIFF_TYPES[kind], content, at + 8)[0]


def _pnm(content: Content) -> Size | None:
    found = re.match(_PNM, content)
    return (int(found[1]), int(found[2])) if found else None


def _pam(content: Content) -> Size:
    fields = re.findall(_PAM_FIELDS, content[: content.index(b"ENDHDR")])
    return _largest_sides(((name, int(digits)) for name, digits in fields), b"WIDTH", b"HEIGHT")


def _radiance(content: Content) -> Size | None:
    # The size follows the first empty line.
    found = re.compile(_RADIANCE_SIZE).match(content, content.index(b"\n\n") + 2)
    return (int(found[2]), int(found[1])) if found else None


def _jpeg_2000(content: Content) -> Size | None:
    corners = (struct.unpack(">4I", found[1]) for found in re.finditer(_SIZ, content))
    return _largest((right - left, bottom - top) for right, bottom, left, top in corners)


def _avif(content: Content) -> Size | None:
    return _largest(_two(">II", found[1], 0) for found in re.finditer(_ISPE, content))


def _largest(sizes: Iterable[Size]) -> Size | None:
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _largest_sides(fields: Iterable[tuple[Any, int]], width: object, height: object) -> Size:
    """The largest value of each of two fields, 0 where it is missing."""
    sides: dict[object, int] = {}
    for name, value in fields:
        sides[name] = max(sides.get(name, 0), value)
    return sides.get(width, 0), sides.get(height, 0)


def _two(form: str, content: Content, at: int) -> Size:
    """Unpack two sides at a place."""
    first, second = struct.unpack_from(form, content, at)
    return first, second


# Compiled where they are needed, as all patterns here, since that takes a hundredth of a start.
_READERS: tuple[tuple[bytes, Callable[[Content], Size | None]], ...] = (
    (re.escape(PNG) + rb".{4}IHDR", partial(_two, ">II", at=16)),
    (JPEG, _jpeg),
    (rb"RIFF.{4}WEBP", _webp),
    (rb"BM", _bmp),
    (rb"II\x2a\0|MM\0\x2a", _tiff),
    (rb"GIF8", partial(_two, "<HH", at=6)),
    (rb"P7\s", _pam),
    (rb"P[1-6Ff]\s", _pnm),
    (rb".{4}jP  |\xff\x4f\xff\x51", _jpeg_2000),
    (rb".{4}ftyp", _avif),
    (rb"#\?(RGBE|RADIANCE)", _radiance),
    (rb"\x59\xa6\x6a\x95", partial(_two, ">II", at=4)),
)
