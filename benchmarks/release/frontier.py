"""Accuracy against what it costs: ours, the classic recipes and what others publish, as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from mnist_edge.models.plots import new_figure, save_figure
from mnist_edge.optional_packages import require

TICKS = (97.5, 98, 98.5, 99, 99.2, 99.4, 99.5, 99.6, 99.7, 99.8, 99.9)
# Percent, the lower and the upper end of the axis.
RANGE = (97.2, 99.93)
# The processor of a Raspberry Pi 4.
CPU = "cortex-a72"
_STYLES: dict[str, dict[str, Any]] = {
    "this project": {"color": "tab:red", "marker": "o", "markersize": 9},
    "classic recipes, measured here": {"color": "tab:blue", "marker": "s"},
    "published": {"color": "dimgrey", "marker": "D"},
    "published, one byte for each parameter": {"color": "dimgrey", "marker": "D", "fillstyle": "none"},
}

# Pixels from the middle of a mark to its rim, and some more.
_MARK = 8
# Offset of a text from its mark in points, then its alignment.
_SIDES = (
    ((8, 0), "left", "center"),
    ((-8, 0), "right", "center"),
    ((0, 8), "center", "bottom"),
    ((0, -8), "center", "top"),
    ((7, 7), "left", "bottom"),
    ((7, -7), "left", "top"),
    ((-7, 7), "right", "bottom"),
    ((-7, -7), "right", "top"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One network in a panel.

    Attributes:
        name: The text beside its mark.
        group: Its name in the legend.
        cost: Bytes or instructions.
        accuracies: Percent: first of the network itself, where its mark is, then of other seeds.
    """

    name: str
    group: str
    cost: float
    accuracies: tuple[float, ...]


def accuracy_axis(axis: Any, ticks: Sequence[float], lowest: float, highest: float) -> None:
    """Let an axis with errors show accuracies, the better the higher.

    The scale is logarithmic in the error: from 99 to 99.5 % is as far as from 98 to 99 %, half the mistakes.

    Args:
        axis: Axes of matplotlib, with errors in percent, above 0, on the y axis.
        ticks: Accuracies to name, percent.
        lowest: Accuracy at the lower end, percent.
        highest: Accuracy at the upper end, below 100.
    """
    axis.set_yscale("log")
    axis.set_ylim(100 - lowest, 100 - highest)
    axis.set_yticks([100 - tick for tick in ticks], [f"{tick:g}" for tick in ticks])
    axis.set_yticks([], minor=True)


def points_by_bytes(released: dict[str, Any], recipes: dict[str, Any], published: list[dict[str, Any]]) -> list[Point]:
    """Return every network whose size is known, or the number of its parameters, from the three documents."""
    ours, classic, measured, guessed = _STYLES
    points = [
        Point(name, ours, figures["files"]["int8"]["bytes"], _accuracies(figures)) for name, figures in released.items()
    ]
    for recipe in recipes["recipes"]:
        points.append(Point(recipe["recipe"], classic, recipe["int8_bytes"], _mean_of(recipe)))
    for row in published:
        cost = row["bytes"] or row["parameters"]
        if cost:
            group = measured if row["bytes"] else guessed
            points.append(Point(row["name"], group, cost, (row["accuracy_percent"],)))
    return points


def points_by_instructions(
    released: dict[str, Any], recipes: dict[str, Any], instructions: dict[str, dict[str, int]]
) -> list[Point]:
    """Return every network whose instructions were counted."""
    ours, classic, *_ = _STYLES
    counts = instructions.get(CPU, {})
    points = [
        Point(name, ours, counts[name], _accuracies(figures)) for name, figures in released.items() if name in counts
    ]
    for recipe in recipes["recipes"]:
        if recipe["recipe"] in counts:
            points.append(Point(recipe["recipe"], classic, counts[recipe["recipe"]], _mean_of(recipe)))
    return points


