"""What a generated page looks like: everything that makes handwriting easy or hard to read, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mnist_edge.errors import UsageError
from mnist_edge.models.pages import crowds
from mnist_edge.strokes import PAPERS, PENS, Colour

SURFACES = ("paper", "whiteboard", "chalkboard", "screen")
LINES = ("", "ruled", "grid", "table")
LAYOUTS = ("", *crowds.LAYOUT_SHARES, *crowds.DRAWING_SHARES)
PATTERNS = ("", *crowds.PATTERN_NAMES)
SCANS = ("", "binary", "dither")
LINE_INKS: tuple[Colour, ...] = ((205, 160, 120), (150, 120, 205), (150, 150, 150), (175, 165, 110), (90, 90, 90))
CHALKS: tuple[Colour, ...] = ((235, 240, 240), (150, 225, 240), (190, 180, 240))
BOARDS: tuple[Colour, ...] = ((58, 74, 48), (52, 50, 48), (40, 40, 38))


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a page is written, what is on it, how it lies and how it is photographed.

    Attributes:
        rows: Most lines of digits, 0 to 12; 0 is a page without digits.
        columns: Most digits a line, 1 to 30.
        size: Height of a digit as a share of the picture's, 0.02 to 0.9; never less than about four fifths of `least`.
        least: Least height of a digit before hand and perspective, which make some a fifth less, pixels, 12 to 20.
        pitch: From one line of writing to the next, in heights of a digit, 1.3 to 3.
        spread: Gap between neighbours, in heights of a digit, 0.05 to 1.5.
        groups: Probability that a word's gap follows a digit, 0 to 0.5.
        touching: Probability that a digit touches, crosses or shares a stroke with the one before, 0 to 1.
        crossing: How far such a digit reaches over the one before at most, in heights of a digit, 0 to 0.2.
        retraced: Probability that a digit is drawn three times over, 0 to 1.
        pen: Width of the stroke in heights of a digit, 0.02 (ball pen) to 0.2 (marker).
        pressure: How much that width varies, 0 to 1.
        dry: How often the ink fails, 0 to 1.
        grain: How much the roughness of the paper shows in the ink, 0 (wet) to 0.8 (chalk).
        opacity: Of the ink, 0.3 to 1.
        ink: The pen's colour.
        surface: One of `SURFACES`.
        paper: The surface's colour.
        lines: One of `LINES`.
        line_ink: Their colour.
        line_strength: Their opacity, 0.1 to 1.
        text: Lines of words, 0 to 30.
        signs: Probability that an operator or a letter follows a digit, 0 to 1.
        scribbles: How many, 0 to 20.
        clutter: Frames, brackets, arrows, circuits and the like, 0 to 40.
        digits: Name of the typeface of the digits; empty traces those of the data set.
        words: Name of the typeface of the words; empty writes strokes.
        bold: Pixels by which typefaces are bolder.
        slant: Degrees to the right by which typefaces of words lean, -25 to 30; those of digits lean half as much.
        stretch: Factor of the width of such words, 0.7 to 1.5; digits get its square root.
        wobble: How far the typefaces are bent, in heights of a digit, 0 to 0.03.
        sway: Which way they are, 0 to 2 pi.
        superscripts: Probability that a digit is small and raised, 0 to 1.
        things: Objects that lie about, 0 to 60.
        pebbles: Density of a texture that covers everything, 0 to 1.
        uneven: How much the heights on one line differ, 0 to 1.1 (1:3).
        layout: One of `LAYOUTS`; empty writes rows, the last nine are drawings without digits.
        highlighter: Whether bands of one run over the digits.
        notes: Whether the digits are on sticky notes.
        pattern: One of `PATTERNS`, behind everything.
        pattern_strength: How dark it is, 0 to 1.
        resolution: Pixels of the scanner to one of the picture, 0.05 to 1.
        scan: One of `SCANS`.
        tilt: Degrees clockwise, -10 to 10.
        perspective: How far a corner of the page is off, as a share of the picture, 0 to 0.1.
        curl: How far the page is bent up or down, as a share of the picture, -0.02 to 0.02.
        desk: Whether the edges of the sheet and what it lies on are seen.
        exposure: 0.3 (dim) to 1.1 (bright).
        slope: How much darker the far side is, 0 to 0.6.
        vignette: How much darker the corners are, 0 to 0.6.
        shadow: Depth of a cast shadow, 0 to 0.7.
        cast: How much the colour of the light changes across the page, 0 to 0.3.
        folds: Creases, 0 to 3.
        bleed: Strength of the writing on the back, 0 to 0.3.
        blur: Standard deviation, pixels, 0 to 5; at most 0.06 of a digit's height.
        noise: Standard deviation, grey levels, 0 to 12.
        jpeg: Quality, 20 to 100.
    """

    rows: int = 2
    columns: int = 5
    size: float = 0.12
    least: int = 20
    pitch: float = 1.8
    spread: float = 0.3
    groups: float = 0.0
    touching: float = 0.0
    crossing: float = 0.0
    retraced: float = 0.0
    pen: float = 0.08
    pressure: float = 0.2
    dry: float = 0.0
    grain: float = 0.1
    opacity: float = 0.95
    ink: Colour = PENS[0]
    surface: str = "paper"
    paper: Colour = PAPERS[0]
    lines: str = ""
    line_ink: Colour = LINE_INKS[0]
    line_strength: float = 0.5
    text: int = 0
    signs: float = 0.0
    scribbles: int = 0
    clutter: int = 0
    digits: str = ""
    words: str = ""
    bold: float = 0.0
    slant: float = 0.0
    stretch: float = 1.0
    wobble: float = 0.0
    sway: float = 0.0
    superscripts: float = 0.0
    things: int = 0
    pebbles: float = 0.0
    uneven: float = 0.0
    layout: str = ""
    highlighter: bool = False
    notes: bool = False
    pattern: str = ""
    pattern_strength: float = 0.2
    resolution: float = 1.0
    scan: str = ""
    tilt: float = 0.0
    perspective: float = 0.0
    curl: float = 0.0
    desk: bool = False
    exposure: float = 0.9
    slope: float = 0.1
    vignette: float = 0.0
    shadow: float = 0.0
    cast: float = 0.0
    folds: int = 0
    bleed: float = 0.0
    blur: float = 0.7
    noise: float = 2.0
    jpeg: int = 92

    def __post_init__(self) -> None:
        named = {"surface": SURFACES, "lines": LINES, "layout": LAYOUTS, "pattern": PATTERNS, "scan": SCANS}
        for name, known in named.items():
            if (value := getattr(self, name)) not in known:
                raise UsageError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
        if self.rows < 0 or self.columns < 1 or not 0 < self.size <= 1 or self.pen <= 0:
            raise UsageError(
                f"a page needs rows of 0 or more, columns of 1 or more, a size of 0 to 1 and a pen above 0, "
                f"not {self.rows}, {self.columns}, {self.size} and {self.pen}"
            )


