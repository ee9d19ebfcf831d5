"""The address of a broker, from its URL; no message here shows a part of the URL that may hold a password."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from mnist_edge.errors import UsageError

PORTS = {"mqtt": 1883, "mqtts": 8883}
DEFAULT_PREFIX = "mnist-edge"
# Brokers refuse topics of more than about 200 levels.
LONGEST_PREFIX = 200
FORM = "mqtt://[USER:PASSWORD@]HOST[:PORT]/PREFIX, or mqtts://"


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """A broker, the login there, and the prefix of the topics.

    Attributes:
        host: Name or address.
        port: 1 to 65535.
        tls: Whether to encrypt, and to check the broker's certificate.
        user: Empty for none.
        password: Empty for none.
        prefix: What the topics begin with, without a slash at either end.
    """

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    prefix: str

    def __str__(self) -> str:
        """The broker's name in messages."""
        return f"{self.host}:{self.port}"


def parse_address(url: str) -> MqttAddress:
    """Parse `mqtt://[USER:PASSWORD@]HOST[:PORT]/PREFIX`; `%2F` and the like are decoded in user, password and prefix.

    Raises:
        UsageError: The text is no such URL, or the prefix cannot begin a topic.
    """
    if not url.isprintable():
        raise UsageError(f"the MQTT URL holds characters that cannot be printed; write {FORM}")
    if "?" in url or "#" in url:
        raise UsageError("the MQTT URL holds ? or #; a topic has neither, and a password has them as %3F and %23")
    parts, port = _split(url)
    if "@" in parts.path:
        raise UsageError("the MQTT URL holds @ after the host; write / and @ in a password as %2F and %40")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        raise UsageError(f"the MQTT URL has a password without a user; write {FORM}")
    prefix = unquote(parts.path).strip("/") or DEFAULT_PREFIX
    _check_prefix(prefix)
    return MqttAddress(_host(parts), port, parts.scheme == "mqtts", user, password, prefix)


def _split(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # The message of the ValueError may hold a part of the password.
        raise UsageError(
            f"the MQTT URL has no valid host and port; write {FORM}, with special characters in a password as %NN"
        ) from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise UsageError(f"the MQTT URL must name a host, as in {FORM}")
    if port == 0:
        raise UsageError(f"the MQTT URL has port 0, which no broker has; write {FORM}")
    return parts, port or PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        host.encode("idna")
    except UnicodeError:
        raise UsageError(
            "the host in the MQTT URL is none that can be looked up: a part is empty or too long"
        ) from None
    return host


def _check_prefix(prefix: str) -> None:
    if len(prefix.encode()) > LONGEST_PREFIX:
        raise UsageError(f"the MQTT prefix is {len(prefix.encode())} bytes long; make it {LONGEST_PREFIX} at most")
    if not prefix.isprintable() or prefix.startswith("$") or set("+#") & set(prefix):
        raise UsageError(f"the MQTT prefix {prefix!r} cannot begin a topic; leave out +, # and a $ in front")
