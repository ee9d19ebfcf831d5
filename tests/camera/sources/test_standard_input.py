"""Whole processes that read frames on standard input: from the real ffmpeg, from files, and from what is no stream."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.camera.sources.conftest import jpeg

pytestmark = pytest.mark.usefixtures("no_descriptor_is_left_open")

# What `camera --source -` does, told as one JSON document; a mended error is a line on stderr, as at the command line.
READ = """
import itertools, json, sys
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import MnistEdgeError
settings = json.loads(sys.argv[1])
count = settings.pop("count", None)
try:
    with open_source(Settings("-", **{"timeout": 60, **settings}), Stop()) as source:
        frames = list(itertools.islice((frame for frame in source if frame is not None), count))
except MnistEdgeError as error:
    sys.exit(f"error: {error}")
means = [float(frame.image.mean()) for frame in frames]
print(json.dumps({"means": means, "numbers": [f.number for f in frames], "shape": frames[-1].image.shape,
                  "rate": source.info.rate, "dropped": source.dropped}))
"""

ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")


def read_stdin(stdin: Any, **settings: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", READ, json.dumps(settings)]
    options: dict[str, Any] = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    done = subprocess.run(command, capture_output=True, timeout=120, **options)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@ffmpeg
@pytest.mark.parametrize(
    ("format", "settings"),
    [("-f mjpeg", {}), ("-f rawvideo -pix_fmt bgr24", {"resolution": "160x120"}), ("-f mpjpeg", {})],
)
def test_what_ffmpeg_sends_through_a_pipe_in_real_time(format: str, settings: dict[str, Any]) -> None:
    source = "testsrc=duration=60:size=160x120:rate=10"
    command = ["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", source, *format.split(), "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sender:
        done = read_stdin(sender.stdout, rate=10, count=4, **settings)
        sender.kill()
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["shape"] == [120, 160, 3]
    assert document["rate"] == 10
    assert len(set(document["numbers"])) == 4 and document["numbers"] == sorted(document["numbers"])


@ffmpeg
def test_a_video_through_a_pipe_is_read_to_its_last_frame() -> None:
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=duration=3:size=160x120:rate=10"]
    with subprocess.Popen([*command, "-f", "mjpeg", "-"], stdout=subprocess.PIPE) as sender:
        document = json.loads(read_stdin(sender.stdout).stdout)
    assert document["numbers"] == list(range(30)) and document["dropped"] == 0


def test_a_sender_that_has_no_more_ends_the_loop_and_is_no_fault() -> None:
    done = read_stdin(jpeg(10) * 3)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["shape"] == [48, 64, 3]


@ffmpeg
@pytest.mark.parametrize("format", ["mjpeg", "rawvideo"])
def test_a_file_on_standard_input_loses_no_frame(tmp_path: Path, format: str) -> None:
    path = tmp_path / "frames"
    source = "testsrc=duration=3:size=160x120:rate=10"
    options = ["-f", format, "-pix_fmt", "yuvj420p" if format == "mjpeg" else "bgr24"]
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *options, str(path)], check=True)
    with path.open("rb") as file:
        done = read_stdin(file, resolution="160x120")
    document = json.loads(done.stdout)
    assert document["numbers"] == list(range(30)) and document["dropped"] == 0
    # Each is another picture, and blue is blue: the test card's mean is that of its first frame, nearly.
    assert len(set(document["means"])) > 10


@pytest.mark.parametrize(
    ("stdin", "settings", "reason"),
    [
        (b"", {}, "standard input is empty"),
        (b"garbage" * 1000, {}, "holds no JPEG"),
        (b"\0" * 5000, {"resolution": "640x480"}, "ends after 5000 bytes"),
    ],
)
def test_a_whole_process_ends_in_one_line(stdin: bytes, settings: dict[str, Any], reason: str) -> None:
    done = read_stdin(stdin, **settings)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("error: ") and reason in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_a_terminal_is_no_stream() -> None:
    controller, terminal = os.openpty()
    try:
        assert "standard input is a terminal" in read_stdin(terminal).stderr
    finally:
        os.close(controller)
        os.close(terminal)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that can close a descriptor")
def test_a_closed_standard_input() -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-c", READ, "{}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "standard input is closed" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_process_ends_while_a_thread_still_waits_for_standard_input() -> None:
    command = [sys.executable, "-c", READ, '{"count": 1, "timeout": 3}']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(jpeg(10))
        process.stdin.flush()
        assert len(json.loads(process.stdout.read())["means"]) == 1
        assert process.wait(60) == 0
