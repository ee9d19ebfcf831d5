import gzip
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mnist_edge.dataset import load
from mnist_edge.download import download
from mnist_edge.errors import DownloadError

CONTENT = {f"file-{k}": bytes([k]) * 5000 for k in range(4)}
EXPECTED = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}

# What a broken mirror says instead of a number.
LENGTHS = {"text": "abc", "minus": "-5", "digits": "9" * 5000, "other digits": "\u0663".encode().decode("latin-1")}


@contextmanager
def mirror(spoil: str = "") -> Iterator[tuple[str, list[str]]]:
    """A local web server that has the files, spoilt in one way; yields its address and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = gzip.compress(CONTENT[self.path.strip("/").removesuffix(".gz")])
            if spoil == "missing":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", LENGTHS.get(spoil, str(len(body))))
            self.end_headers()
            if spoil == "silent":
                threading.Event().wait(3)
            self.wfile.write({"broken off": body[:-9], "damaged": body[:20] + b"x" * (len(body) - 20)}.get(spoil, body))

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_all_files_arrive_with_progress(tmp_path: Path) -> None:
    reports = []
    with mirror() as (address, _):
        download(tmp_path, [address], lambda done, total, note="": reports.append((done, total)), EXPECTED)
    assert names(tmp_path) == [f"file-{k}.gz" for k in range(4)]
    assert reports
    assert all(0 < done <= total for done, total in reports)


@pytest.mark.parametrize("spoil", ["missing", "broken off", "damaged", "silent"])
def test_a_bad_mirror_is_left_for_the_next(tmp_path: Path, spoil: str) -> None:
    with mirror(spoil) as (bad, asked), mirror() as (good, _):
        download(tmp_path, [bad, good], expected=EXPECTED, timeout_s=0.5)
    assert len(asked) == 1
    assert names(tmp_path) == [f"file-{k}.gz" for k in range(4)]


def test_no_mirror_leaves_nothing_half_done(tmp_path: Path) -> None:
    with mirror("damaged") as (bad, _), pytest.raises(DownloadError, match="MNIST_EDGE_DATA") as caught:
        download(tmp_path / "cache", [bad, "http://127.0.0.1:9/"], expected=EXPECTED)
    assert "sha256" in str(caught.value) or "damaged" in str(caught.value)
    assert names(tmp_path / "cache") == []


def test_what_is_there_and_right_is_kept_and_what_is_wrong_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "file-0.gz").write_bytes(gzip.compress(CONTENT["file-0"], 1))
    (tmp_path / "file-1.gz").write_bytes(b"truncated")
    with mirror() as (address, asked):
        download(tmp_path, [address], expected=EXPECTED)
    assert asked == ["/file-1.gz", "/file-2.gz", "/file-3.gz"]


def test_offline_falls_back_to_the_bundled_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> Path:
        raise DownloadError("offline")

    monkeypatch.delenv("MNIST_EDGE_DATA", raising=False)
    monkeypatch.setattr("mnist_edge.dataset.download", offline)
    assert load(fallback=True).name == "scikit-learn digits"
    with pytest.raises(DownloadError):
        load()


@pytest.mark.parametrize("spoil", LENGTHS)
def test_a_mirror_may_claim_any_length(tmp_path: Path, spoil: str) -> None:
    with mirror(spoil) as (bad, _), mirror() as (good, _):
        download(tmp_path, [bad, good], expected=EXPECTED, timeout_s=2)
    assert names(tmp_path) == [f"file-{k}.gz" for k in range(4)]
