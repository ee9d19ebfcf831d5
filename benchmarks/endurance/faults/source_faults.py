"""Faults of the source: a camera in the network that is lost, in every way that it can be."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.fault import Fault, Outcome, attempt, end, outcome_of, stream_camera
from mnist_edge.benchmarks.endurance.mjpeg_stream import MjpegStream, Trouble
from mnist_edge.benchmarks.harness.camera_process import CameraProcess

Happening = Callable[[MjpegStream], AbstractContextManager[None]]

# Parts of the notes about a loss, a return, and pictures that cannot be decoded.
LOST, BACK, DAMAGED = "; trying again", " is back after ", " has damaged pictures"
# A note that is one too many comes within this.
SETTLE_SECONDS = 1.5
NAME = "camera.example"
PASSWORD = "s3cret"


def lose(happening: Happening, seconds: float, folder: Path) -> Outcome:
    """Have something happen to the stream for so long: one note of the loss, one of the return, and it reads on."""
    with stream_camera(folder) as (stream, camera):
        return _lose(camera, happening(stream), seconds)


def hesitate(folder: Path) -> Outcome:
    """Have the stream silent for less than the camera waits: no note."""
    with stream_camera(folder) as (stream, camera):
        with stream.having("silent"):
            time.sleep(1.0)
        seconds = camera.reads_after(time.monotonic())
        time.sleep(SETTLE_SECONDS)
        return outcome_of(
            camera, seconds, {"it was logged": not camera.logged("note:"), **_numbered(camera), **end(camera)}
        )


def damage(folder: Path) -> Outcome:
    """Have some pictures damaged: they are skipped with one note, and nothing is lost."""
    with stream_camera(folder) as (stream, camera):
        with stream.having("damaged"):
            time.sleep(3.0)
        seconds = camera.reads_after(time.monotonic())
        logged = {
            "it was taken for lost": not camera.logged(LOST),
            "it was not logged once": camera.logged(DAMAGED) == 1,
        }
        return outcome_of(camera, seconds, {**logged, **_numbered(camera), **end(camera)})


def lose_name(folder: Path) -> Outcome:
    """Have the stream's name no longer resolve, which only the camera's own view of the files sees."""
    hosts, order = folder / "hosts", folder / "nsswitch.conf"
    known, unknown = f"127.0.0.1 localhost {NAME}\n", "127.0.0.1 localhost\n"
    hosts.write_text(known)
    order.write_text("hosts: files\n")
    before = _with_own_files({hosts: "/etc/hosts", order: "/etc/nsswitch.conf"})

    @contextmanager
    def nameless(stream: MjpegStream) -> Iterator[None]:
        with stream.having("gone"):
            # In place: another file would not be seen.
            hosts.write_text(unknown)
            time.sleep(1.0)
        yield
        hosts.write_text(known)

    with stream_camera(folder, address=lambda url: url.replace("127.0.0.1", NAME), before=before) as (stream, camera):
        return _lose(camera, nameless(stream), 3.0)


def keep_secret(folder: Path) -> Outcome:
    """Lose a stream whose address holds passwords, and search all that the camera printed and wrote for them."""

    def address(url: str) -> str:
        return f"{url.replace('//', f'//user:{PASSWORD}@')}?user={PASSWORD}&pwd={PASSWORD}"

    with stream_camera(folder, "--collect", "crops", "--record", "videos", address=address) as (stream, camera):
        outcome = _lose(camera, stream.having("gone"), 4.0)
    printed = [line.text.encode() for line in (*camera.notes, *camera.results)]
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    found = sum(PASSWORD.encode() in text for text in (*printed, *written))
    return replace(outcome, broken=(*outcome.broken, *([f"the password was written {found} times"] if found else [])))


def give_up(folder: Path) -> Outcome:
    """Have the stream lost for good, and no more than three attempts wanted: one line, and exit code 1."""
    with stream_camera(folder, "--max-retries", "3") as (stream, camera):
        with stream.having("gone"):
            seconds = camera.seconds_until(lambda: camera.process.poll() is not None)
            code = camera.wait_for_end()
        promises = {
            f"the exit code is {code}": code == 1,
            "it did not end with an error in one line": camera.logged("error: ") == 1,
            "it logged nothing of three attempts": bool(camera.logged("given up after 3 attempts")),
            "digits were left": not _digits(camera),
        }
        return outcome_of(camera, seconds, promises)


@contextmanager
def falls_silent_then_restarts(stream: MjpegStream) -> Iterator[None]:
    """Have the server hang, then start a new one."""
    with stream.having("silent"):
        time.sleep(4.0)
        with stream.having("gone"):
            yield


def has(trouble: Trouble) -> Happening:
    """Have the stream in trouble."""
    return lambda stream: stream.having(trouble)


def comes_back(camera: CameraProcess, left: int) -> Outcome:
    """End the camera after its stream is there again; `left` digits were shown while it was not."""
    seconds = camera.reads_after(time.monotonic())
    time.sleep(SETTLE_SECONDS)
    lost, back = camera.logged(LOST), camera.logged(BACK)
    promises = {
        f"{lost} notes of the loss": lost == 1,
        f"{back} notes of the return": back == 1,
        f"{left} digits were there all the time that the stream was not": not left,
        **_numbered(camera),
        **end(camera),
    }
    return outcome_of(camera, seconds, promises)


def _lose(camera: CameraProcess, happening: AbstractContextManager[None], seconds: float) -> Outcome:
    with happening:
        time.sleep(seconds)
        left = _digits(camera)
    return comes_back(camera, left)


def _digits(camera: CameraProcess) -> int:
    """How many digits there are after the last event."""
    return len(camera.events()[-1]["digits"])


def _numbered(camera: CameraProcess) -> dict[str, bool]:
    moments = [(event["frame"], event["seconds"]) for event in camera.events()]
    return {"frames or their times went backwards": all(f <= g and s <= t for (f, s), (g, t) in pairwise(moments))}


def _with_own_files(files: dict[Path, str]) -> tuple[str, ...]:
    """What runs a command that sees some files in other files' places; no other process sees them."""
    mounts = "; ".join(f"mount --bind '{own}' {place}" for own, place in files.items())
    before = ("unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh")
    reason = "only root of a Linux computer may give a process files of its own, with unshare"
    attempt(*before, "true", otherwise=reason)
    return before


SOURCE_FAULTS = (
    Fault(
        "stream closed",
        "the server closes the connection, and answers with status 503 for 4 s",
        partial(lose, has("unavailable"), 4.0),
    ),
    Fault("stream hesitates", "no bytes for 1 s, of the 2 s that it may take", hesitate),
    Fault("pictures damaged", "one picture in 5 is none, for 3 s", damage),
    Fault("stream stalls", "no bytes for 6 s on any connection, with 2 s allowed", partial(lose, has("silent"), 6.0)),
    Fault(
        "server hangs",
        "no bytes for 4 s, then no server for 2 s, then a new one",
        partial(lose, falls_silent_then_restarts, 2.0),
    ),
    Fault("connection refused", "no server for 5 s", partial(lose, has("gone"), 5.0)),
    Fault("name lost", f"the server ends, and {NAME} has no address for 4 s", lose_name),
    Fault(
        "camera unplugged",
        "the connection is reset in the middle of a picture, and refused for 4 s: in place of a cable, since there is "
        "no camera to unplug",
        partial(lose, has("cut"), 4.0),
    ),
    Fault("password in the address", "no server for 4 s, and passwords before the host and in the query", keep_secret),
    Fault("camera gone for good", "no server any more, with --max-retries 3", give_up),
)
