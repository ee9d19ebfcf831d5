"""What models refuse: held-out non-digits, kind by kind, against digits.

Run as `python -m mnist_edge.benchmarks.release refusal MODEL...`; prints one JSON list, one object a model. The digits
are the test images. The non-digits are drawn with a seed that no training has, and those made of digits (pairs, pieces)
come from the validation images; letters are in the typefaces of the training, in other sizes, pens and pairs.
"""

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.harness.tool import run_tool, tool_parser
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset, load
from mnist_edge.errors import CheckFailed
from mnist_edge.evaluate import CHUNK
from mnist_edge.models.non_digits import KINDS, non_digits
from mnist_edge.models.plots import new_figure, save_figure
from mnist_edge.refusal import TradeOff, at_threshold, choose_threshold, digit_score, trade_off

SEED = 20_261
# Of each kind, so that each weighs the same.
COUNT = 1_000
# Most digits that a model may refuse; where its file has no threshold, kinds are told at this one.
MAX_REFUSED_DIGITS = 0.003

NonDigits = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one model refuses.

    Attributes:
        model: Its name.
        file: Where it is.
        runtime: What ran it.
        temperature: Its own; the scores are of calibrated probabilities.
        from_file: Whether the threshold of `chosen` is the file's own; else it refuses 0.3 % of these digits.
        digits: How many test images were shown.
        non_digits: How many non-digits were shown, all kinds together.
        chosen: What the threshold does.
        by_kind: Share of each kind that it refuses, 0 to 1.
        curve: The trade-off at other thresholds.
    """

    model: str
    file: str
    runtime: str
    temperature: float
    from_file: bool
    digits: int
    non_digits: int
    chosen: TradeOff
    by_kind: dict[str, float]
    curve: tuple[TradeOff, ...]

    @property
    def holds(self) -> bool:
        """Whether no more than 0.3 % of the digits are refused."""
        return self.chosen.refused_digits <= MAX_REFUSED_DIGITS

    def to_json(self) -> dict[str, Any]:
        """One object of the list that is printed."""
        return asdict(self) | {"holds": self.holds}


def held_out_non_digits(data: Dataset, count: int = COUNT, seed: int = SEED) -> NonDigits:
    """`count` non-digits of each kind, shape (count, 28, 28), made of no image that was trained on."""
    split = data.with_validation(VALIDATION_IMAGES).validation
    return {kind: non_digits(split, seed, count, kind) for kind in KINDS}


def measure_refusal(
    model: str | Path, digits: NDArray[np.uint8], strangers: NonDigits, runtime: str | None = None
) -> Refusal:
    """Show a model digits and non-digits.

    Args:
        model: A `.tflite` file or the name of a model that ships.
        digits: Shape (n, 28, 28, 1).
        strangers: From `held_out_non_digits`.
        runtime: As for `Classifier`.

    Raises:
        ModelError: It cannot be run.
    """
    classifier = Classifier(model, runtime=runtime)
    digit_scores = _scores(classifier, digits)
    by_kind = {kind: _scores(classifier, images) for kind, images in strangers.items()}
    all_kinds = np.concatenate(list(by_kind.values()))
    own = classifier.refusal_threshold
    threshold = choose_threshold(digit_scores, MAX_REFUSED_DIGITS) if own is None else own
    return Refusal(
        model=classifier.name,
        file=classifier.path.name,
        runtime=classifier.runtime,
        temperature=classifier.temperature,
        from_file=own is not None,
        digits=len(digit_scores),
        non_digits=len(all_kinds),
        chosen=at_threshold(digit_scores, all_kinds, threshold),
        by_kind={kind: float((scores < threshold).mean()) for kind, scores in by_kind.items()},
        curve=trade_off(digit_scores, all_kinds),
    )


def _scores(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    parts = [classifier.probabilities(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
    return digit_score(np.concatenate(parts))


def plot_refusal(found: Sequence[Refusal], path: Path) -> None:
    """Refused non-digits against refused digits, in percent: a line a model, a ring at its own threshold.

    Args:
        found: One result a model.
        path: The PNG to write.
    """
    figure, axis = new_figure(6.4, 4.6)
    for one in found:
        # A logarithm has no place for thresholds that refuse no digit.
        rows = [(100 * row.refused_digits, 100 * row.refused_non_digits) for row in one.curve if row.refused_digits]
        (line,) = axis.plot([x for x, _ in rows], [y for _, y in rows], ".-", label=one.file.removesuffix(".tflite"))
        chosen = 100 * one.chosen.refused_digits, 100 * one.chosen.refused_non_digits
        axis.plot(*chosen, "o", markersize=10, fillstyle="none", color=line.get_color())
    axis.axvline(100 * MAX_REFUSED_DIGITS, color="grey", linestyle=":", label="most allowed")
    axis.set_xscale("log")
    axis.set(xlabel="digits refused, % of the test images", ylabel="non-digits refused, %")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.grid(alpha=0.3)
    axis.legend()
    save_figure(figure, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each model refuses; exit code 3 where one refuses more than 0.3 % of the digits."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("models", nargs="+", metavar="MODEL", help="a name that ships, or a file")
    return run_tool(parser, _measure, arguments)


def _measure(options: Namespace) -> None:
    data = load()
    strangers = held_out_non_digits(data)
    found = [measure_refusal(model, data.test.images, strangers) for model in options.models]
    print(json.dumps([one.to_json() for one in found], indent=2))
    if greedy := [one.model for one in found if not one.holds]:
        raise CheckFailed(f"{', '.join(greedy)}: more than {MAX_REFUSED_DIGITS:.1%} of the digits are refused")
