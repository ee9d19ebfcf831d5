"""Strangers who crowd, dawdle or guess: everybody else is served all the same."""

import asyncio
import logging
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

from mnist_edge.camera.web import connections, handler, reading
from mnist_edge.camera.web.access import client_name
from mnist_edge.camera.web.connections import Connections
from mnist_edge.errors import UsageError

HELD = 500
SLOW_BODY = (
    b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999999\r\n\r\nbegin"
)


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert capfd.readouterr() == ("", "")


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


def is_closed(connection: socket.socket) -> bool:
    with suppress(ConnectionResetError):
        return connection.recv(65536) == b""
    return True


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
            assert is_closed(first[0])
            assert served.ask("/healthz").status == 200
            # It goes on: a status comes every second.
            for _ in range(3):
                while not events.readline().startswith(b"event: status"):
                    pass


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


class FakeStream:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.gone = False

    def closed(self) -> bool:
        return self.gone

    def close(self) -> None:
        self.gone = True


def test_whose_an_address_is() -> None:
    assert client_name("192.0.2.7") == "192.0.2.7" == client_name("::ffff:192.0.2.7")
    assert client_name("127.0.0.1") == client_name("127.9.9.9") == client_name("::1") == client_name("::ffff:127.0.0.1")
    assert client_name("2001:db8::1") == client_name("2001:db8::ffff:2") != client_name("2001:db8:0:1::1")
    assert client_name("fe80::1%eth0") == "fe80::/64"


def test_slow_bodies_give_way_to_others(serve: Any, wait_until: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "GIVE_UP_SECONDS", 1.0)
    served = serve()

    def status() -> int:
        return int(served.ask("/api/read", b"no picture", Content_Type="image/png").status)

    with held(served.port, [SLOW_BODY] * reading.MAX_READS) as slow:
        wait_until(lambda: status() == 503)
        wait_until(lambda: status() == 400)
        assert is_closed(slow[0])


def test_bodies_have_a_least_speed(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "SPEED_CHECK_SECONDS", 0.5)
    served = serve(token="sesame")
    refused = b"POST /api/controls HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nbegin"
    granted = SLOW_BODY.replace(b"Host", b"Authorization: Bearer sesame\r\nHost")
    with held(served.port, [refused, granted]) as slow:
        assert all(is_closed(one) for one in slow)
    # Who sends its body at once may wait for the answer as long as it takes, and events go on for ever.
    with served.connection() as connection:
        connection.request("GET", "/api/events?token=sesame")
        response, until = connection.getresponse(), time.monotonic() + 2.0
        while time.monotonic() < until:
            assert response.readline()


@pytest.mark.parametrize("path", ["/stream.mjpg", "/api/events", "/snapshot.jpg", "/api/status", "/metrics"])
@pytest.mark.parametrize(
    "headers",
    [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://evil.example"}],
)
def test_other_sites_get_nothing(serve: Any, view: Any, path: str, headers: dict[str, str]) -> None:
    served = serve()
    served.web.show(view())
    assert served.ask(path, **headers).status == 403
    # A link on another site may lead to the page.
    assert served.ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200


@pytest.mark.parametrize("origin", ["http://[", "http://", "[", "http://[::1", "://", "http://localhost/["])
def test_what_is_no_origin_is_refused(serve: Any, origin: str) -> None:
    served = serve()
    assert served.change({"paused": True}, Origin=origin).status == 403


@pytest.mark.parametrize("shown", ["query", "bearer", "cookie"])
def test_guessing_takes_its_time_and_is_noted_once(serve: Any, shown: str) -> None:
    served = serve(token="0777")

    def guess(token: str) -> int:
        if shown == "query":
            return int(served.ask(f"/api/status?token={token}").status)
        header = (
            {"Authorization": f"Bearer {token}"}
            if shown == "bearer"
            else {"Cookie": f"mnist-edge-{served.port}={token}"}
        )
        return int(served.ask("/api/status", **header).status)

    said = [guess(f"{number:04}") for number in range(100)]
    assert said.index(429) >= 10
    assert set(said[said.index(429) :]) <= {429, 401}
    assert said.count(401) < 40
    # A wrong and the right one are not told apart now.
    assert guess("0777") == guess("0778") == 429
    assert "this computer" in served.ask("/api/status?token=0777").document["error"]
    assert [note for note in served.notes if "wrong tokens" in note] == served.notes[1:]
    assert len(served.notes) == 2
    assert served.ask("/healthz").status == 200


def test_an_old_cookie_again_and_again_is_one_guess(serve: Any) -> None:
    served = serve(token="sesame")
    name = f"mnist-edge-{served.port}"
    assert {served.ask("/api/status", Cookie=f"{name}=old").status for _ in range(100)} == {401}
    assert served.ask("/api/status?token=sesame", Cookie=f"{name}=old").status == 200


def test_one_request_is_one_guess(serve: Any) -> None:
    served = serve(token="0007")
    assert served.ask("/api/status?" + "&".join(f"token={number:04}" for number in range(1000))).status == 401


def test_short_tokens_are_for_this_computer_only(serve: Any) -> None:
    assert serve(token="1234").ask("/api/status?token=1234").status == 200
    with pytest.raises(UsageError, match="4 characters can be guessed; give 8 or more, or leave out --token"):
        serve("0.0.0.0:0", token="1234")
    assert serve("0.0.0.0:0", token="12345678").ask("/api/status?token=12345678").status == 200


def test_connections_fit_the_limit_of_descriptors(tmp_path: Any, wait_until: Any) -> None:
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


def test_an_owners_page_opens_and_lives_in_a_crowd(serve: Any, view: Any, tab: Any, wait_until: Any) -> None:
    served = serve(token="sesame")
    served.web.show(view())
    with held(served.port, [b"GET / HTTP/1.1\r\nHost: local"] * HELD):
        tab.open(f"{served.web.url}/?token=sesame")
        wait_until(lambda: tab.text("#state") == "live")
        wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 64)
        with held(served.port, [b"G"] * HELD):
            tab.click("#paused")
            wait_until(lambda: served.controls.paused)
            wait_until(lambda: tab.text("#state") == "paused")
