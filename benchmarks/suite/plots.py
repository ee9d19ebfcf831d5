"""Pictures of a session."""

from collections.abc import Sequence
from pathlib import Path

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
