"""Everything that `mnist-edge camera` can be told: each field is a flag and a key of the configuration file."""

from dataclasses import Field, dataclass, field, fields
from types import NoneType
from typing import Any, get_args

from mnist_edge.errors import UsageError
from mnist_edge.safe_text import HIDDEN, mask, mask_all, shortened

# Of any number that has no narrower limit: what is computed from it still fits 64 bits.
LARGEST = 1_000_000_000


def _option(default: Any, metavar: str, help: str, **more: Any) -> Any:
    """A field with what the command line says of it.

    `more` are the limits `min` and `max`, or the `choices`; `group` where a group of settings begins; `path` where a
    text is always a path, `perhaps_path` where it may be one, and `secret` where nobody else should read it.
    """
    return field(default=default, metadata={"metavar": metavar, "help": help, **more})


@dataclass(frozen=True, slots=True)
class Settings:
    """What to read, how, and where the results go. The metadata of each field explains it.

    Raises:
        UsageError: A value is not of the field's type, beyond its limits or none of its choices.
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
    rate: float | None = _option(None, "FPS", "Ask the camera for so many frames a second.", min=0.1, max=240)
    rotate: int = _option(0, "DEGREES", "Turn frames clockwise: 0, 90, 180 or 270.", choices=(0, 90, 180, 270))
    flip: str = _option(
        "none",
        "AXIS",
        "Mirror frames: none, horizontal, vertical or both; after turning.",
        choices=("none", "horizontal", "vertical", "both"),
    )
    crop: str | None = _option(None, "X,Y,W,H", "Read only this part of a frame, in pixels; after --rotate and --flip.")
    timeout: float = _option(
        10.0, "SECONDS", "How long opening, or waiting for a frame, may take.", min=0.1, max=86_400
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
        """The most pixels that a picture or a frame may have."""
        return round(self.max_megapixels * 1e6)


def flag(option: "Field[Any]") -> str:
    """A field's name on the command line."""
    return f"--{option.name.replace('_', '-')}"


def masked(option: "Field[Any]", value: Any) -> Any:
    """A setting as anybody may see it: without the token, and without what may be secret in an address."""
    if option.metadata.get("secret") and value:
        return HIDDEN
    return mask(value) if isinstance(value, str) else value


def shown(option: "Field[Any]", value: Any) -> str:
    """A setting in a message: masked, and not at any length."""
    # A number of many digits has no decimal form in Python, but has a hexadecimal one.
    text = hex(value) if type(value) is int and abs(value) > LARGEST else str(masked(option, value))
    text = text.lower() if isinstance(value, bool) else mask_all(text)
    return shortened(text)


def by_group() -> "dict[str, list[Field[Any]]]":
    """All fields in their order, by the heading that they stand under."""
    groups: dict[str, list[Field[Any]]] = {}
    heading = ""
    for option in fields(Settings):
        heading = option.metadata.get("group", heading)
        groups.setdefault(heading, []).append(option)
    return groups


def accept(option: "Field[Any]", value: object) -> Any:
    """A value as the field holds it: whole numbers are numbers, and serve as text; no text is none where it may be.

    Raises:
        ValueError: It is none; the message says what is wanted.
    """
    kind = _kind(option)
    if option.default is None and value in (None, ""):
        return None
    if isinstance(value, str) and "\0" in value:
        raise ValueError("leave out the zero byte, at which every name ends")
    # Python makes no text of a number of many digits, and no floating-point number.
    if type(value) is int and kind in (float, str) and abs(value) <= LARGEST:
        value = kind(value)
    # True is an int to Python, but nobody wants that many frames.
    if type(value) is not kind or not _within(option, value):
        raise ValueError(_wanted(option))
    return value


def _kind(option: "Field[Any]") -> type:
    kinds: tuple[type, ...] = get_args(option.type) or (option.type,)
    return next(kind for kind in kinds if kind is not NoneType)


def _within(option: "Field[Any]", value: Any) -> bool:
    choices = option.metadata.get("choices")
    if choices:
        return value in choices
    if isinstance(value, int | float):
        low, high = _limits(option)
        return low <= value <= high
    return True


def _limits(option: "Field[Any]") -> tuple[float, float]:
    return option.metadata.get("min", -LARGEST), option.metadata.get("max", LARGEST)


def _wanted(option: "Field[Any]") -> str:
    choices = option.metadata.get("choices")
    if choices:
        *most, last = map(str, choices)
        return f"choose {', '.join(most)} or {last}"
    kind, (low, high) = _kind(option), _limits(option)
    if kind in (int, float):
        return f"give a {'whole ' if kind is int else ''}number from {low:,} to {high:,}"
    return "give true or false" if kind is bool else "give text"
