"""Faults of places: two cameras write to one, or one is asked to fill it."""

import time
from functools import partial
from pathlib import Path

from mnist_edge.benchmarks.endurance.faults.fault import Fault, Outcome, end, fake_camera, outcome_of
from mnist_edge.benchmarks.endurance.recording import count_frames
from mnist_edge.benchmarks.harness.camera_process import start_camera

RECORD_SECONDS = 3.0
SNAPSHOTS = 500
# A snapshot that still waits in a queue is written within this.
QUEUE_SECONDS = 1.0


def record_twice(video: str, folder: Path) -> Outcome:
    """Have a second camera record to the same place, although it may replace what is there."""
    flags = ("--events", "-", "--force", "--record", video)
    with fake_camera(folder, *flags) as camera:
        began = time.monotonic()
        with start_camera(folder, "--source", "fake", *flags) as second:
            code = second.wait_for_end()
        refused = second.logged(f"is being written by process {camera.process.pid};") == 1
        seconds = camera.reads_after(time.monotonic())
        time.sleep(max(RECORD_SECONDS - (time.monotonic() - began), 0))
        ended = end(camera)
        videos = [path for path in folder.rglob("*.mp4") if count_frames(path)]
        promises = {
            f"the second one ended with exit code {code}": code == 1,
            "the second one did not name the first": refused,
            f"{len(videos)} videos can be played": len(videos) == 1,
            **ended,
        }
        return outcome_of(camera, seconds, promises)


def flood(folder: Path) -> Outcome:
    """Ask for snapshots as fast as the page answers, while events are written and frames recorded."""

    def written() -> int:
        return len(list((folder / "snapshots").glob("*.jpg")))

    with fake_camera(folder, "--events", "-", "--record", "video.mp4") as camera:
        camera.wait_until_it_reads()
        began = time.monotonic()
        for _ in range(SNAPSHOTS):
            camera.ask("/api/controls", {"snapshot": True})
        asked = time.monotonic() - began
        # What was asked for until now is taken; nothing is left to be written afterwards.
        camera.wait_for(lambda: camera.logged("snapshot: ") > 0)
        time.sleep(QUEUE_SECONDS)
        taken = written()
        seconds = camera.reads_after(time.monotonic())
        time.sleep(QUEUE_SECONDS)
        later, recording = written(), camera.ask("/api/status")["controls"]["recording"]
        promises = {
            f"{later - taken} snapshots were still waiting": later == taken,
            "it records no more": recording,
            **end(camera),
            "the recording cannot be played": count_frames(folder / "video.mp4") > 0,
        }
        return outcome_of(camera, seconds, promises, {"asked_seconds": round(asked, 1), "taken": taken})


PLACE_FAULTS = (
    Fault("two to one video", "a second one records to the same video, with --force", partial(record_twice, "o.mp4")),
    Fault("two to one folder", "a second one records to the same folder", partial(record_twice, "videos")),
    Fault("many snapshots", f"{SNAPSHOTS} snapshots asked for, one after the other, at once", flood),
)
