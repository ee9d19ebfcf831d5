"""Read bytes of unknown origin: whatever is wrong with them is one error, and unpacking them has a limit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from mnist_edge.errors import MnistEdgeError

# Unpacked by packed size: images have 5, JSON has 10, a bomb has 1,000.
MAX_RATIO = 50
# Unpacked bytes that any file may have, however small: a few blank images are no bomb.
ALWAYS_ALLOWED = 16 << 20
# Unpacked bytes between two checks of the limit.
PIECE = 1 << 20
# Characters of a parser's message that are quoted.
MAX_REASON = 200


@contextmanager
def errors_as(error: type[MnistEdgeError], name: str, advice: str) -> Iterator[None]:
    """Turn every exception of a block that parses untrusted bytes into one error of a single line.

    Parsers raise far more than they document: a damaged zip alone gives BadZipFile, zlib.error, RuntimeError,
    NotImplementedError, EOFError and others. Files are best read before the block, so that the operating system's
    errors pass unchanged.

    Args:
        error: What to raise.
        name: Of the file, for the message.
        advice: What the user can do.
    """
    try:
        yield
    except MnistEdgeError:
        raise
    except Exception as cause:
        reason = " ".join(str(cause).split())[:MAX_REASON] or type(cause).__name__
        raise error(f"{name} is damaged ({reason}); {advice}") from None


def unpacked_limit(packed_bytes: int) -> int:
    """Compute the most bytes that a packed file of this size may hold."""
    return max(ALWAYS_ALLOWED, MAX_RATIO * packed_bytes)


def read_limited(read: Callable[[int], bytes], limit: int) -> bytes:
    """Read all that a stream unpacks; raises `ValueError` beyond `limit` bytes.

    `read` is its method, which returns up to so many bytes, and none at the end.
    """
    content = bytearray()
    while piece := read(PIECE):
        content += piece
        if len(content) > limit:
            raise ValueError(f"it unpacks to more than {limit / 1e6:.0f} MB")
    return bytes(content)


def read_member(archive: ZipFile, name: str, limit: int) -> bytes:
    """Read one file of a zip; raises `ValueError` beyond `limit` bytes, and whatever `zipfile` raises."""
    entry = archive.getinfo(name)
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadZipFile(f"{name} is packed by method {entry.compress_type}, and only deflate is read")
    with archive.open(entry) as stream:
        return read_limited(stream.read, limit)
