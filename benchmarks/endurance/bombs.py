"""Small files that claim to be large or unpack to much, for the fuzz and the tests."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

Size = tuple[int, int]


def png(size: Size) -> bytes:
    """Return a black picture of one bit a pixel: a thousandth of a byte each."""
    width, height = size
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + -(-width // 8))) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def gif(size: Size) -> bytes:
    """Return a GIF of 35 bytes."""
    header = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return header + b"\x2c" + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\x02\x02\x4c\x01\x00\x3b"


def claiming(jpeg: bytes, size: Size) -> bytes:
    """Return a baseline JPEG with another size in its header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", *size[::-1]) + jpeg[at + 4 :]


def avi(jpegs: Sequence[bytes], size: Size) -> bytes:
    """Return a video of JPEG pictures, ten a second, with a size in its header."""
    longest, at, index = max(map(len, jpegs)), 4, b""
    for jpeg in jpegs:
        index += b"00dc" + struct.pack("<III", 0x10, at, len(jpeg))
        at += 8 + len(jpeg) + len(jpeg) % 2
    main = struct.pack("<14I", 100_000, 0, 0, 0x10, len(jpegs), 0, 1, longest, *size, 0, 0, 0, 0)
    stream = b"vidsMJPG" + struct.pack("<IHHIIIIIIiI4h", 0, 0, 0, 0, 1, 10, 0, len(jpegs), longest, -1, 0, 0, 0, 0, 0)
    form = struct.pack("<IiiHH4sIiiII", 40, *size, 1, 24, b"MJPG", 0, 0, 0, 0, 0)
    header = _list(b"hdrl", _chunk(b"avih", main), _list(b"strl", _chunk(b"strh", stream), _chunk(b"strf", form)))
    frames = _list(b"movi", *(_chunk(b"00dc", jpeg) for jpeg in jpegs))
    return _chunk(b"RIFF", b"AVI " + header + frames + _chunk(b"idx1", index))


def zipped(name: str, megabytes: int) -> bytes:
    """Return a zip with one file of zeros."""
    buffer, entry = io.BytesIO(), zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w") as archive, archive.open(entry, "w") as file:
        for _ in range(megabytes):
            file.write(bytes(1_000_000))
    return buffer.getvalue()


def gzipped(megabytes: int) -> bytes:
    """Return zeros in gzip."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        for _ in range(megabytes):
            file.write(bytes(1_000_000))
    return buffer.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))
