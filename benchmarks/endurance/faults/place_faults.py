"""Faults of places: two cameras write to one, or one is asked to fill it."""

import time
from functools import partial
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.disk_faults import plays
from mnist_edge.benchmarks.endurance.faults.outcome import Fault, Outcome, end, judge
from mnist_edge.benchmarks.endurance.faults.web_faults import ask
from mnist_edge.benchmarks.endurance.soak import free_port
from mnist_edge.benchmarks.harness.camera_process import start_camera

RECORD_SECONDS = 3.0
SNAPSHOTS = 500


def record_twice(video: str, folder: Path) -> Outcome:
    """Have a second camera record to the same place, with leave to replace what is there.

    Args:
        video: What both record to.
        folder: Where they run.
    """
    flags = ("--source", "fake", "--events", "-", "--force", "--record", video)
    with start_camera(folder, *flags) as camera:
        camera.wait_until_it_reads()
        began = time.monotonic()
        with start_camera(folder, *flags) as second:
            code = second.wait_for_end()
        refused = second.logged(f"is being written by process {camera.process.pid};") == 1
        seconds = camera.reads_after(time.monotonic())
        time.sleep(max(RECORD_SECONDS - (time.monotonic() - began), 0))
        ended = end(camera)
        videos = [path for path in folder.rglob("*.mp4") if plays(path)]
        promises = {
            f"the second one ended with exit code {code}": code == 1,
            "the second one did not name the first": refused,
            f"{len(videos)} videos can be played": len(videos) == 1,
            **ended,
        }
        return judge(camera, seconds, promises)


def flood(folder: Path) -> Outcome:
    """Ask for snapshots as fast as the page answers, while events are written and frames recorded."""
    port = free_port()
    flags = ("--source", "fake", "--events", "-", "--record", "video.mp4", "--serve", str(port))
    with start_camera(folder, *flags) as camera:
        camera.wait_until_it_reads()
        began = time.monotonic()
        for _ in range(SNAPSHOTS):
            ask(port, "/api/controls", {"snapshot": True})
        asked = time.monotonic() - began
        # What was asked for until now is taken; nothing is left to be written afterwards.
        camera.wait_for(lambda: camera.logged("snapshot: ") > 0)
        time.sleep(1.0)
        taken = len(list((folder / "snapshots").glob("*.jpg")))
        seconds = camera.reads_after(time.monotonic())
        time.sleep(1.0)
        later = len(list((folder / "snapshots").glob("*.jpg")))
        recording = ask(port, "/api/status")["controls"]["recording"]
        promises = {
            f"{later - taken} snapshots were still waiting": later == taken,
            "it records no more": recording,
            **end(camera),
            "the recording cannot be played": plays(folder / "video.mp4"),
        }
        return judge(camera, seconds, promises, {"asked_seconds": round(asked, 1), "taken": taken})


PLACE_FAULTS = (
    Fault("two to one video", "a second one records to the same video, with --force", partial(record_twice, "o.mp4")),
    Fault("two to one folder", "a second one records to the same folder", partial(record_twice, "videos")),
    Fault("many snapshots", f"{SNAPSHOTS} snapshots asked for, one after the other, at once", flood),
)
