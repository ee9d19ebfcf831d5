"""Unpack what Unix' `compress` packed (`.Z`): Python reads gzip, bzip2 and xz, and some old data has neither."""

MAGIC = b"\x1f\x9d"
# The first code that stands for more than a byte; the one before it empties the table.
_CLEAR, _FIRST = 256, 257


def uncompress(content: bytes, limit: int) -> bytes:
    """Unpack LZW codes (Welch, "A technique for high-performance data compression", 1984).

    Args:
        content: A whole file.
        limit: The most bytes that it may hold.

    Raises:
        ValueError: It is no such file, it is damaged, or it holds more.
    """
    if not content.startswith(MAGIC) or len(content) < 3 or not content[2] & 0x80 or not 9 <= content[2] & 31 <= 16:
        raise ValueError("it is no .Z file")
    most_bits, bits = content[2] & 31, 9
    table = [bytes([byte]) for byte in range(256)] + [b""]
    unpacked, before = bytearray(), b""
    # In bits; codes of one width come in groups of eight from `start`, and what is left of a group is skipped.
    at = start = 24
    while True:
        if len(table) >= 1 << bits and bits < most_bits:
            at = start = _next_group(at, start, bits)
            bits += 1
        if at + bits > 8 * len(content):
            return bytes(unpacked)
        code = int.from_bytes(content[at >> 3 : (at >> 3) + 3], "little") >> (at & 7) & ((1 << bits) - 1)
        at += bits
        if code == _CLEAR:
            at = start = _next_group(at, start, bits)
            bits, before = 9, b""
            del table[_FIRST:]
            continue
        if code > len(table) or (code == len(table) and not before):
            raise ValueError("it is damaged")
        entry = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < 1 << most_bits:
            table.append(before + entry[:1])
        unpacked += entry
        before = entry
        if len(unpacked) > limit:
            raise ValueError(f"it unpacks to more than {limit / 1e6:.0f} MB")


def _next_group(at: int, start: int, bits: int) -> int:
    return start + -(-(at - start) // (8 * bits)) * 8 * bits
