"""Who may see the page, and who may change what."""

import hmac
import ipaddress
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mnist_edge.camera.web.guesses import Guesses

HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(?::\d*)?")


class Refused(Exception):
    """A request that is not granted.

    Attributes:
        status: Of the HTTP answer.
        message: What is wrong, for whoever asked.
    """

    def __init__(self, status: int, message: str) -> None:
        """Say why."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Access:
    """What a request must show.

    Attributes:
        token: The secret; None where none is asked for, which is for this computer's own users only.
        guesses: The wrong ones of late.
    """

    token: str | None
    guesses: Guesses = field(default_factory=Guesses)

    @property
    def cookie(self) -> str:
        """What the page's cookie holds: made from the token, from which the token cannot be told."""
        return hmac.new((self.token or "").encode(), b"mnist-edge page", "sha256").hexdigest()

    def check_reader(self, headers: Mapping[str, str], token: str | None, cookie: str | None, owner: str) -> None:
        """Whether whoever asks may see anything at all.

        Args:
            headers: Of the request.
            token: The one that it shows.
            cookie: The page's cookie that it shows.
            owner: Whose the address is that it comes from.

        Raises:
            Refused: It shows no token, a wrong one, or the name of another computer; or too many wrong ones came from
                its address.
        """
        if self.token is None:
            # A stranger's page can give its own name this computer's address, and would be this server's own then.
            if not is_local(headers.get("Host", "")):
                raise Refused(403, f"{headers.get('Host', '')} is not this computer; use localhost or 127.0.0.1")
            return
        if wait_seconds := self.guesses.wait_seconds(owner):
            raise Refused(429, f"too many wrong tokens from {owner}; try again in {math.ceil(wait_seconds)} s")
        shown = [(one, right) for one, right in ((token, self.token), (cookie, self.cookie)) if one is not None]
        # All are compared, whichever is right.
        if not any([equal(*pair) for pair in shown]):
            self.guesses.wrong(owner, [one for one, _ in shown])
            raise Refused(401, "the token is wrong or missing; open the address with ?token=TOKEN")


def check_site(headers: Mapping[str, str]) -> None:
    """Whether a request comes from the page itself, or from no page at all.

    Raises:
        Refused: Another site's page sent it.
    """
    origin = headers.get("Origin")
    # The scheme may differ where something before this server speaks TLS.
    same = origin is None or (origin.partition("://")[2].lower() == headers.get("Host", "").lower() != "")
    if not same or headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Refused(403, "requests from other sites' pages are not granted")


def is_local(host: str) -> bool:
    """Whether a Host header names this computer as only its own users can; any port, for tunnels."""
    found = HOST.fullmatch(host)
    name = found["name"].strip("[]").lower() if found else ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def equal(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far they are."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
