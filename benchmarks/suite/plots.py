"""Pictures of a session."""

from collections.abc import Sequence
from pathlib import Path

from mnist_edge.benchmarks.suite.picture_engines import OURS
from mnist_edge.benchmarks.suite.picture_results import PictureRow
from mnist_edge.benchmarks.suite.results import Row
from mnist_edge.models.plots import new_figure, save_figure

_COLOURS = {"faster": "tab:green", "slower": "tab:blue", "no difference": "tab:gray", "": "black"}


def plot_network(rows: Sequence[Row], title: str, path: Path) -> None:
    """Draw how many times as long as our int8 file each takes, with its interval, on a logarithmic axis."""
    figure, axis = new_figure(9, 0.32 * len(rows) + 1.4)
    shown = list(rows)[::-1]
    for place, row in enumerate(shown):
        middle, low, high = (row.to_ours.median, row.to_ours.low, row.to_ours.high) if row.to_ours else (1.0, 1.0, 1.0)
        colour = _COLOURS[row.verdict]
        axis.plot([low, high], [place, place], color=colour, linewidth=2)
        axis.plot(middle, place, "o", color=colour)
        axis.annotate(f"{row.invoke_us:,.1f} us", (high, place), (6, -3), textcoords="offset points", fontsize=8)
    axis.set_yticks(range(len(shown)), [f"{row.engine}, {row.precision}" for row in shown], fontsize=8)
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set(title=title, xscale="log", xlabel="times as long as int8 in ai-edge-litert, and the median time of a run")
    axis.grid(axis="x", alpha=0.3)
    axis.margins(x=0.15)
    axis.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def plot_pictures(rows: Sequence[PictureRow], title: str, path: Path) -> None:
    """Draw how well each engine reads, F1, with the time that a picture takes beside it."""
    figure, axis = new_figure(6.4, 0.45 * len(rows) + 1.6)
    shown = list(rows)[::-1]
    for place, row in enumerate(shown):
        colour = "tab:green" if row.engine == OURS else "tab:blue"
        axis.barh(place, row.score.f1, color=colour, height=0.6)
        times = f", {row.to_ours.median:.3g} times ours" if row.to_ours else ""
        axis.annotate(
            f"{row.score.f1:.3f}, {row.cpu_ms:,.0f} ms{times}", (row.score.f1, place), (6, -3),
            textcoords="offset points", fontsize=10,
        )  # fmt: skip
    axis.set_yticks(range(len(shown)), [row.engine for row in shown], fontsize=10)
    axis.set(title=title, xlabel="F1, and the processor's time of a median picture", xlim=(0, 1.9))
    axis.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axis.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)
