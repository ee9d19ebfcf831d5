"""Everything that `mnist-edge camera` can be told: each field is a flag and a key of the configuration file."""

from dataclasses import dataclass, field
from typing import Any


def _option(default: Any, metavar: str, help: str, **limits: float) -> Any:
    """A field with what the command line says of it; `limits` are `min` and `max`."""
    return field(default=default, metadata={"metavar": metavar, "help": help, **limits})


@dataclass(frozen=True, slots=True)
class Settings:
    """What to read, how, and where the results go. The metadata of each field explains it."""

    source: str = _option(
        "0",
        "SOURCE",
        "A camera's number or device, picamera, a video, picture, folder or glob, a URL (rtsp, http), - for raw or "
        "MJPEG frames on standard input, or fake.",
    )
    resolution: str | None = _option(None, "WxH", "Ask the camera for frames of this size.")
    rate: float | None = _option(None, "FPS", "Ask the camera for so many frames a second.", min=0.1, max=240)
    rotate: int = _option(0, "DEGREES", "Turn frames clockwise: 0, 90, 180 or 270.")
    flip: str = _option("none", "AXIS", "Mirror frames: none, horizontal, vertical or both; after turning.")
    crop: str | None = _option(None, "X,Y,W,H", "Read only this part of a frame, in pixels; after --rotate and --flip.")
    timeout: float = _option(10.0, "SECONDS", "How long opening, or waiting for a frame, may take.", min=0.1)
    max_retries: int | None = _option(
        None, "N", "Give a lost camera or stream up after N attempts in vain. Default: never.", min=0
    )
    max_frames: int | None = _option(None, "N", "End after N frames.", min=1)

    model: str = _option("small", "MODEL", "A .tflite file or the name of a model that ships.")
    runtime: str | None = _option(
        None, "NAME", "ai-edge-litert, tflite-runtime or tensorflow. Default: the first that works."
    )
    threads: int = _option(1, "N", "CPU threads for one invoke.", min=1)
    min_confidence: float | None = _option(None, "P", "Refuse digits less sure than this.", min=0, max=1)

    window: bool | None = _option(None, "", "Show a window. Default: where there is a display.")
    details: bool = _option(False, "", "Draw refused ink too, with the reason.")

    serve: str | None = _option(
        None, "[HOST:]PORT", "Show a web page there: picture, text, controls, API. On 127.0.0.1 unless HOST is given."
    )
    token: str | None = _option(
        None, "TOKEN", "What the web page asks for beyond localhost. Default: made up, and printed once."
    )

    events: str | None = _option(
        None, "FILE", "Add what appears, changes and goes to FILE, as JSON Lines, or as CSV to a .csv; - is stdout."
    )
    events_mb: float = _option(10.0, "MB", "Begin a new events file when it has grown to this.", min=0.001)
    events_files: int = _option(5, "N", "Keep so many events files that are full.", min=0)
    mqtt: str | None = _option(None, "URL", "Publish to a broker: mqtt://[USER:PASSWORD@]HOST[:PORT]/PREFIX, or mqtts.")
    mqtt_discovery: bool = _option(False, "", "Announce the reading to Home Assistant.")

    record: str | None = _option(
        None, "PATH", "Record to a video (.mp4, .avi), or to a folder, in files that replace the oldest."
    )
    record_on: str = _option(
        "always", "WHEN", "always, or demand: once r is pressed, in the window or on the web page."
    )
    record_raw: bool = _option(False, "", "Record frames as they come, with nothing drawn over them.")
    record_mb: float = _option(100.0, "MB", "In a folder, begin a new video when one has grown to this.", min=0.1)
    record_files: int = _option(10, "N", "In a folder, keep so many videos.", min=1)
    snapshots: str = _option("snapshots", "DIR", "Where snapshots go.")
    collect: str | None = _option(
        None, "DIR", "Keep each digit's crop with what the model read, for: mnist-edge train small --extra DIR"
    )

    force: bool = _option(False, "", "Replace what is there.")
