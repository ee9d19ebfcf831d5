"""Settings of crowded pages, each function one thing that photographs of writing show, as changes of `Conditions`."""

from typing import Any

import numpy as np

from mnist_edge.strokes import Colour

Changes = dict[str, Any]
STRONG_PAPERS: tuple[Colour, ...] = (  # yellow, orange, red, green, blue, pink, each as shops sell it
    (60, 220, 250), (40, 240, 250), (50, 150, 245), (40, 110, 235), (60, 60, 215), (90, 80, 235), (90, 200, 110),
    (120, 220, 150), (70, 170, 60), (225, 190, 120), (210, 150, 70), (190, 150, 245), (150, 190, 215),
)  # fmt: skip
GREYS: tuple[Colour, ...] = (  # stone, slate, boards, cardboard, cloth
    (120, 120, 120), (150, 152, 150), (165, 165, 160), (95, 95, 98), (75, 72, 70), (95, 130, 85), (80, 110, 60),
    (60, 95, 70), (85, 120, 160), (70, 100, 140), (105, 135, 165), (130, 120, 100), (140, 100, 80), (100, 80, 140),
)  # fmt: skip
LIGHT_INKS: tuple[Colour, ...] = ((245, 245, 245), (235, 240, 240), (200, 245, 250), (245, 225, 190), (215, 200, 250))
DARK_INKS: tuple[Colour, ...] = ((25, 25, 25), (40, 36, 36), (30, 25, 20), (95, 30, 15))
LAYOUT_SHARES = {
    "lines": 0.23, "squares": 0.15, "passage": 0.24, "framed": 0.12, "amount": 0.1, "sums": 0.09, "form": 0.07,
}  # fmt: skip
DRAWING_SHARES = {
    "manuscript": 0.42, "prose": 0.13, "shout": 0.11, "circuit": 0.11, "letters": 0.06, "diagram": 0.06, "keys": 0.04,
    "signature": 0.04, "music": 0.03,
}  # fmt: skip
PATTERN_NAMES = ("waves", "rosette", "halftone", "bricks", "weave", "wood", "code")


def _pick(shares: dict[str, float], rng: np.random.Generator) -> str:
    total = sum(shares.values())
    return str(rng.choice(list(shares), p=[share / total for share in shares.values()]))


def _shade(colours: tuple[Colour, ...], rng: np.random.Generator, spread: float) -> Colour:
    found = np.array(colours[int(rng.integers(len(colours)))]) + rng.normal(0, spread) + rng.normal(0, spread / 2, 3)
    blue, green, red = np.clip(found, 0, 255).astype(int).tolist()
    return blue, green, red