def plot_frontier(by_bytes: list[Point], by_instructions: list[Point], path: Path, line: tuple[str, float]) -> None:
    """Draw two panels: accuracy against bytes and against instructions.

    Args:
        by_bytes: As `points_by_bytes` gives them.
        by_instructions: As `points_by_instructions` gives them.
        path: The picture to write.
        line: Name and accuracy, percent, of what has no known cost.
    """
    figure, axes = new_figure(12, 5.6, columns=2)
    for axis, points in zip(axes, (by_bytes, by_instructions), strict=True):
        accuracy_axis(axis, TICKS, *RANGE)
        axis.axhline(100 - line[1], color="dimgrey", linestyle="--", linewidth=0.8)
        place = {"xy": (0.02, 100 - line[1]), "xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        axis.annotate(f"{line[0]}, {line[1]:g}", **place, xytext=(0, 3), size=8, color="dimgrey")
        _cost_axis(axis, [point.cost for point in points])
        for point in points:
            _mark(axis, point)
    axes[0].set(xlabel="size, bytes", ylabel="accuracy on the MNIST test images, %")
    axes[1].set(xlabel="instructions an image on a Raspberry Pi 4, emulated")
    figure.legend(*_legend(axes[0]), loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    # Labels go where there is free space, which only a drawn figure shows.
    figure.canvas.draw()
    for axis, points in zip(axes, (by_bytes, by_instructions), strict=True):
        _label(axis, points)
    save_figure(figure, path)


def _cost_axis(axis: Any, costs: list[float]) -> None:
    axis.set_xscale("log")
    # A third and three times leave space for the labels on both sides.
    axis.set_xlim(min(costs, default=1e6) / 3, max(costs, default=1e6) * 3)
    steps = [digit * 10**power for power in range(3, 8) for digit in (1, 2, 5)]
    low, high = axis.get_xlim()
    shown = [step for step in steps if low <= step <= high]
    axis.set_xticks(shown, [f"{step / 1e6:g} M" if step >= 1e6 else f"{step / 1e3:g} k" for step in shown])
    axis.set_xticks([], minor=True)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)


def _mark(axis: Any, point: Point) -> None:
    style = {"linestyle": "none", **_STYLES[point.group]}
    errors = _errors(point)
    axis.plot([point.cost] * 2, [min(errors), max(errors)], color=style["color"], linewidth=2)
    axis.plot(point.cost, errors[0], label=point.group, **style)


def _label(axis: Any, points: list[Point]) -> None:
    """Write each name beside its mark, on the first side where it hides neither a mark nor a name."""
    marks = [axis.transData.transform((point.cost, _errors(point)[0])) for point in points]
    box_of = require("matplotlib.transforms", extra="train").Bbox.from_extents
    taken = [box_of(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in marks]
    for point in points:
        texts = [
            axis.annotate(
                point.name, (point.cost, _errors(point)[0]), offset, textcoords="offset points", size=8,
                ha=across, va=upright, color=_STYLES[point.group]["color"], in_layout=False,
            )
            for offset, across, upright in _SIDES
        ]  # fmt: skip
        boxes = [text.get_window_extent() for text in texts]
        free = [k for k, box in enumerate(boxes) if not box.count_overlaps(taken) and _within(box, axis.bbox)]
        chosen = free[0] if free else 0
        taken.append(boxes[chosen])
        for index, text in enumerate(texts):
            if index != chosen:
                text.remove()


def _within(box: Any, frame: Any) -> bool:
    return bool(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1)


def _legend(axis: Any) -> tuple[list[Any], list[str]]:
    handles = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    ordered = [name for name in _STYLES if name in handles]
    return [handles[name] for name in ordered], ordered


def _errors(point: Point) -> list[float]:
    return [100 - accuracy for accuracy in point.accuracies]


def _accuracies(figures: dict[str, Any]) -> tuple[float, ...]:
    others = (run for run in figures["seeds"] if run["seed"] != figures["shipped_seed"])
    return 100 * figures["files"]["int8"]["accuracy"], *(100 * run["int8_accuracy"] for run in others)


def _mean_of(recipe: dict[str, Any]) -> tuple[float, ...]:
    return (100 * mean(run["int8_accuracy"] for run in recipe["runs"]),)
