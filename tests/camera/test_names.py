"""Names that people and strangers give to files and models: not UTF-8, or made to steer a terminal."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.harness.camera_process import start_camera
from mnist_edge.metadata import append_metadata, strip_metadata
from mnist_edge.opencv import cv2
from mnist_edge.shipped_models import resolve_shipped
from tests.camera.test_secrets import ask, page_of

STEERS = "\x1b[31m\x9b2J\u202e"
DANGEROUS = set("\x1b\x9b\u202e")
PICTURES = 100
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere names are UTF-8")


@pytest.fixture
def folder(tmp_path: Path, pages: Any) -> Path:
    """Pictures whose names, like their folder's, are not UTF-8 and steer terminals."""
    made = tmp_path / os.fsdecode(b"pages \xff")
    made.mkdir()
    page = cv2.imencode(".png", pages(1)[0])[1].tobytes()
    for number in range(PICTURES):
        (made / os.fsdecode(f"{number} {STEERS}\n".encode() + b"\xe9.png")).write_bytes(page)
    return made


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that works and says that it has no proper name."""
    made = tmp_path / f"{STEERS}.tflite"
    content = strip_metadata(resolve_shipped("small").read_bytes())
    made.write_bytes(append_metadata(content, {"name": f"\ud800{STEERS}\n"}))
    return made


@pytest.mark.slow
def test_no_name_stops_the_camera_or_what_it_tells(folder: Path, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("tornado")
    flags = ("--source", str(folder), "--model", str(model), "--serve", "127.0.0.1:0", "--collect", "crops")
    with start_camera(tmp_path, *flags, "--events", "events.csv", "--record", "videos") as camera:
        # The pictures are soon read; the page stays while it is paused.
        page = page_of(camera)
        ask(page, "/api/controls", b'{"paused": true}', Content_Type="application/json")
        for path in ("/api/status", "/api/events", "/metrics", "/api/reading"):
            status, answer = ask(page, path)
            assert status == 200 and not DANGEROUS & set(answer)
        ask(page, "/api/controls", b'{"paused": false}', Content_Type="application/json")
        assert camera.wait_for_end() == 0
    said = "\n".join(note.text for note in camera.notes)
    assert "Traceback" not in said and "lost" not in said and not DANGEROUS & set(said)
    lines = [json.loads(line) for line in (tmp_path / "crops" / "collected.jsonl").read_text().splitlines()]
    assert len(lines) == 3 * PICTURES and {line["model"] for line in lines} == {str(model)}
    events = (tmp_path / "events.csv").read_text()
    assert len(events.splitlines()) > 2 * PICTURES and not DANGEROUS & set(events)


@pytest.mark.slow
def test_no_name_steers_the_terminal_of_who_reads_pictures(
    folder: Path, model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from mnist_edge.cli import app

    (folder / f"broken {STEERS}.png").write_bytes(b"no picture")
    for flag in ([], ["--json"], ["--csv"], ["--text"]):
        ran = CliRunner().invoke(app, ["read", *flag, "--model", str(model), str(folder)])
        assert ran.exit_code == 1 and "broken" in ran.output
        assert not DANGEROUS & set(ran.output)
    ran = CliRunner().invoke(app, ["read", f"no {STEERS}\nerror: file"])
    assert ran.exit_code == 1 and not DANGEROUS & set(ran.output) and len(ran.output.splitlines()) == 1
