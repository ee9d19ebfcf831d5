"""The page for people, assembled from the files of `page/`, and what browsers are allowed to do with it."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_edge.camera.controls import CONTROLS
from mnist_edge.camera.palette import confidence_colour
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler
from mnist_edge.camera.web.reading import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS
from mnist_edge.safe_text import to_json

FOLDER = Path(__file__).with_name("page")
COOKIE_DAYS = 30
HTML = "text/html; charset=utf-8"
# What the page's scripts share with the server: the controls, limits, and the colour of each percentage of confidence.
SHARED = {
    "controls": [asdict(control) | {"shown_keys": control.shown_keys} for control in CONTROLS],
    "max_picture_bytes": MAX_PICTURE_BYTES,
    "max_picture_pixels": MAX_PICTURE_PIXELS,
    "colours": [confidence_colour(percent / 100)[::-1] for percent in range(100)],
}


def assemble(folders: Sequence[Path], name: str, shared: Mapping[str, Any]) -> str:
    """Return a page as one document: each block that names a file holds that file.

    Args:
        folders: Where its files are.
        name: The file of the page.
        shared: What the page's scripts get from the server, as `SHARED`.
    """

    def text(file: str) -> str:
        return next(folder / file for folder in folders if (folder / file).exists()).read_text(encoding="utf-8")

    whole = _with_head(text(name))
    parts = re.compile(r"<(style|script)>(\w+\.(?:css|js))</\1>")
    whole = parts.sub(lambda found: f"<{found[1]}>{text(found[2])}</{found[1]}>", whole)
    return whole.replace("$SHARED", to_json(shared))


def _with_head(page: str) -> str:
    """Fill in what the heads of all pages share; the page's own tag has its title."""
    head = (FOLDER / "head.html").read_text(encoding="utf-8")
    return re.sub(r'<head title="(.*?)">\n', lambda found: "<head>\n" + head.replace("$TITLE", found[1]), page)


PAGE = assemble([FOLDER], "page.html", SHARED)
# For clients that show no token.
LOCKED = _with_head((FOLDER / "locked.html").read_text(encoding="utf-8"))


def headers_of(page: str) -> dict[str, str]:
    """Return the headers of every response: browsers keep, frame and load nothing, and run the page's own scripts."""
    policy = (
        f"default-src 'none'; script-src {_hashes(page, 'script')}; style-src {_hashes(page, 'style')}; "
        "img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _hashes(page: str, tag: str) -> str:
    """The hashes of the pages' own inline blocks, so that browsers obey no others."""
    blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", page + LOCKED, re.DOTALL)
    digests = (hashlib.sha256(block.encode()).digest() for block in blocks)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


class Page(Handler):
    """`GET /`: the page, with the cookie that lets it ask for the rest."""

    is_linkable = True

    async def _answer(self) -> None:
        if self.site.access.token is not None:
            self.set_cookie(
                self.site.cookie,
                self.site.access.cookie,
                httponly=True,
                samesite="Strict",
                secure=self.request.protocol == "https",
                max_age=COOKIE_DAYS * 86400,
            )
        self.send(HTML, self.settings["page"])

    def _send_refusal(self, refused: Refused) -> None:
        # Ask for the token.
        if refused.status == 401:
            self.send(HTML, LOCKED)
        else:
            super()._send_refusal(refused)
