"""Addresses to serve on, and crowds of connections: everybody else is served all the same."""

import asyncio
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any
from urllib.request import urlopen

import pytest

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web import WebView, connections
from mnist_edge.camera.web.connections import Connections, listen, parse_address
from mnist_edge.errors import OutputError, UsageError
from tests.helpers import wait_until


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("8000", ("127.0.0.1", 8000)),
        ("0", ("127.0.0.1", 0)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_addresses(address: str, meant: tuple[str, int]) -> None:
    assert parse_address(address) == meant


@pytest.mark.parametrize(
    "address", ["", ":", "x", "65536", "-1", ":80", "::1:80", "[::1]", "a:b", "http://a:80", "1 2", "８０"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError, match="no address to serve on; give a port") as raised:
        WebView(address, Controls(0.5), Meter(), read=lambda _: None, token=None)  # type: ignore[arg-type, return-value]
    assert "\n" not in str(raised.value)


def test_a_busy_port_and_foreign_hosts_are_one_line(serve: Any) -> None:
    served = serve()
    for address in (f"127.0.0.1:{served.port}", "192.0.2.1:0", "no.such.host.invalid:0", f"{'a' * 70}:0"):
        with pytest.raises(OutputError, match="choose another port or host with --serve") as raised:
            serve(address)
        assert "\n" not in str(raised.value)
        assert address in str(raised.value)
    assert served.ask("/healthz").status == 200


def test_ipv6(serve: Any) -> None:
    try:
        listen("::1", 0).close()
    except OutputError:
        pytest.skip("no IPv6 here")
    served = serve("[::1]:0")
    assert served.web.url == f"http://[::1]:{served.port}"
    assert served.web.token is None
    both = serve("[::]:0", token="open sesame")
    # By IPv4 too.
    assert both.ask("/api/status?token=open+sesame").status == 200


HELD = 500
SLOW_BODY = (
    b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999999\r\n\r\nbegin"
)


@contextmanager
def held(port: int, requests: list[bytes]) -> Iterator[list[socket.socket]]:
    """Connections that begin so and say no more."""
    with ExitStack() as stack:
        made = []
        for request in requests:
            made.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), 60)))
            # It may have given way already.
            with suppress(ConnectionError):
                made[-1].sendall(request)
        yield made


@pytest.mark.parametrize("begin", [b"", b"G", b"GET /api/status HTTP/1.1\r\nHost: local", SLOW_BODY])
def test_a_crowd_that_says_nothing_locks_nobody_out(serve: Any, view: Any, begin: bytes) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * HELD:
        pytest.skip("this process may not open so many connections")
    served = serve(token="sesame")
    served.web.show(view())
    with held(served.port, [begin] * HELD):
        began = time.monotonic()
        assert [served.ask("/healthz").status for _ in range(16)] == [200] * 16
        assert time.monotonic() - began < 16
        assert served.ask("/?token=sesame").status == 200
        assert served.ask("/snapshot.jpg?token=sesame").status == 200


def test_who_is_served_stays_while_strangers_come(serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 4)
    served = serve()
    served.web.show(view())
    with served.connection() as watching, held(served.port, [b"G"]) as first:
        watching.request("GET", "/api/events")
        events = watching.getresponse()
        with held(served.port, [b"G"] * 20):
            assert served.is_closed(first[0])
            assert served.ask("/healthz").status == 200
            # It goes on: a status comes every second.
            for _ in range(3):
                while not events.readline().startswith(b"event: status"):
                    pass


class FakeStream:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.gone = False

    def closed(self) -> bool:
        return self.gone

    def close(self) -> None:
        self.gone = True


def test_the_address_that_has_most_gives_way() -> None:
    async def left(owners: str) -> list[str]:
        streams = [FakeStream(owner) for owner in owners]
        connected = Connections(limit=4)
        for stream in streams:
            connected.add(stream, stream.owner)
            await asyncio.sleep(0.001)
        return [f"{place}{stream.owner}" for place, stream in enumerate(streams) if stream.gone]

    # Unlike `asyncio.run`, this leaves the main thread's own loop to the tests that steer a browser.
    with closing(asyncio.new_event_loop()) as loop:
        assert loop.run_until_complete(left("abbb")) == []
        assert loop.run_until_complete(left("abbbc")) == ["1b"]
        assert loop.run_until_complete(left("abbbbbb")) == ["1b", "2b", "3b"]


def test_connections_fit_the_limit_of_descriptors(tmp_path: Any) -> None:
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)); "
    limited += "from mnist_edge.__main__ import main; sys.argv[0] = 'mnist-edge'; main()"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    notes = tmp_path / "notes"
    with notes.open("wb") as file:
        command = [sys.executable, "-c", limited, "camera", "--source", "fake", "--serve", str(port), "--no-window"]
        camera = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file, cwd=tmp_path)

    def healthy() -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return bool(answer.status == 200)
        return False

    try:
        wait_until(healthy)
        with held(port, [b"G"] * 60):
            assert [healthy() for _ in range(16)] == [True] * 16
            time.sleep(1.0)
    finally:
        camera.terminate()
        assert camera.wait(60) == 0
    assert "Traceback" not in notes.read_text()
    assert len(notes.read_text().splitlines()) < 10


def test_an_owners_page_opens_and_lives_in_a_crowd(serve: Any, view: Any, tab: Any) -> None:
    served = serve(token="sesame")
    served.web.show(view())
    with held(served.port, [b"GET / HTTP/1.1\r\nHost: local"] * HELD):
        tab.open(f"{served.web.url}/?token=sesame")
        wait_until(lambda: tab.text("#state") == "live")
        wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 64)
        with held(served.port, [b"G"] * HELD):
            tab.click("#paused")
            assert wait_until(lambda: served.controls.paused)
            assert wait_until(lambda: tab.text("#state") == "paused")