def random_conditions(rng: np.random.Generator) -> Conditions:
    """A page as people bring them: most on paper, some on boards and screens, about one in six without digits."""
    settings = _surface(rng) | _camera(rng)
    settings |= _nothing_to_read(rng) if rng.random() < 1 / 6 else _writing(rng)
    if settings["surface"] == "screen":
        settings |= {"desk": False, "folds": 0, "bleed": 0.0, "shadow": 0.0, "perspective": 0.0, "things": 0}
    elif settings["surface"] != "paper":
        settings |= {"folds": 0, "bleed": 0.0, "dry": min(settings.get("dry", 0.0), 0.3)}
    return Conditions(**settings)


def _maybe(rng: np.random.Generator, probability: float, low: float, high: float) -> float:
    """Evenly between the two with that probability, else 0."""
    value = float(rng.uniform(low, high))
    return value if rng.random() < probability else 0.0


def _colour(colours: tuple[Colour, ...], rng: np.random.Generator, spread: float = 10) -> Colour:
    """One of them, lighter or darker and a little more or less of a hue."""
    varied = rng.normal(0, spread) + rng.normal(colours[int(rng.integers(len(colours)))], 0.5 * spread)
    blue, green, red = np.clip(varied, 0, 255).astype(int).tolist()
    return blue, green, red


