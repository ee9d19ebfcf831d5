"""Judge the values of a page again by what people have said of some of them."""

import json
from dataclasses import replace
from typing import Any

from mnist_edge.camera.forms.form import Sum
from mnist_edge.camera.forms.page_file import PageFile
from mnist_edge.camera.forms.sums import adds_up, apply_sum
from mnist_edge.camera.forms.values import READ, UNREADABLE, FieldReading, settle

# How sure it is what a person has said.
SAID = 0.999


def recheck(pages: PageFile, page: int) -> list[int]:
    """Apply the sums of a form to one page anew; what people have said stays as it is.

    Args:
        pages: The file, in the middle of a change of it.
        page: The page's number.

    Returns:
        The numbers of the readings that have changed.
    """
    before, said, numbers = _readings(pages, page)
    after = {name: own for name, (own, _) in before.items()}
    for rule in pages.sums:
        after = apply_sum(rule, after)
    changed = []
    for name, (_, kept) in before.items():
        new = settle(after[name], pages.min_trust)
        if name in said or _columns(new) == _columns(kept):
            continue
        pages.database.execute(
            "UPDATE readings SET value = ?, trust = ?, outcome = ?, reason = ?, settled = ?, alternatives = ? "
            "WHERE number = ?",
            (*_columns(new), json.dumps(new.alternatives[:3]), numbers[name]),
        )
        changed.append(numbers[name])
    return changed


def broken_sum(pages: PageFile, page: int, name: str, value: str) -> Sum | None:
    """Return a sum of which people have said all values, and that a new value of one of them would break."""
    _, said, _ = _readings(pages, page)
    said = said | {name: value}
    for rule in pages.sums:
        values = [said.get(one) for one in (*rule.parts, rule.total)]
        if name in (*rule.parts, rule.total) and None not in values and adds_up([one or "" for one in values]) is False:
            return rule
    return None


Found = tuple[dict[str, tuple[FieldReading, FieldReading]], dict[str, str], dict[str, int]]


def _readings(pages: PageFile, page: int) -> Found:
    """Return each reading by itself and as it is kept, what people have said, and the numbers, all by the name."""
    both, said, numbers = {}, {}, {}
    rows = pages.database.execute(
        "SELECT readings.number, name, own, answer, value, trust, outcome, reason, settled FROM readings "
        "JOIN fields ON fields.number = field WHERE page = ? ORDER BY field",
        (page,),
    )
    for number, name, own, answer, value, trust, outcome, reason, _ in rows:
        kept = FieldReading(name, value, trust, outcome, reason)
        text, sure, how, why, others = json.loads(own)
        by_itself = FieldReading(name, text, sure, how, why, tuple((other, share) for other, share in others))
        numbers[name] = number
        if answer is not None:
            said[name] = answer
            by_itself = replace(by_itself, value=answer, trust=SAID, outcome=READ, alternatives=())
            if adds_up([answer]) is None:
                # Whatever else people have written there, it is no number.
                by_itself = replace(by_itself, outcome=UNREADABLE)
        both[name] = by_itself, kept
    return both, said, numbers


def _columns(reading: FieldReading) -> tuple[Any, ...]:
    return reading.value, round(reading.trust, 4), reading.outcome, reading.reason, reading.settled
