"""Faults of the source: a camera in the network that is lost, in every way that it can be."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.outcome import Fault, Outcome, attempt, end, judge
from mnist_edge.benchmarks.endurance.mjpeg_stream import MjpegStream, Trouble, open_stream
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera

Happening = Callable[[MjpegStream], AbstractContextManager[None]]

# What is told of a loss, and of a return.
LOST, BACK = "; trying again", " is back after "
DAMAGED = " has damaged pictures"
# A note that is one too many comes within this.
SETTLE_SECONDS = 1.5
NAME = "camera.example"
PASSWORD = "s3cret"


def lose(happening: Happening, seconds: float, folder: Path) -> Outcome:
    """Have something happen to the stream for so long: one note of the loss, one of the return, and it reads on."""
    with open_stream() as stream, start_camera(folder, *_flags(stream.url)) as camera:
        camera.wait_until_it_reads()
        with happening(stream):
            time.sleep(seconds)
            left = _digits(camera)
        return _come_back(camera, left)


def hesitate(folder: Path) -> Outcome:
    """Have the stream silent for less than the camera waits: nobody needs to know."""
    with open_stream() as stream, start_camera(folder, *_flags(stream.url)) as camera:
        camera.wait_until_it_reads()
        with stream.having("silent"):
            time.sleep(1.0)
        seconds = camera.reads_after(time.monotonic())
        time.sleep(SETTLE_SECONDS)
        told = camera.logged("note:")
        return judge(camera, seconds, {"it was told": not told, **_numbered(camera), **end(camera)})


def damage(folder: Path) -> Outcome:
    """Have some pictures damaged: they are passed over, which is said once, and nothing is lost."""
    with open_stream() as stream, start_camera(folder, *_flags(stream.url)) as camera:
        camera.wait_until_it_reads()
        with stream.having("damaged"):
            time.sleep(3.0)
        seconds = camera.reads_after(time.monotonic())
        told = {"it was taken for lost": not camera.logged(LOST), "it was not said once": camera.logged(DAMAGED) == 1}
        return judge(camera, seconds, {**told, **_numbered(camera), **end(camera)})


def lose_name(folder: Path) -> Outcome:
    """Have the stream's name no longer lead anywhere, which only the camera's own view of the files sees."""
    hosts, order = folder / "hosts", folder / "nsswitch.conf"
    hosts.write_text(f"127.0.0.1 localhost {NAME}\n")
    order.write_text("hosts: files\n")
    before = _with_own_files({hosts: "/etc/hosts", order: "/etc/nsswitch.conf"})
    with (
        open_stream() as stream,
        start_camera(folder, *_flags(stream.url.replace("127.0.0.1", NAME)), before=before) as camera,
    ):
        camera.wait_until_it_reads()
        with stream.having("gone"):
            # In place: another file would not be seen.
            hosts.write_text("127.0.0.1 localhost\n")
            time.sleep(1.0)
        time.sleep(3.0)
        left = _digits(camera)
        hosts.write_text(f"127.0.0.1 localhost {NAME}\n")
        return _come_back(camera, left)


def keep_secret(folder: Path) -> Outcome:
    """Lose a stream whose address holds passwords, and search all that the camera said and wrote for them."""
    with open_stream() as stream:
        url = f"{stream.url.replace('//', f'//user:{PASSWORD}@')}?user={PASSWORD}&pwd={PASSWORD}"
        with start_camera(folder, *_flags(url), "--collect", "crops", "--record", "videos") as camera:
            camera.wait_until_it_reads()
            with stream.having("gone"):
                time.sleep(4.0)
                left = _digits(camera)
            outcome = _come_back(camera, left)
    said = [line.text.encode() for line in (*camera.notes, *camera.results)]
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    told = sum(PASSWORD.encode() in one for one in (*said, *written))
    return replace(outcome, broken=(*outcome.broken, *([f"the password was told {told} times"] if told else [])))


def give_up(folder: Path) -> Outcome:
    """Have the stream lost for good, and no more than three attempts wanted: one line, and exit code 1."""
    with open_stream() as stream, start_camera(folder, *_flags(stream.url), "--max-retries", "3") as camera:
        camera.wait_until_it_reads()
        with stream.having("gone"):
            began = time.monotonic()
            code = camera.wait_for_end()
        return judge(
            camera,
            None if code is None else round(time.monotonic() - began, 2),
            {
                f"the exit code is {code}": code == 1,
                "it did not end with an error in one line": camera.logged("error: ") == 1,
                "it said nothing of three attempts": bool(camera.logged("given up after 3 attempts")),
                "digits were left": not _digits(camera),
            },
        )


@contextmanager
def falls_silent_then_restarts(stream: MjpegStream) -> Iterator[None]:
    """The server hangs, and is started anew."""
    with stream.having("silent"):
        time.sleep(4.0)
        with stream.having("gone"):
            yield


def comes_and_goes(stream: MjpegStream) -> AbstractContextManager[None]:
    """Lost, back, and lost again."""
    with stream.having("gone"):
        time.sleep(1.0)
    return stream.having("gone")


def has(trouble: Trouble) -> Happening:
    """The stream is in trouble."""
    return lambda stream: stream.having(trouble)


def _flags(url: str) -> tuple[str, ...]:
    return ("--source", url, "--events", "-", "--timeout", "2")


def _come_back(camera: CameraProcess, left: int) -> Outcome:
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
    return judge(camera, seconds, promises)


def _digits(camera: CameraProcess) -> int:
    """How many there are after the last event."""
    return len(camera.events()[-1]["digits"])


def _numbered(camera: CameraProcess) -> dict[str, bool]:
    moments = [(one["frame"], one["seconds"]) for one in camera.events()]
    return {"frames or their times went backwards": all(f <= g and s <= t for (f, s), (g, t) in pairwise(moments))}


def _with_own_files(files: dict[Path, str]) -> tuple[str, ...]:
    """What runs a command that sees some files in other files' places; nobody else does."""
    mounts = "; ".join(f"mount --bind '{own}' {place}" for own, place in files.items())
    before = ("unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh")
    attempt(
        *before, "true", otherwise="only root of a Linux computer may give a process files of its own, with unshare"
    )
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