def _log(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def coloured(rng: np.random.Generator) -> Changes:
    """Dark ink on strong colours, light ink on greys and boards, pencil on grey, or white strokes as on a screen."""
    kind = rng.random()
    plain: Changes = {"surface": "paper", "bleed": 0.0, "dry": 0.0}
    if kind < 0.35:
        return plain | {"paper": _shade(STRONG_PAPERS, rng, 8), "ink": _shade(DARK_INKS, rng, 5), "opacity": 0.95}
    if kind < 0.7:
        grain = float(rng.choice([0.0, 0.2, 0.5]))
        light = {"paper": _shade(GREYS, rng, 8), "ink": _shade(LIGHT_INKS, rng, 6), "grain": grain}
        return plain | light | {"opacity": float(rng.uniform(0.75, 1)), "pen": _log(0.05, 0.18, rng), "lines": ""}
    if kind < 0.88:
        grey = int(rng.integers(120, 215))
        ink = max(25, grey - int(rng.integers(55, 110)))
        pencil = {"paper": (grey, grey, grey), "ink": (ink, ink, ink), "grain": float(rng.uniform(0.1, 0.4))}
        return plain | pencil | {"pen": _log(0.04, 0.1, rng), "opacity": 0.95, "noise": float(rng.uniform(0.5, 4))}
    colours = {"surface": "screen", "ink": (255, 255, 255), "paper": (0, 0, 0), "desk": False, "folds": 0, "bleed": 0.0}
    drawn = {"resolution": _log(0.06, 1, rng), "pen": _log(0.06, 0.2, rng), "lines": "", "opacity": 1.0, "grain": 0.0}
    return colours | drawn | {"size": _log(0.08, 0.9, rng)}


def marked(rng: np.random.Generator) -> Changes:
    """A highlighter over digits, or sticky notes under them."""
    paper = {"surface": "paper", "desk": False, "ink": _shade(DARK_INKS, rng, 5), "opacity": 0.95}
    if rng.random() < 0.5:
        return paper | {"highlighter": True, "paper": _shade(((238, 240, 240), (225, 232, 236)), rng, 6)}
    return paper | {"notes": True, "paper": _shade(((238, 240, 240), (200, 205, 205), (140, 170, 200)), rng, 8)}


def varied_hand(rng: np.random.Generator) -> Changes:
    """Typefaces leaning, wide or narrow, and bent, all letters of a page alike: many hands from one."""
    shape = {"slant": float(rng.uniform(-25, 30)), "stretch": _log(0.7, 1.5, rng)}
    return shape | {"wobble": float(rng.uniform(0, 0.03)), "sway": float(rng.uniform(0, 2 * np.pi))}


def patterned(rng: np.random.Generator) -> Changes:
    """A texture behind, fine as on bank paper where something is to be read."""
    name = str(rng.choice(PATTERN_NAMES[:3] if rng.random() < 0.7 else ("weave", "wood", "bricks")))
    return {"pattern": name, "pattern_strength": float(rng.uniform(0.06, 0.3))}


def scanned(rng: np.random.Generator) -> Changes:
    """A coarse scan: few pixels, ink or paper alone, coarse JPEG, blots."""
    even: Changes = {"shadow": 0.0, "vignette": 0.0, "slope": 0.05, "desk": False, "folds": 0, "cast": 0.0, "things": 0}
    ink: Changes = {"opacity": 1.0, "bleed": 0.0, "grain": 0.0, "exposure": 1.0, "pen": _log(0.06, 0.22, rng)}
    found = even | ink | {"resolution": _log(0.25, 1, rng), "jpeg": int(rng.integers(15, 95))}
    mode = str(rng.choice(["", "binary", "binary", "dither"]))
    if not mode:
        return found
    bright = {"surface": "paper", "paper": _shade(((238, 240, 240),), rng, 6), "ink": _shade(DARK_INKS, rng, 5)}
    return found | bright | {"scan": mode, "noise": float(rng.uniform(0, 5))}


def arranged(rng: np.random.Generator) -> Changes:
    """Digits in other places than rows."""
    layout = _pick(LAYOUT_SHARES, rng)
    rows, columns = int(rng.integers(1, 11)), int(rng.integers(2, 9))
    size = _log(0.08, 0.4, rng) if layout == "amount" else _log(0.03, 0.16, rng)
    found: Changes = {"layout": layout, "rows": rows, "columns": columns, "size": size, "text": 0}
    found |= {"lines": "", "spread": _log(0.03, 0.4, rng), "uneven": float(rng.choice([0.0, 0.0, 1.1]))}
    if layout == "amount" and rng.random() < 0.7:
        found |= patterned(rng)
    return found


def ledger(rng: np.random.Generator) -> Changes:
    """Rows of 5 to 14 digits that touch or cross, as in books of accounts."""
    rows, columns = int(rng.integers(1, 13)), int(rng.integers(5, 15))
    close = {"touching": 1 - 0.7 * float(rng.uniform()) ** 1.5, "spread": float(rng.uniform(0.01, 0.12)), "groups": 0.0}
    close["crossing"] = float(rng.choice([0.0, 0.06, 0.15]))
    lines = str(rng.choice(["", "ruled", "grid", "table"]))
    return close | {"rows": rows, "columns": columns, "size": _log(0.03, 0.12, rng), "lines": lines}


def unread(rng: np.random.Generator) -> Changes:
    """Pages without a digit: words, letters, drawings, or a texture alone."""
    found: Changes = {"rows": 0, "text": 0, "scribbles": 0, "things": 0}
    if rng.random() < 0.2:
        strength = float(rng.uniform(0.1, 0.95))
        return found | {"pattern": str(rng.choice(PATTERN_NAMES)), "pattern_strength": strength, "lines": ""}
    return found | {"layout": _pick(DRAWING_SHARES, rng), "size": _log(0.025, 0.2, rng), "pebbles": 0.0}
