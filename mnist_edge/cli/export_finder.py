"""What `mnist-edge export` does with a finder."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_edge.confidence import Confidence
    from mnist_edge.converters.finder import ExportedFinder
    from mnist_edge.converters.finder_graph import FinderLevels
    from mnist_edge.dataset import Dataset
    from mnist_edge.progress import Progress

# Pages that confidence is fitted and measured on: as crowded as those of training, and plain ones with fewer digits.
CROWDED, PLAIN = 3_000, 2_400
# Ink levels that a file is compared with its source on.
COMPARED = 128


def draw_levels(data: "Dataset", samples: int, seed: int, progress: "Progress") -> "FinderLevels":
    """Ink levels of pages that are drawn with the digits of a data set."""
    from mnist_edge.converters.finder_graph import FinderLevels
    from mnist_edge.models.finder.levels import sample_levels
    from mnist_edge.models.finder.pool import TYPEFACES

    # Typefaces have faults in tables that nothing here uses.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    levels = sample_levels(data, samples, COMPARED, seed, TYPEFACES, progress)
    return FinderLevels(*levels, {"data": data.name, "sha256": data.sha256, "seed": seed})


def export_finder(
    source: str | Path,
    precision: str,
    *,
    data: "Dataset | None",
    samples: int | None,
    seed: int,
    progress: "Progress",
    **how: Any,
) -> "ExportedFinder":
    """Draw pages, where there are digits for that, convert, and fit the confidence; `how` is for `convert_finder`."""
    from mnist_edge.converters.finder import convert_finder
    from mnist_edge.converters.precisions import find_precision
    from mnist_edge.converters.representative import SAMPLES

    # Drawing takes longer than all the rest.
    needed = (SAMPLES if samples is None else samples) if find_precision(precision).calibrated else 0
    levels = draw_levels(data, needed, seed, progress) if data else None
    fit = partial(fit_on_pages, data=data, seed=seed, progress=progress) if data else None
    return convert_finder(source, precision, levels=levels, fit=fit, **how)


def fit_on_pages(file: Path, data: "Dataset", seed: int, progress: "Progress") -> tuple["Confidence", dict[str, Any]]:
    """Draw pages with validation digits, and fit the confidence of a finder's file; returns it and how it does."""
    from mnist_edge.benchmarks.confidence_fit import fit_confidence
    from mnist_edge.models.finder.levels import plain_pages, validation_pages
    from mnist_edge.models.finder.pool import PICTURES, TYPEFACES

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    pages = validation_pages(data, CROWDED, seed, TYPEFACES, PICTURES, progress)
    pages += plain_pages(data, PLAIN, seed, progress)
    fitted = fit_confidence(file, pages, progress)
    return fitted.confidence, fitted.to_json()


def finder_rows(result: "ExportedFinder") -> list[tuple[str, str]]:
    """What is told of a finder that was exported."""
    rows = [
        ("size", f"{result.size_bytes:,} bytes"),
        ("input and output", result.io),
        ("operators", ", ".join(f"{count} {name}" for name, count in result.operators.items())),
        ("multiply-accumulates", f"{result.macs:,} for a picture of 640x480"),
        ("runs in", ", ".join(result.runtimes)),
    ]
    if result.calibration:
        figures = "{images} ink levels of pages with training digits of {data}, seed {seed}"
        rows.append(("calibrated on", figures.format(**result.calibration)))
    if parity := result.parity:
        figures = (
            f"{parity.agreement:.2%} of what either finds on {parity.levels} ink levels both find "
            f"({parity.detections} digits); boxes overlap by {parity.iou:.3f}, {parity.same_digit:.2%} the same digit"
        )
        rows.append(("against its source", figures))
    if fitted := result.fitted:
        figures = (
            "with {classifier}, on {pages} generated pages with {digits} digits: F1 {f1:.3f}, {false_digits:.2f} false "
            "digits a page without any, calibration error {calibration_error:.2%}"
        )
        rows.append(("read", figures.format(**fitted)))
    return rows
