"""Pack as Unix' `compress` does, which few systems still have."""


def packed(content: bytes, most_bits: int = 16, clear_after: int = 0) -> bytes:
    """Pack as `compress` does; `gzip -d` unpacks it. `clear_after` so many codes the table is emptied."""
    bits, codes, out = 9, 0, bytearray([0x1F, 0x9D, 0x80 | most_bits])
    group, fill = 0, 0
    table = {bytes([byte]): byte for byte in range(256)}

    def pad() -> None:
        nonlocal group, fill
        out.extend(group.to_bytes(bits, "little"))
        group = fill = 0

    def put(code: int) -> None:
        nonlocal group, fill
        group |= code << (fill * bits)
        fill += 1
        if fill == 8:
            pad()

    text = b""
    free = 257
    for byte in content:
        longer = text + bytes([byte])
        if longer in table:
            text = longer
            continue
        put(table[text])
        if free >= 1 << bits and bits < most_bits:
            if fill:
                pad()
            bits += 1
        codes += 1
        if free < 1 << most_bits:
            table[longer] = free
            free += 1
        if clear_after and codes % clear_after == 0:
            put(256)
            if fill:
                pad()
            bits, free = 9, 257
            table = {bytes([one]): one for one in range(256)}
        text = longer[-1:]
    if text:
        put(table[text])
    # The last group ends with its last code.
    out.extend(group.to_bytes(bits, "little")[: -(-fill * bits // 8)])
    return bytes(out)