def _surface(rng: np.random.Generator) -> dict[str, Any]:
    """What is written on, and with what."""
    surface = str(rng.choice(SURFACES, p=(0.78, 0.06, 0.08, 0.08)))
    pen = float(np.exp(rng.uniform(np.log(0.03), np.log(0.18))))
    found: dict[str, Any] = {"surface": surface, "pen": pen, "pressure": float(rng.uniform(0, 0.6))}
    if surface == "chalkboard":
        board = {"ink": _colour(CHALKS, rng), "paper": _colour(BOARDS, rng, 6), "grain": float(rng.uniform(0.4, 0.7))}
        return found | board | {"pen": max(pen, 0.06), "opacity": float(rng.uniform(0.65, 0.95))}
    if surface == "screen":
        dark, colour = rng.random() < 0.6, (0, 0, 0) if rng.random() < 0.6 else _colour(PENS, rng)
        colours = {"ink": (255, 255, 255), "paper": (0, 0, 0)} if dark else {"ink": colour, "paper": (255, 255, 255)}
        return found | colours | {"grain": 0.0, "opacity": 1.0, "dry": _maybe(rng, 0.2, 0.2, 0.5)}
    if surface == "whiteboard":
        return found | {
            "ink": _colour(PENS, rng),
            "paper": _colour(PAPERS[2:3], rng, 5),
            "pen": max(pen, 0.05),
            "grain": 0.0,
        }
    return found | {
        "ink": _colour(PENS, rng),
        "paper": _colour(PAPERS, rng, 8),
        "grain": float(rng.choice([0.0, 0.1, 0.25, 0.5], p=(0.4, 0.3, 0.2, 0.1))),
        "opacity": float(rng.uniform(0.6, 1)),
        "dry": _maybe(rng, 0.25, 0.2, 0.6),
        "lines": str(rng.choice(LINES, p=(0.5, 0.22, 0.2, 0.08))),
        "line_ink": _colour(LINE_INKS, rng),
        "line_strength": float(rng.uniform(0.2, 0.95)),
        "folds": int(rng.choice([0, 1, 2], p=(0.8, 0.14, 0.06))),
        "bleed": _maybe(rng, 0.15, 0.05, 0.18),
        "desk": rng.random() < 0.3,
    }


def _camera(rng: np.random.Generator) -> dict[str, Any]:
    """How it lies, in what light, through which camera."""
    return {
        "tilt": _maybe(rng, 0.5, -10, 10),
        "perspective": _maybe(rng, 0.4, 0.01, 0.06),
        "curl": _maybe(rng, 0.3, -0.01, 0.01),
        "exposure": float(rng.uniform(0.65, 1.1)),
        "slope": float(rng.uniform(0, 0.35)),
        "vignette": _maybe(rng, 0.4, 0.1, 0.5),
        "shadow": _maybe(rng, 0.3, 0.2, 0.6),
        "cast": _maybe(rng, 0.3, 0.02, 0.12),
        "blur": float(rng.choice([0.5, 0.8, 1.2, 2.0, 3.5], p=(0.3, 0.3, 0.2, 0.12, 0.08))),
        "noise": float(rng.uniform(0.5, 7)),
        "jpeg": int(rng.integers(40, 98)),
    }


def _writing(rng: np.random.Generator) -> dict[str, Any]:
    """How many digits, how large, and what is written among them."""
    kinds = (  # probability, rows, columns, size
        (0.14, (1, 1), (1, 1), (0.3, 0.9)),
        (0.28, (1, 1), (2, 7), (0.06, 0.4)),
        (0.38, (2, 6), (3, 12), (0.03, 0.13)),
        (0.20, (3, 10), (4, 16), (0.02, 0.05)),
    )
    _, rows, columns, size = kinds[int(rng.choice(len(kinds), p=[kind[0] for kind in kinds]))]
    distractors = rng.random() < 0.4
    return {
        "rows": int(rng.integers(rows[0], rows[1] + 1)),
        "columns": int(rng.integers(columns[0], columns[1] + 1)),
        "size": float(np.exp(rng.uniform(*np.log(size)))),
        "pitch": float(rng.uniform(1.4, 2.4)),
        "spread": float(np.exp(rng.uniform(np.log(0.1), np.log(0.9)))),
        "groups": _maybe(rng, 0.25, 0.1, 0.3),
        "touching": _maybe(rng, 0.3, 0.1, 0.6),
        "retraced": _maybe(rng, 0.07, 0.3, 1),
        "text": int(rng.integers(0, 5)) if distractors else 0,
        "signs": _maybe(rng, 0.6, 0.1, 0.8) if distractors else 0.0,
        "scribbles": int(rng.integers(0, 3)) if distractors else 0,
        "things": int(rng.integers(1, 3)) if rng.random() < 0.15 else 0,
    }


