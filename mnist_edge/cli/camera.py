"""`mnist-edge camera`."""

from pathlib import Path
from typing import Annotated

import typer

from mnist_edge.cli.options import Force, MinConfidence, Model, Runtime, Threads


def command(
    source: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="A camera's number or device, a video, a picture, a folder of pictures, or a URL (rtsp, http).",
        ),
    ] = "0",
    model: Model = "small",
    max_frames: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End after N frames.", show_default=False)
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Add what appears, changes and goes to FILE, as JSON Lines; - is stdout.",
            show_default=False,
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Record what the window shows, as .mp4 or .avi.", show_default=False),
    ] = None,
    window: Annotated[
        bool | None,
        typer.Option("--window/--no-window", help="Default: a window where there is a display.", show_default=False),
    ] = None,
    min_confidence: MinConfidence = None,
    runtime: Runtime = None,
    threads: Threads = 1,
    force: Force = False,
) -> None:
    """Read the digits that a camera sees, live; q, Esc or Ctrl-C ends, with exit code 0.

    Without a window the text is printed whenever it changes. A still picture in the window waits for a key.
    An .avi can be played even if the process was killed; an .mp4 only after it has ended.

    Example: mnist-edge camera --source 0 --events digits.jsonl
    """
    from mnist_edge.camera.controls import Controls
    from mnist_edge.camera.loop import run
    from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
    from mnist_edge.camera.signals import stop_on_signals
    from mnist_edge.camera.sinks import open_sinks
    from mnist_edge.camera.sources import open_source
    from mnist_edge.cli.console import note

    least = MIN_CONFIDENCE if min_confidence is None else min_confidence
    with stop_on_signals() as stop:
        reader = Reader(model, runtime=runtime, threads=threads, min_confidence=least)
        with (
            open_source(source, stop) as frames,
            open_sinks(frames, stop, events=events, record=record, window=window, force=force, note=note) as sinks,
        ):
            summary = run(
                frames,
                reader,
                events=sinks.events,
                views=sinks.views,
                controls=Controls(least, stop),
                max_frames=max_frames,
            )
    note(str(summary))
