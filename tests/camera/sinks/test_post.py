"""Rows are posted in order, tried again, and never to another address than the one named."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mnist_edge.camera.rows import Row, Value
from mnist_edge.camera.sinks import post
from mnist_edge.camera.sinks.post import PostSink
from mnist_edge.errors import UsageError
from tests.helpers import wait_until


class Server:
    """A server that answers with one status after the other, the last again and again, and remembers what it got."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.got: list[tuple[str, Any]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, json.loads(body)))
                status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/rows?key=secret"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(post, "RETRY_SECONDS", (0.02, 0.02))
    made = Server()
    yield made
    made.http.shutdown()
    made.thread.join()
    made.http.server_close()


def row(number: int) -> Row:
    return Row("now", number, 0.0, "camera", "region", "meter", {"meter": Value(str(number), 0.9)})


def test_rows_arrive_in_order_and_again_after_a_failure(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.statuses = [503, 200]
    with PostSink(server.url) as sink:
        sink.write([row(1), row(2)])
        wait_until(lambda: len(server.got) == 3)
    assert [document["frame"] for _, document in server.got] == [1, 1, 2]
    assert server.got[0][0] == "/rows?key=secret" and server.got[2][1] == row(2).to_json()
    assert "takes rows again" in caplog.text and "secret" not in caplog.text


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (302, 1), (500, 3)])
def test_what_is_refused_is_given_up_and_said(
    server: Server, caplog: pytest.LogCaptureFixture, status: int, tries: int
) -> None:
    server.statuses = [status]
    with PostSink(server.url) as sink:
        sink.write([row(1)])
        wait_until(lambda: "was not posted" in caplog.text)
    assert len(server.got) == tries and all(path.startswith("/rows") for path, _ in server.got)
    assert f"it answered {status}" in caplog.text


def test_a_server_that_is_away_does_not_hold_up_the_end(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(post, "RETRY_SECONDS", (60.0,))
    server.http.shutdown()
    server.http.server_close()
    with PostSink(server.url) as sink:
        sink.write([row(1)])
        wait_until(lambda: "tried again" in caplog.text)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("url", ["", "ftp://a/b", "https://", "https://me:word@a/b", "http://a b/", "nothing"])
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError, match="--post") as raised:
        PostSink(url)
    assert "word" not in str(raised.value).replace("password", "")
