"""What the camera survives and costs."""

from mnist_edge.benchmarks.release.markdown import filled, table_of
from mnist_edge.benchmarks.release.measured import measured
from mnist_edge.benchmarks.release.tables import Figures


def steady_table() -> str:
    """Return how stable the reading is on videos of pages that move."""
    head = "video | frames shown exactly | read exactly | digits | appeared once | gone once | false"
    template = "{seed} | **{share:.2%}** | {share_of_reader:.2%} | {digits} | {once_appeared} | {once_gone} | {false}"
    videos = measured("steady")["videos"]
    once = [{f"once_{kind}": video[kind].get("1", 0) for kind in ("appeared", "gone")} for video in videos]
    return filled([{**video, **counts} for video, counts in zip(videos, once, strict=True)], head, template)


def soak_line() -> str:
    """Return what the soak showed."""
    found = measured("soak")
    ranges = (found["threads"], found["files"])
    threads, files = (f"{low}" if low == high else f"{low} to {high}" for low, high in ranges)
    return (
        f"`make soak`: {found['frames']:,} frames with two viewers of the web page and a broker, in "
        f"{found['seconds'] / 60:.0f} minutes. After the first 5,000 the process had {found['rss_mb']:.0f} MB, and "
        f"never more than {found['growth_mb']:.1f} MB above that; threads {threads}, open files {files}. Of "
        f"{found['events']:,} events {found['events_lost']} were lost."
    )


def faults_table() -> str:
    """Return what was done to a running camera, and how it came back."""
    rows = [
        {
            **fault,
            "back": "yes" if fault["recovered"] else "**no**",
            "after": "" if fault["seconds"] is None else f"{fault['seconds']:.1f}",
        }
        for fault in measured("faults")["faults"]
    ]
    head = "fault | what was done | came back | seconds after its end"
    return filled(rows, head, "{name} | {injected} | {back} | {after}")


FIGURES: Figures = {
    "steady": steady_table,
    "soak": soak_line,
    "faults": faults_table,
    "window-speed": table_of(
        "window_speed",
        "speeds",
        "source | read without a window | with a window | shown | with to without",
        "{source} | {without:.1f} | {with_window:.1f} | {shown:.1f} | {ratio:.2f}",
    ),
    "recording": table_of(
        "recording",
        "costs",
        "codec | size | ms of processor a frame | MB a minute | seconds left of 5",
        "{codec} ({suffix}) | {width}x{height} | {frame_ms:.1f} | {minute_mb:.0f} | {left_after_kill_s:.1f}",
    ),
    "loop-cost": table_of(
        "loop_cost",
        "costs",
        "what is done | ms a frame | ms of processor | to reading alone",
        "{name} | {frame_ms:.2f} | {cpu_ms:.2f} | {ratio:.2f}",
    ),
}
