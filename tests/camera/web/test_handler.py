"""What all requests have in common: methods, sizes, speeds, and requests that are broken."""

import re
import threading
import time
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.web import controls, handler, loop_state, reading, serving
from tests.helpers import wait_until

POST = b"POST /api/controls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_methods_that_are_not_for_here(serve: Any) -> None:
    served = serve()
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        answer = served.ask("/api/status", method=method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET"
    for path in ("/api/controls", "/api/read"):
        assert served.ask(path).headers["Allow"] == "POST"
    assert served.ask("/api/status", method="BREW").status == 405


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


def test_only_json_changes_things(serve: Any) -> None:
    served = serve()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"):
        assert served.ask("/api/controls", b'{"paused": true}', Content_Type=kind).status == 415
    assert served.ask("/api/controls", b'{"paused": true}').status == 415
    assert not served.controls.paused
    assert served.ask("/api/controls", b"{}", Content_Type="application/json; charset=utf-8").status == 200
    assert served.ask("/api/read", b"--x", Content_Type="multipart/form-data; boundary=x").status == 415


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
    with served.raw(head + b"Content-Length: 99999999999\r\n\r\n") as connection:
        answers = connection.makefile("rb").read()
    assert answers.startswith(b"HTTP/1.1 413 ")
    assert answers.count(b"HTTP/1.1") == 1
    chunked = served.raw(head + b"Transfer-Encoding: chunked\r\n\r\n")
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
        with served.raw(request_bytes) as connection:
            answer = connection.makefile("rb").read()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert served.ask("/healthz").status == 200


def test_bodies_have_a_least_speed(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "SPEED_CHECK_SECONDS", 0.5)
    served = serve(token="sesame")
    refused = b"POST /api/controls HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nbegin"
    granted = refused.replace(b"Host", b"Authorization: Bearer sesame\r\nContent-Type: application/json\r\nHost")
    with served.raw(refused) as first, served.raw(granted.replace(b"100000", b"10000")) as second:
        assert served.is_closed(first) and served.is_closed(second)
    # Who sends its body at once may wait for the answer as long as it takes, and events go on for ever.
    with served.connection() as connection:
        connection.request("GET", "/api/events?token=sesame")
        response, until = connection.getresponse(), time.monotonic() + 2.0
        while time.monotonic() < until:
            assert response.readline()


def test_who_says_nothing_is_soon_gone(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "IDLE_SECONDS", 0.3)
    with serve().raw(b"GET / HTTP/1.1\r\nHost: local") as connection:
        assert connection.makefile("rb").read() == b""


@pytest.mark.parametrize("path", ["/stream.mjpg", "/api/events"])
def test_there_is_an_end_to_clients(serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
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
    serve: Any, view: Any, monkeypatch: pytest.MonkeyPatch
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
    with served.raw(request, receive_buffer=4096), served.connection() as quick:
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
    # The loop never waits for a viewer, whose time is 2 s; the median, since the computer may be busy.
    assert sorted(shown)[len(shown) // 2] < 1


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
