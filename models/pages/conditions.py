"""What a generated page looks like: everything that makes handwriting easy or hard to read, as numbers."""

from dataclasses import dataclass

from mnist_edge.errors import UsageError
from mnist_edge.models.pages import crowds
from mnist_edge.strokes import PAPERS, PENS, Colour

SURFACES = ("paper", "whiteboard", "chalkboard", "screen")
LINES = ("", "ruled", "grid", "table")
LAYOUTS = ("", *crowds.LAYOUT_SHARES, *crowds.DRAWING_SHARES)
PATTERNS = ("", *crowds.PATTERN_NAMES)
SCANS = ("", "binary", "dither")
LINE_INKS: tuple[Colour, ...] = ((205, 160, 120), (150, 120, 205), (150, 150, 150), (175, 165, 110), (90, 90, 90))


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
