"""Pages as people bring them: how often each condition is met, and how strong it is."""

from typing import Any

import numpy as np

from mnist_edge.models.pages.conditions import LINE_INKS, LINES, SURFACES, Conditions
from mnist_edge.strokes import PAPERS, PENS, Colour

CHALKS: tuple[Colour, ...] = ((235, 240, 240), (150, 225, 240), (190, 180, 240))
BOARDS: tuple[Colour, ...] = ((58, 74, 48), (52, 50, 48), (40, 40, 38))


def random_conditions(rng: np.random.Generator) -> Conditions:
    """A page as people bring them: most on paper, some on boards and screens, about one in six without digits."""
    settings = _surface(rng) | _camera(rng)
    settings |= _nothing_to_read(rng) if rng.random() < 1 / 6 else _writing(rng)
    if settings["surface"] == "screen":
        settings |= {"desk": False, "folds": 0, "bleed": 0.0, "shadow": 0.0, "perspective": 0.0, "things": 0}
    elif settings["surface"] != "paper":
        settings |= {"folds": 0, "bleed": 0.0, "dry": min(settings.get("dry", 0.0), 0.3)}
    return Conditions(**settings)


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
        return found | colours | {"grain": 0.0, "opacity": 1.0, "dry": maybe(rng, 0.2, 0.2, 0.5)}
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
        "dry": maybe(rng, 0.25, 0.2, 0.6),
        "lines": str(rng.choice(LINES, p=(0.5, 0.22, 0.2, 0.08))),
        "line_ink": _colour(LINE_INKS, rng),
        "line_strength": float(rng.uniform(0.2, 0.95)),
        "folds": int(rng.choice([0, 1, 2], p=(0.8, 0.14, 0.06))),
        "bleed": maybe(rng, 0.15, 0.05, 0.18),
        "desk": rng.random() < 0.3,
    }


def _camera(rng: np.random.Generator) -> dict[str, Any]:
    """How it lies, in what light, through which camera."""
    return {
        "tilt": maybe(rng, 0.5, -10, 10),
        "perspective": maybe(rng, 0.4, 0.01, 0.06),
        "curl": maybe(rng, 0.3, -0.01, 0.01),
        "exposure": float(rng.uniform(0.65, 1.1)),
        "slope": float(rng.uniform(0, 0.35)),
        "vignette": maybe(rng, 0.4, 0.1, 0.5),
        "shadow": maybe(rng, 0.3, 0.2, 0.6),
        "cast": maybe(rng, 0.3, 0.02, 0.12),
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
        "groups": maybe(rng, 0.25, 0.1, 0.3),
        "touching": maybe(rng, 0.3, 0.1, 0.6),
        "retraced": maybe(rng, 0.07, 0.3, 1),
        "text": int(rng.integers(0, 5)) if distractors else 0,
        "signs": maybe(rng, 0.6, 0.1, 0.8) if distractors else 0.0,
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


def maybe(rng: np.random.Generator, probability: float, low: float, high: float) -> float:
    """Return a number evenly between the two with that probability, else 0."""
    value = float(rng.uniform(low, high))
    return value if rng.random() < probability else 0.0
