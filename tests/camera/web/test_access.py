"""Who may see and change what, and what strangers can do: nothing, and slow nobody down."""

import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web import WebView, controls, handler, loop_state, reading, server
from mnist_edge.camera.web.access import Access, Refused, check_origin, equal_secrets, is_local
from mnist_edge.camera.web.connections import listen, parse_address
from mnist_edge.errors import OutputError, UsageError

PATHS = ("/", "/api/status", "/api/reading", "/api/events", "/stream.mjpg", "/snapshot.jpg", "/metrics", "/nothing")
POST = b"POST /api/controls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@contextmanager
def raw(served: Any, request: bytes, receive_buffer: int = 0) -> Iterator[socket.socket]:
    """A connection over which any bytes are sent."""
    with closing(socket.socket()) as made:
        made.settimeout(60)
        if receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.connect(("127.0.0.1", served.port))
        made.sendall(request)
        yield made


def all_of(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever strangers send, nothing is printed and no bug is logged."""
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert capfd.readouterr() == ("", "")


def test_on_this_computer_nothing_is_asked_for(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    assert served.web.token is None
    assert served.notes == [f"web page at {served.web.url}"]
    answer = served.ask("/")
    assert answer.status == 200
    assert answer.headers["Set-Cookie"] is None
    assert b"<title>mnist-edge camera</title>" in answer.body
    assert served.ask("/nothing").status == 404


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "127.9.9.9:80", "[::1]:8000", "[::1]"])
def test_names_of_this_computer(serve: Any, host: str) -> None:
    assert is_local(host)
    assert serve().ask("/api/status", Host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "", "::"])
def test_other_names_are_refused_against_rebinding(serve: Any, host: str) -> None:
    assert not is_local(host)
    served = serve()
    for path in PATHS:
        assert served.ask(path, Host=host).status in (400, 403)


def test_a_token_is_made_up_beyond_this_computer(serve: Any, view: Any) -> None:
    served = serve("0.0.0.0:0")
    served.web.show(view())
    assert len(served.web.token) > 20
    (note,) = served.notes
    assert note == f"web page at {served.web.url}/?token={served.web.token}"
    for path in PATHS:
        assert served.ask(path).status == 401
        assert served.ask(f"{path}?token=wrong").status == 401
        assert served.ask(path, Authorization="Bearer wrong").status == 401
    assert served.change({"paused": True}).status == 401
    assert served.ask("/api/read", b"x" * 300_000, Content_Type="image/png").status == 401
    assert not served.controls.paused
    assert served.read == []
    assert served.ask("/healthz").status == 200
    assert served.ask(f"/api/status?token={served.web.token}").status == 200
    assert served.ask("/api/status", Authorization=f"Bearer {served.web.token}").status == 200
    assert served.change({"paused": True}, Authorization=f"bearer {served.web.token}").status == 200
    assert served.controls.paused
    assert serve("0.0.0.0:0").web.token != served.web.token


def test_a_given_token_is_asked_for_everywhere_and_not_told(serve: Any) -> None:
    served = serve(token="sesame öffne")
    assert "sesame" not in served.notes[0]
    assert served.ask("/api/status").status == 401
    assert served.ask("/api/status?token=sesame+%C3%B6ffne").status == 200
    assert served.ask("/api/status?token=sesame").status == 401
    assert served.ask("/api/status?token=%ff").status == 400


def test_the_pages_cookie_is_enough_and_cannot_be_read_or_used_elsewhere(serve: Any) -> None:
    served = serve(token="sesame")
    answer = served.ask("/?token=sesame")
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    value = rest.split(";")[0]
    flags = {flag.strip().lower() for flag in rest.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert name == f"mnist-edge-{served.port}"
    assert "sesame" not in value
    assert served.ask("/api/status", Cookie=f"{name}={value}").status == 200
    assert served.ask("/api/status", Cookie=f"{name}={value}0").status == 401
    assert served.ask("/api/status", Cookie=f"{name}=sesame").status == 401
    assert served.ask(f"/api/status?token={value}").status == 401


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("mnist_edge.camera.web.access.hmac.compare_digest", compare)
    with pytest.raises(Refused):
        Access("right").check_client({}, "wrong", "cookie", "192.0.2.1")
    assert (b"wrong", b"right") in compared
    assert len(compared) == 2
    assert equal_secrets("ö", "ö")
    assert not equal_secrets("\udcff", "ö")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_change_nothing(serve: Any, headers: dict[str, str]) -> None:
    served = serve()
    shown = {name.replace("-", "_"): value for name, value in headers.items()}
    assert served.change({"paused": True}, **shown).status == 403
    assert served.ask("/api/read", b"", Content_Type="image/png", **shown).status == 403
    assert not served.controls.paused
    with pytest.raises(Refused):
        check_origin(headers)


def test_the_page_itself_and_programs_may_change_things(serve: Any) -> None:
    served = serve()
    own = served.web.url
    assert served.change({"paused": True}, Origin=own, Sec_Fetch_Site="same-origin").status == 200
    assert served.change({"paused": True}, Origin=own.upper().replace("HTTP", "http")).status == 200
    assert served.change({"paused": True}).status == 200


def test_only_json_changes_things(serve: Any) -> None:
    served = serve()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"):
        assert served.ask("/api/controls", b'{"paused": true}', Content_Type=kind).status == 415
    assert served.ask("/api/controls", b'{"paused": true}').status == 415
    assert not served.controls.paused
    assert served.ask("/api/controls", b"{}", Content_Type="application/json; charset=utf-8").status == 200
    assert served.ask("/api/read", b"--x", Content_Type="multipart/form-data; boundary=x").status == 415


def test_the_page_may_load_nothing_from_elsewhere(serve: Any) -> None:
    answer = serve().ask("/")
    policy = dict(one.strip().split(" ", 1) for one in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert re.fullmatch(r"('sha256-[\w+/=]+' ?)+", policy["script-src"])
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)
    page = answer.body.decode().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]+\.|@import|src=\"|\son\w+=", page)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Server"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/page.html",
        "/api/../page.html",
        "//etc/passwd",
        "/\\",
        "/%00",
    ],
)
def test_there_are_no_files(serve: Any, path: str) -> None:
    assert serve().ask(path).status == 404


def test_methods_that_are_not_for_here(serve: Any) -> None:
    served = serve()
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        answer = served.ask("/api/status", method=method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET"
    for path in ("/api/controls", "/api/read"):
        assert served.ask(path).headers["Allow"] == "POST"
    assert served.ask("/api/status", method="BREW").status == 405


def test_large_bodies_are_refused(serve: Any) -> None:
    served = serve()
    longest = controls.MAX_CONTROLS_BYTES
    padded = b'{"paused": true' + b" " * (longest - 16) + b"}"
    assert served.ask("/api/controls", padded, Content_Type="application/json").status == 200
    served.controls.paused = False
    answer = served.ask("/api/controls", padded + b" ", Content_Type="application/json")
    assert answer.status == 413
    assert "10,000 bytes" in answer.document["error"]
    assert not served.controls.paused
    # Read to its end, since many clients do not listen before they have sent all.
    large = bytes(reading.MAX_PICTURE_BYTES + 1)
    assert served.ask("/api/read", large, Content_Type="image/png").status == 413
    assert served.ask("/api/status", b"a body", method="GET").status == 413
    head = b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    with raw(served, head + b"Content-Length: 99999999999\r\n\r\n") as connection:
        answers = all_of(connection)
    assert answers.startswith(b"HTTP/1.1 413 ")
    assert answers.count(b"HTTP/1.1") == 1
    chunked = raw(served, head + b"Transfer-Encoding: chunked\r\n\r\n")
    with chunked as connection, pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(1000):
            connection.sendall(b"100000\r\n" + bytes(0x100000) + b"\r\n")
    assert served.read == []
    assert served.ask("/healthz").status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\xff\x16\x03\x01" * 20 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        POST + b"Content-Length: -1\r\n\r\n{}",
        POST + b"Content-Length: x\r\n\r\n{}",
        POST + b"Content-Length: \xb2\r\n\r\n{}",
        POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nzz\r\n",
    ],
)
def test_broken_requests_end_their_own_connection_only(serve: Any, request_bytes: bytes) -> None:
    served = serve()
    try:
        with raw(served, request_bytes) as connection:
            answer = all_of(connection)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert served.ask("/healthz").status == 200


def test_bodies_that_stop_in_the_middle_make_room_again(
    serve: Any, wait_until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 3.0)
    served = serve()
    head = b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nhalf"

    def status() -> int:
        return int(served.ask("/api/read", b"no picture", Content_Type="image/png").status)

    for _ in range(reading.MAX_READS):
        with raw(served, head):
            pass
    # The clients have gone.
    wait_until(lambda: status() == 400)
    with ExitStack() as stack:
        while status() != 503:
            stack.enter_context(raw(served, head))
        # They are still there and send no more: their time is up.
        wait_until(lambda: status() == 400)


def test_who_says_nothing_is_soon_gone(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.3)
    with raw(serve(), b"GET / HTTP/1.1\r\nHost: local") as connection:
        assert all_of(connection) == b""


@pytest.mark.parametrize("path", ["/stream.mjpg", "/api/events"])
def test_there_is_an_end_to_clients(
    serve: Any, view: Any, wait_until: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(loop_state, "MAX_CLIENTS", 2)
    served = serve()
    served.web.show(view())
    with served.connection() as one, served.connection() as two:
        for connection in (one, two):
            connection.request("GET", path)
            assert connection.getresponse().status == 200
        answer = served.ask(path)
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert served.ask("/api/status").status == 200

    def is_let_in() -> bool:
        with served.connection() as connection:
            connection.request("GET", path)
            return bool(connection.getresponse().status == 200)

    wait_until(is_let_in, "room after they have gone")


def test_a_viewer_that_does_not_read_slows_nobody_and_is_dropped(
    serve: Any, view: Any, wait_until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "WRITE_SECONDS", 2.0)
    served, over = serve(), threading.Event()
    shown: list[float] = []
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)

    def loop() -> None:
        while not over.wait(0.02):
            began = time.perf_counter()
            served.web.show(view(np.roll(noise, len(shown), axis=0)))
            shown.append(time.perf_counter() - began)

    running = threading.Thread(target=loop)
    running.start()
    request = b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with raw(served, request, receive_buffer=4096), served.connection() as quick:
        quick.request("GET", "/stream.mjpg")
        response = quick.getresponse()
        wait_until(lambda: served.ask("/api/status").document["viewers"] == 2)
        # The quick one goes on getting pictures all the while, long after the slow one's are stuck.
        before, taken = served.encoded, 0
        while served.ask("/api/status").document["viewers"] == 2 or served.encoded < before + 30:
            while not (line := response.readline()).startswith(b"Content-Length:"):
                assert line
            response.readline()
            response.read(int(line.split()[1]))
            taken += 1
        assert taken >= 25
        assert served.ask("/api/status").document["viewers"] == 1
    over.set()
    running.join()
    # Handing a picture over is nothing to the loop; the median, since the computer may be busy.
    assert sorted(shown)[len(shown) // 2] < 0.005


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


def test_an_empty_token_is_none(serve: Any) -> None:
    with pytest.raises(UsageError, match="the token is empty"):
        serve(token=" ")


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


def test_nothing_stays_behind(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    served.web.__exit__()
    assert [thread.name for thread in threading.enumerate() if "web view" in thread.name] == []
    # The loop may not have noticed yet.
    served.web.show(view())
    served.web.write([])
    with pytest.raises(ConnectionRefusedError):
        served.ask("/healthz")
    assert serve(f"127.0.0.1:{served.port}").ask("/healthz").status == 200


WITHOUT_TORNADO = """
import sys
class Absent:
    def find_spec(name, *_):
        if name == "tornado":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent)
from mnist_edge.__main__ import main
main()
"""


def test_without_tornado_it_says_what_to_install() -> None:
    arguments = ["camera", "--source", "fake", "--serve", "0", "--no-window"]
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORNADO, *arguments], capture_output=True, text=True)
    assert done.returncode == 1 and "tornado is not installed; install it with: " in done.stderr
