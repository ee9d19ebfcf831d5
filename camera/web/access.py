"""Who may see the page and who may change what: tokens, a limit on guessing them, and where requests come from."""

import hmac
import ipaddress
import logging
import math
import os
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mnist_edge.atomic_files import write_text
from mnist_edge.errors import UsageError
from mnist_edge.user_folders import user_folder

HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(?::\d*)?")
# One subscriber's part of an IPv6 address: who has one address has all with the same first half (RFC 4291, 2.5.4).
IPV6_SUBSCRIBER_BITS = 64
# Each wrong token costs its client so many seconds; a client that owes more than the credit has to wait. So people may
# mistype some twenty times, and guessing four digits takes half a day on the average.
WRONG_TOKEN_SECONDS = 10.0
CREDIT_SECONDS = 20 * WRONG_TOKEN_SECONDS
# Clients that are remembered, so that many addresses cannot fill the memory.
MAX_CLIENTS = 1000
# 128 random bits cannot be guessed.
TOKEN_BYTES = 16
TOKEN_FILE = "web-token"
# The permission bits by which a group or others may read, write or search.
OTHERS = 0o077

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is not granted.

    Attributes:
        status: The status code of the HTTP response.
        message: What is wrong, in one line for the client.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(slots=True)
class _Debt:
    """The time that a client owes for its guesses: `until` when, by `time.monotonic`."""

    until: float
    last_shown: int = 0
    is_logged: bool = False


@dataclass(slots=True)
class GuessLimit:
    """Slows clients down that show wrong tokens, and logs once that one has to wait."""

    _debts: dict[str, _Debt] = field(default_factory=dict)

    def wait_seconds(self, client: str) -> float:
        """Return for how long no token of this client is compared; 0 where the next one is."""
        debt = self._debts.get(client)
        return max(debt.until - CREDIT_SECONDS - time.monotonic(), 0.0) if debt else 0.0

    def count(self, client: str, wrong: Iterable[str]) -> None:
        """Count the wrong secrets of a request; showing the same again, as with an old cookie, is no new guess."""
        shown, now = list(wrong), time.monotonic()
        self._debts = {name: debt for name, debt in self._debts.items() if debt.until > now}
        debt = self._debts.pop(client, None) or _Debt(now)
        if len(self._debts) >= MAX_CLIENTS:
            del self._debts[min(self._debts, key=lambda name: self._debts[name].until)]
        self._debts[client] = debt
        if debt.last_shown != hash(tuple(shown)):
            debt.last_shown = hash(tuple(shown))
            debt.until += WRONG_TOKEN_SECONDS * len(shown)
        if self.wait_seconds(client) and not debt.is_logged:
            debt.is_logged = True
            logger.warning(
                "many wrong tokens for the web page come from %s; from there only one in %.0f s is looked at",
                client,
                WRONG_TOKEN_SECONDS,
            )


@dataclass(frozen=True, slots=True)
class Access:
    """Decides which requests may see anything.

    Attributes:
        token: The secret that requests must show; None where this computer's own users need none.
        guesses: Counts wrong tokens.
    """

    token: str | None
    guesses: GuessLimit = field(default_factory=GuessLimit)

    @property
    def cookie(self) -> str:
        """The value of the page's cookie: derived from the token, which cannot be computed from it."""
        return hmac.new((self.token or "").encode(), b"mnist-edge page", "sha256").hexdigest()

    def check_client(self, headers: Mapping[str, str], token: str | None, cookie: str | None, client: str) -> None:
        """Check that a request may see anything at all.

        Args:
            headers: Headers of the request.
            token: The token that it shows.
            cookie: The page's cookie that it shows.
            client: Who sends it, see `client_name`.

        Raises:
            Refused: It shows no token or a wrong one, or its client showed too many; or, where no token is needed, it
                names another computer as its host.
        """
        if self.token is None:
            # A page of another site can give its own name this computer's address (DNS rebinding), and would then be
            # of the same origin.
            if not is_local(headers.get("Host", "")):
                raise Refused(403, f"{headers.get('Host', '')} is not this computer; use localhost or 127.0.0.1")
            return
        if wait_seconds := self.guesses.wait_seconds(client):
            raise Refused(429, f"too many wrong tokens from {client}; try again in {math.ceil(wait_seconds)} s")
        pairs = [(shown, right) for shown, right in ((token, self.token), (cookie, self.cookie)) if shown is not None]
        # A list, so that all are compared whichever is right.
        if not any([equal_secrets(*pair) for pair in pairs]):
            self.guesses.count(client, [shown for shown, _ in pairs])
            raise Refused(401, "the token is wrong or missing; open the address with ?token=TOKEN")


def check_origin(headers: Mapping[str, str]) -> None:
    """Check that a request comes from the page itself, or from a program.

    Raises:
        Refused: A page of another site sent it.
    """
    origin = headers.get("Origin")
    # The scheme may differ where a proxy speaks TLS.
    same = origin is None or (origin.partition("://")[2].lower() == headers.get("Host", "").lower() != "")
    if not same or headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Refused(403, "requests from other sites' pages are not granted")


def is_local(host: str) -> bool:
    """Return whether a Host header names this computer as only its own users can; any port, for tunnels."""
    found = HOST.fullmatch(host)
    name = found["name"].strip("[]").lower() if found else ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def equal_secrets(first: str, second: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(first.encode("utf-8", "surrogatepass"), second.encode("utf-8", "surrogatepass"))


def client_name(address: str) -> str:
    """Return whom an IP address belongs to: itself, an IPv6 subscriber's network, or `this computer`."""
    found = ipaddress.ip_address(address.split("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_loopback:
        return "this computer"
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, IPV6_SUBSCRIBER_BITS), strict=False))


def new_token() -> str:
    """Make a random token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def stored_token() -> tuple[str, Path]:
    """Return the token that this user's pages share, and the file it is stored in.

    The file is made where there is none that only the user may read.

    Raises:
        UsageError: The user has no home folder to store it in.
        OSError: The file cannot be written.
    """
    file = _state_folder() / TOKEN_FILE
    token = _read_private(file)
    if not token:
        token = new_token()
        write_text(file, f"{token}\n", mode=0o600)
    return token, file


def _state_folder() -> Path:
    """The state folder of a systemd service (STATE_DIRECTORY, systemd.exec), else the user's."""
    given = Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0])
    if given.is_absolute():
        return given
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    if folder is None:
        raise UsageError("there is no home folder to keep the web page's token in; give one with --token or --config")
    return folder / "mnist-edge"


def _read_private(file: Path) -> str:
    """The token in a file; empty where there is none, or where others may have read it."""
    try:
        private = os.name != "posix" or not file.stat().st_mode & OTHERS
        return file.read_text(encoding="ascii").strip() if private else ""
    except (OSError, ValueError):
        return ""
