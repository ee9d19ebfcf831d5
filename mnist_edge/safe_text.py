"""Make text safe that leaves the process: it steers no terminal, breaks no encoding and holds no secret."""

import json
import re
import reprlib
from typing import Any

HIDDEN = "***"
LONGEST_QUOTED = 60
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = LONGEST_QUOTED
# Characters that no terminal shows or no encoding holds: C1 control characters (ECMA-48), which include 8-bit escape
# sequences; what changes the direction of text or ends a line (Unicode, bidirectional controls, U+2028, U+2029); and
# halves of surrogate pairs, by which Python names the bytes of a file's name that are not UTF-8 (PEP 383).
_BEYOND_ASCII = "\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
# Compiled where they are needed, since that takes a hundredth of a start.
_UNSAFE = f"[{_BEYOND_ASCII}]"
_UNPRINTABLE = f"[\\x00-\\x1f{_BEYOND_ASCII}]"
# Scheme; host, with what may stand before it; path; the first mark of a query, a fragment, or a parameter, which some
# cameras put into the path; and what follows it.
_ADDRESS = r"([\w+.-]*://)([^/?#]*[^?#&;=]*)([?#&;=]?)(.*)"
_PLACE = r"([^&;=]*)([&;=]?)"
# The last two characters may belong to the sentence around the address.
_IN_A_TEXT = r"(?<![\w+.-])[\w+.-]*://\S*?(?=[,.:;)]{0,2}(?:\s|$))"


def printable(text: str) -> str:
    r"""Make a text one line without control characters: they become `\n`, `\x1b` or `\udcff`."""
    if text.isprintable():
        return text
    return re.sub(_UNPRINTABLE, lambda found: found[0].encode("unicode_escape").decode(), text)


def shortened(text: str) -> str:
    """Shorten what a message quotes of a file or a request."""
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}..."


def quoted(value: object) -> str:
    """Quote a value of a file or a request in a message: its `repr`, but never long, however large or deep it is."""
    return shortened(_REPR.repr(value))


def to_json(document: Any) -> str:
    r"""Write a document as one line of JSON that every encoding and terminal takes.

    A name that is not UTF-8 is written as `\udcff` and the like, which Python's `json` reads back as the same name.
    """
    return re.sub(_UNSAFE, lambda found: f"\\u{ord(found[0]):04x}", json.dumps(document, ensure_ascii=False))


def mask(address: str) -> str:
    """Hide user, password and query of an address; what is no address stays as it is.

    `rtsp://user:word@camera/1` becomes `rtsp://***@camera/1`, `http://camera/v.cgi?user=me&pwd=word` becomes
    `http://camera/v.cgi?***`. People write passwords with `/`, `@` and `?` unescaped: all before the last @ is
    hidden, and the whole address where an @ follows a mark that either may hold.
    """
    found = re.fullmatch(_ADDRESS, address, re.DOTALL)
    if not found:
        return address
    scheme, front, mark, query = found.groups()
    if "@" in query:
        return scheme + HIDDEN
    _, at, place = front.rpartition("@")
    shown, parameter = re.match(_PLACE, place).groups()  # type: ignore[union-attr]
    mark = parameter or mark
    return f"{scheme}{HIDDEN + at if at else ''}{shown}{mark + HIDDEN if mark else ''}"


def mask_all(text: str) -> str:
    """Mask each address in a text; an address ends at the first space."""
    return re.sub(_IN_A_TEXT, lambda found: mask(found[0]), text)
