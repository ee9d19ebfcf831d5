"""All settings of `mnist-edge camera`: each field of `Settings` is a flag and a key of the configuration file."""

from dataclasses import Field, dataclass, field, fields
from types import NoneType
from typing import Any, get_args

from mnist_edge.errors import UsageError
from mnist_edge.safe_text import HIDDEN, mask, mask_all, shortened

# The limit of numbers that have no narrower one: what is computed from them, such as bytes of MB, fits 64 bits.
LARGEST = 1_000_000_000
# Frames per second that a source may have: a frame every ten seconds, and the fastest small cameras.
MIN_RATE, MAX_RATE = 0.1, 240.0
# How long a wait may be set to: a day, in seconds.
MAX_TIMEOUT_SECONDS = 86_400


def _option(default: Any, metavar: str, help: str, **more: Any) -> Any:
    """Declare a field with the metadata that its flag needs.

    `more` has the limits `min` and `max`, or the `choices`; `group` at the first field under a heading; `path` for a
    path, `perhaps_path` for text that may be one, and `secret` for text that is masked wherever it is shown.
    """
    return field(default=default, metadata={"metavar": metavar, "help": help, **more})


@dataclass(frozen=True, slots=True)
class Settings:
    """What to read, how, and where the results go; the metadata of each field explains it.

    Raises:
        UsageError: A value is not of the field's type, not within its limits or not among its choices.
    """

    source: str = _option(
        "0",
        "SOURCE",
        "A camera's number or device, picamera, a video, picture, folder or glob, a URL (rtsp, http), - for raw or "
        "MJPEG frames on standard input, or fake.",
        group="Source",
        perhaps_path=True,
    )
    resolution: str | None = _option(None, "WxH", "Ask the camera for frames of this size.")
    rate: float | None = _option(None, "FPS", "Ask the camera for so many frames a second.", min=MIN_RATE, max=MAX_RATE)
    rotate: int = _option(0, "DEGREES", "Turn frames clockwise: 0, 90, 180 or 270.", choices=(0, 90, 180, 270))
    flip: str = _option(
        "none",
        "AXIS",
        "Mirror frames: none, horizontal, vertical or both; after turning.",
        choices=("none", "horizontal", "vertical", "both"),
    )
    crop: str | None = _option(None, "X,Y,W,H", "Read only this part of a frame, in pixels; after --rotate and --flip.")
    timeout: float = _option(
        10.0, "SECONDS", "How long opening, or waiting for a frame, may take.", min=0.1, max=MAX_TIMEOUT_SECONDS
    )
    max_megapixels: float = _option(
        50.0, "MP", "Refuse pictures and frames of more million pixels than this.", min=0.001, max=1000
    )
    max_retries: int | None = _option(
        None, "N", "Give a lost camera or stream up after N attempts in vain. Default: never.", min=0
    )
    max_frames: int | None = _option(None, "N", "End after N frames.", min=1)

    model: str = _option(
        "small", "MODEL", "A .tflite file or the name of a model that ships.", group="Reading", perhaps_path=True
    )
    finder: str = _option(
        "finder", "FILE", "A .tflite file of a finder or the name of the one that ships.", perhaps_path=True
    )
    pixels: str | None = _option(
        None,
        "SCALE",
        "What the model was trained on: 0..1, 0..255, -1..1, or MEAN,STD that pixels were standardised by. Default: as "
        "its file says, else 0..1.",
    )
    invert: bool = _option(False, "", "It was trained on dark ink on a light background.")
    runtime: str | None = _option(
        None, "NAME", "ai-edge-litert, tflite-runtime or tensorflow. Default: the first that works."
    )
    threads: int = _option(1, "N", "CPU threads for one invoke.", min=1, max=256)
    min_confidence: float | None = _option(None, "P", "Refuse digits less sure than this.", min=0, max=1)

    window: bool | None = _option(None, "", "Show a window. Default: where there is a display.", group="Window")
    details: bool = _option(False, "", "Draw refused ink too, with the reason.")

    serve: str | None = _option(
        None,
        "[HOST:]PORT",
        "Show a web page there: picture, text, controls, API. On 127.0.0.1 unless HOST is given.",
        group="Web page",
    )
    token: str | None = _option(
        None,
        "TOKEN",
        "What the web page asks for, 8 characters or more beyond localhost. Default: nothing on localhost, else one "
        "that is made up.",
        secret=True,
    )

    events: str | None = _option(
        None,
        "FILE",
        "Add what appears, changes and goes to FILE, as JSON Lines, or as CSV to a .csv; - is stdout.",
        group="Events",
        path=True,
    )
    events_mb: float = _option(10.0, "MB", "Begin a new events file when it has grown to this.", min=0.001)
    events_files: int = _option(5, "N", "Keep so many events files that are full.", min=0)
    mqtt: str | None = _option(None, "URL", "Publish to a broker: mqtt://[USER:PASSWORD@]HOST[:PORT]/PREFIX, or mqtts.")
    mqtt_discovery: bool = _option(False, "", "Announce the reading to Home Assistant.")
    mqtt_commands: bool = _option(False, "", "Obey what is published to PREFIX/set: pause, snapshot, least confidence.")

    form: str | None = _option(
        None, "FILE", "Take pages of this form that are held still, once each, as a row.", group="Fields", path=True
    )
    region: str | None = _option(
        None,
        "NAME=X,Y,W,H",
        "Take the number there once it has held; NAME=X,Y,W,H:## with its pattern, several with ; between them.",
    )
    post: str | None = _option(None, "URL", "Post each row that is taken to this address, as JSON.", secret=True)

    record: str | None = _option(
        None,
        "PATH",
        "Record to a video (.mp4, .avi, .mkv, .webm), or to a folder, in files that replace the oldest.",
        group="Pictures",
        path=True,
    )
    record_on: str = _option(
        "always",
        "WHEN",
        "always, or demand: once r is pressed, in the window or on the web page.",
        choices=("always", "demand"),
    )
    record_raw: bool = _option(False, "", "Record frames as they come, with nothing drawn over them.")
    record_mb: float = _option(100.0, "MB", "In a folder, begin a new video when one has grown to this.", min=0.1)
    record_files: int = _option(10, "N", "In a folder, keep so many videos.", min=1)
    snapshots: str = _option("snapshots", "DIR", "Where snapshots go.", path=True)
    collect: str | None = _option(
        None,
        "DIR",
        "Keep each digit's crop with what the model read, for: mnist-edge train small --extra DIR",
        path=True,
    )

    force: bool = _option(False, "", "Replace what is there.")

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            try:
                object.__setattr__(self, option.name, accept(option, value))
            except ValueError as wanted:
                raise UsageError(f"{flag(option)} {shown(option, value)}: {wanted}") from None

    @property
    def max_pixels(self) -> int:
        """The most pixels that an image or a frame may have."""
        return round(self.max_megapixels * 1e6)


