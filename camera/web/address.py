"""Where the page is served: what `[HOST:]PORT` means, and the socket there."""

import ipaddress
import os
import re
import socket
from contextlib import closing, suppress

from mnist_edge.errors import OutputError, UsageError

LOCAL = "127.0.0.1"
ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:\[\]/@]+):)?(?P<port>[0-9]{1,5})")
# What the kernel holds for a client that reads slowly is old when it arrives; accepted sockets inherit this.
SEND_BUFFER = 1 << 18
# Those who press in while one is being let in; where it is full, the next one is let in a second later.
BACKLOG = 1024
# Who has one IPv6 address has all with the same first half (RFC 4291, section 2.5.4).
HOST_BITS = 64
# Any address that is not here: nothing is sent to it, it only tells which way the network lies.
ELSEWHERE = {socket.AF_INET: ("192.0.2.1", 9), socket.AF_INET6: ("2001:db8::1", 9)}


def parse_address(address: str) -> tuple[str, int]:
    """Host and port of `[HOST:]PORT`; the host is 127.0.0.1 where none is named.

    Raises:
        UsageError: It is something else.
    """
    found = ADDRESS.fullmatch(address)
    if not found or int(found["port"]) > 65535:
        raise UsageError(
            f"{address!r} is no address to serve on; give a port, or HOST:PORT such as 0.0.0.0:8000 or [::1]:8000"
        )
    return (found["host"] or LOCAL).strip("[]"), int(found["port"])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Args:
        host: Name or number; `0.0.0.0` and `::` are all of this computer's.
        port: 0 for any that is free.

    Raises:
        OutputError: The port is taken or forbidden, or the host is not this computer's.
    """
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        made = socket.create_server(place[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
            why = os.strerror(error.errno)
        shown = f"[{host}]" if ":" in host else host
        raise OutputError(
            f"no web page can be served on {shown}:{port} ({why}); choose another port or host with --serve"
        ) from None
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    made.setblocking(False)
    return made


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this computer can reach it."""
    return ipaddress.ip_address(listening.getsockname()[0].split("%")[0]).is_loopback


def url_of(listening: socket.socket) -> str:
    """What to type into a browser, without a path; from other computers too where it listens for them."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host.split("%")[0]).is_unspecified:
        host = _own_address(listening.family)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def owner_of(address: str) -> str:
    """Whose an IP address is: itself, its network where it is IPv6, one name for all of this computer's own."""
    found = ipaddress.ip_address(address.split("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_loopback:
        return "this computer"
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, HOST_BITS), strict=False))


def _own_address(family: int) -> str:
    """The address by which others reach this computer, or its name where there is no network."""
    for one in dict.fromkeys((socket.AF_INET, socket.AddressFamily(family))):
        with suppress(OSError), closing(socket.socket(one, socket.SOCK_DGRAM)) as probe:
            probe.connect(ELSEWHERE[one])
            return str(probe.getsockname()[0])
    return socket.gethostname()
