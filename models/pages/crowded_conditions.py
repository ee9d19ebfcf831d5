"""Pages where digits are hard to find: `random_conditions`, and on top of them what `crowds` has."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mnist_edge.models.pages import crowds
from mnist_edge.models.pages.conditions import LINES, Conditions
from mnist_edge.models.pages.random_conditions import maybe, random_conditions


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
        changes |= {"words": str(rng.choice(faces)), "bold": maybe(rng, 0.3, 0.5, 2.5)}
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
        # As dark as the pen, so that only their course tells them from strokes.
        changes |= {"line_ink": page.ink, "line_strength": page.opacity} if rng.random() < 0.3 else {}
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
