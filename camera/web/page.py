"""The page for people, and what browsers are allowed to do with it."""

import base64
import hashlib
import re
from pathlib import Path

FOLDER = Path(__file__).with_name("page")


def _assembled() -> str:
    """The page in one piece: blocks that name a file beside it become that file."""
    whole = (FOLDER / "page.html").read_text(encoding="utf-8")
    parts = re.compile(r"<(style|script)>(\w+\.(?:css|js))</\1>")
    return parts.sub(lambda found: f"<{found[1]}>{(FOLDER / found[2]).read_text(encoding='utf-8')}</{found[1]}>", whole)


PAGE = _assembled()
# For who comes without the token.
LOCKED = Path(__file__).with_name("locked.html").read_text(encoding="utf-8")


def _hashes(tag: str) -> str:
    """What a policy calls the pages' own inline blocks, so that no others are obeyed."""
    blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGE + LOCKED, re.DOTALL)
    digests = (hashlib.sha256(block.encode()).digest() for block in blocks)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


POLICY = (
    f"default-src 'none'; script-src {_hashes('script')}; style-src {_hashes('style')}; img-src 'self' data:; "
    "media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