def flag(option: "Field[Any]") -> str:
    """Return a field's name on the command line."""
    return f"--{option.name.replace('_', '-')}"


def masked(option: "Field[Any]", value: Any) -> Any:
    """Return a setting as anybody may see it: without the token, and without the password in an address."""
    if option.metadata.get("secret") and value:
        return HIDDEN
    return mask(value) if isinstance(value, str) else value


def shown(option: "Field[Any]", value: Any) -> str:
    """Format a setting for a message: masked and shortened."""
    # Python refuses to print an integer of more than some thousand digits, but not in hexadecimal.
    text = hex(value) if type(value) is int and abs(value) > LARGEST else str(masked(option, value))
    return shortened(text.lower() if isinstance(value, bool) else mask_all(text))


def by_group() -> "dict[str, list[Field[Any]]]":
    """Return all fields in their order, by the heading that they stand under."""
    groups: dict[str, list[Field[Any]]] = {}
    heading = ""
    for option in fields(Settings):
        heading = option.metadata.get("group", heading)
        groups.setdefault(heading, []).append(option)
    return groups


def accept(option: "Field[Any]", value: object) -> Any:
    """Convert a value to the field's type: an integer may stand for text or a float, and empty text for None.

    Raises:
        ValueError: The value is not valid; the message says which values are.
    """
    if option.default is None and value in (None, ""):
        return None
    if isinstance(value, str) and "\0" in value:
        raise ValueError("leave out the zero byte, at which every name ends")
    kind = next(kind for kind in get_args(option.type) or (option.type,) if kind is not NoneType)
    choices, low, high = (option.metadata.get(key) for key in ("choices", "min", "max"))
    low, high = -LARGEST if low is None else low, LARGEST if high is None else high
    if type(value) is int and kind in (float, str) and abs(value) <= LARGEST:
        value = kind(value)
    if choices:
        valid, wanted = value in choices, f"choose {', '.join(map(str, choices[:-1]))} or {choices[-1]}"
    elif kind in (int, float):
        valid = isinstance(value, int | float) and low <= value <= high
        wanted = f"give a {'whole ' if kind is int else ''}number from {low:,} to {high:,}"
    else:
        valid, wanted = True, "give true or false" if kind is bool else "give text"
    # True is an int to Python, so that isinstance does not serve.
    if type(value) is not kind or not valid:
        raise ValueError(wanted)
    return value