def _nothing_to_read(rng: np.random.Generator) -> dict[str, Any]:
    """Pictures without digits: text, lines alone, scribbles, objects, textures, an empty sheet."""
    kinds: tuple[dict[str, Any], ...] = (
        {"text": int(rng.integers(1, 15)), "size": float(rng.uniform(0.025, 0.1))},
        {"text": int(rng.integers(10, 25)), "size": float(rng.uniform(0.02, 0.04)), "lines": "ruled"},
        {"lines": str(rng.choice(LINES[1:3])), "size": float(rng.uniform(0.03, 0.15))},
        {"scribbles": int(rng.integers(1, 12))},
        {"things": int(rng.integers(4, 50))},
        {"pebbles": float(rng.uniform(0.2, 1)), "things": int(rng.integers(0, 3))},
        {},
    )
    return {"rows": 0} | kinds[int(rng.integers(len(kinds)))]


def crowded_conditions(
    rng: np.random.Generator, hands: Sequence[str] = (), prints: Sequence[str] = (), scripts: Sequence[str] = ()
) -> Conditions:
    """A page as photographs show it where finding is hard: other hands, print, frames, dense words, digits that touch.

    Args:
        rng: Decides all.
        hands: Names of typefaces that imitate handwriting.
        prints: Names of typefaces that are print.
        scripts: Names of typefaces without Latin letters, for words alone.
    """
    page = random_conditions(rng)
    changes: dict[str, Any] = {}
    if rng.random() < 0.4:
        changes["clutter"] = int(rng.integers(1, 14))
    if hands and rng.random() < 0.3:
        changes["digits"] = str(rng.choice(hands))
    if (hands or prints) and rng.random() < 0.8:
        faces = hands if hands and (not prints or rng.random() < 0.7) else prints
        changes |= {"words": str(rng.choice(faces)), "bold": _maybe(rng, 0.3, 0.5, 2.5)}
    if scripts and rng.random() < 0.18:
        changes["words"] = str(rng.choice(scripts))
    if ("words" in changes or "digits" in changes) and rng.random() < 0.7:
        changes |= crowds.varied_hand(rng)
    changes |= {"least": int(rng.integers(12, 21))} if rng.random() < 0.3 else {}
    if page.rows and rng.random() < 0.9:
        changes |= _crowded_rows(page, rng)
    else:
        changes |= crowds.unread(rng) if rng.random() < 0.75 or page.rows else _words_alone(rng)
    if changes.get("layout") in ("passage", "manuscript"):
        # More would close small letters.
        changes["bold"] = min(changes.get("bold", 0.0), 0.7)
    return replace(page, **changes | _crowded_look(rng, bool(changes.get("rows", page.rows))))


def _crowded_rows(page: Conditions, rng: np.random.Generator) -> dict[str, Any]:
    """Where the digits are, and what is among them."""
    if rng.random() < 0.4:
        return crowds.arranged(rng)
    if rng.random() < 0.33:
        return crowds.ledger(rng)
    changes: dict[str, Any] = {"uneven": 1.1} if rng.random() < 0.08 else {}
    if rng.random() < 0.3:
        changes |= {"touching": float(rng.uniform(0.15, 0.9)), "spread": float(rng.uniform(0.02, 0.3))}
    if rng.random() < 0.35:
        changes["text"] = int(rng.integers(1, 12))
    if rng.random() < 0.12:
        changes["superscripts"] = float(rng.uniform(0.1, 0.5))
    if page.surface == "paper" and rng.random() < 0.25:
        changes |= {"lines": str(rng.choice(LINES[1:])), "line_strength": float(rng.uniform(0.4, 1.0))}
    return changes


def _words_alone(rng: np.random.Generator) -> dict[str, Any]:
    """A few lines of words, or what `random_conditions` chose."""
    size = float(np.exp(rng.uniform(np.log(0.025), np.log(0.3))))
    return {"text": int(rng.integers(2, 31)), "size": size} if rng.random() < 0.5 else {}


def _crowded_look(rng: np.random.Generator, digits: bool) -> dict[str, Any]:
    """What the page is made of and how it came to be a picture; half of the pages stay as they are."""
    kind = rng.random()
    if kind < 0.26:
        return crowds.coloured(rng)
    if kind < 0.34:
        return crowds.marked(rng) if digits else crowds.coloured(rng)
    if kind < 0.41:
        return crowds.patterned(rng)
    return crowds.scanned(rng) if kind < 0.55 else {}
