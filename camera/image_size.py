"""The size of a picture from its header: how much memory it will take is known before it takes any.

Reads the headers of the formats that OpenCV decodes. Where a file names several sizes, as a container of several
pictures does, the largest counts: it is what decoding might take.
"""

import re
import struct
from collections.abc import Callable, Iterable

Content = bytes | bytearray
Size = tuple[int, int]

# Between the words of a PNM header: white space, and comments to the end of their line.
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PNM = re.compile(rb"P[1-6Ff]" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})")
_PAM_FIELDS = re.compile(rb"(WIDTH|HEIGHT)\s+(\d{1,9})")
_RADIANCE_SIZE = re.compile(rb"-Y\s*(\d{1,9})\s*\+X\s*(\d{1,9})")
# The start of a JPEG 2000 codestream and its SIZ segment; the property box with the size of an AVIF picture.
_SIZ = re.compile(rb"\xff\x4f\xff\x51.{4}(.{16})", re.DOTALL)
_ISPE = re.compile(rb"ispe\0{4}(.{8})", re.DOTALL)
# A JPEG's frame headers, SOF0 to SOF15; DHT, JPG and DAC lie between them. RSTn, SOI, EOI and TEM have no length.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_LONE = {0x01, *range(0xD0, 0xDA)}
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
# TIFF's types SHORT and LONG.
_TIFF_TYPES = {3: "H", 4: "I"}


def image_size(content: Content) -> Size | None:
    """Width and height in pixels, as they are stored.

    Returns:
        None where this is no picture of a known format, or its header is damaged.
    """
    for signature, read in _READERS:
        if signature.match(content):
            try:
                size = read(content)
            except (struct.error, ValueError, KeyError):
                return None
            # A product of negative sides would pass for a small one.
            return size if size and min(size) > 0 else None
    return None


def _png(content: Content) -> Size:
    return _two(">II", content, 16)


def _gif(content: Content) -> Size:
    return _two("<HH", content, 6)


def _sun(content: Content) -> Size:
    return _two(">II", content, 4)


def _bmp(content: Content) -> Size:
    (header,) = struct.unpack_from("<I", content, 14)
    # The oldest header has short sides; a later one may count its rows from the top, which a minus says.
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
    while marker := _MARKER.search(content, at):
        kind, at = marker[1][0], marker.end()
        if kind in _FRAMES:
            height, width = _two(">HH", content, at + 3)
            return width, height
        if kind not in _LONE:
            at += struct.unpack_from(">H", content, at)[0]
    return None


def _tiff(content: Content) -> Size:
    order = "<" if content.startswith(b"II") else ">"
    (first,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, first)
    sides = {_TIFF_WIDTH: 0, _TIFF_HEIGHT: 0}
    for at in range(first + 2, first + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", content, at)
        if tag in sides:
            (side,) = struct.unpack_from(order + _TIFF_TYPES[kind], content, at + 8)
            sides[tag] = max(sides[tag], side)
    return sides[_TIFF_WIDTH], sides[_TIFF_HEIGHT]


def _pnm(content: Content) -> Size | None:
    found = _PNM.match(content)
    return (int(found[1]), int(found[2])) if found else None


def _pam(content: Content) -> Size:
    sides = {b"WIDTH": 0, b"HEIGHT": 0}
    for name, digits in _PAM_FIELDS.findall(content[: content.index(b"ENDHDR")]):
        sides[name] = max(sides[name], int(digits))
    return sides[b"WIDTH"], sides[b"HEIGHT"]


def _radiance(content: Content) -> Size | None:
    # The size follows the first empty line.
    found = _RADIANCE_SIZE.match(content, content.index(b"\n\n") + 2)
    return (int(found[2]), int(found[1])) if found else None


def _jpeg_2000(content: Content) -> Size | None:
    corners = (struct.unpack(">4I", found[1]) for found in _SIZ.finditer(content))
    return _largest((right - left, bottom - top) for right, bottom, left, top in corners)


def _avif(content: Content) -> Size | None:
    return _largest(_two(">II", found[1], 0) for found in _ISPE.finditer(content))


def _largest(sizes: Iterable[Size]) -> Size | None:
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _two(form: str, content: Content, at: int) -> Size:
    first, second = struct.unpack_from(form, content, at)
    return first, second


_READERS: tuple[tuple[re.Pattern[bytes], Callable[[Content], Size | None]], ...] = tuple(
    (re.compile(signature, re.DOTALL), read)
    for signature, read in (
        (rb"\x89PNG\r\n\x1a\n.{4}IHDR", _png),
        (rb"\xff\xd8", _jpeg),
        (rb"RIFF.{4}WEBP", _webp),
        (rb"BM", _bmp),
        (rb"II\x2a\0|MM\0\x2a", _tiff),
        (rb"GIF8", _gif),
        (rb"P7\s", _pam),
        (rb"P[1-6Ff]\s", _pnm),
        (rb".{4}jP  |\xff\x4f\xff\x51", _jpeg_2000),
        (rb".{4}ftyp", _avif),
        (rb"#\?(RGBE|RADIANCE)", _radiance),
        (rb"\x59\xa6\x6a\x95", _sun),
    )
)
