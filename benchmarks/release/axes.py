"""The axis that accuracies are drawn on."""

from collections.abc import Iterable
from typing import Any


def accuracy_axis(axis: Any, ticks: Iterable[float], lowest: float, highest: float) -> None:
    """Let `axis` show errors in percent as accuracies, the better the higher.

    The scale is logarithmic in the error: from 99 to 99.5 % is as far as from 98 to 99 %, half the mistakes.

    Args:
        axis: matplotlib's, with errors in percent, above 0, on its y axis.
        ticks: Accuracies to name, percent.
        lowest: Accuracy at the lower end, percent.
        highest: At the upper end, below 100.
    """
    named = list(ticks)
    axis.set_yscale("log")
    axis.set_ylim(100 - lowest, 100 - highest)
    axis.set_yticks([100 - tick for tick in named], [f"{tick:g}" for tick in named])
    axis.set_yticks([], minor=True)
