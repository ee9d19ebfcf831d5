"""The parts of a report that tell how engines read pictures."""

from collections.abc import Iterator
from pathlib import Path

from mnist_edge.benchmarks.suite.picture_results import TIMES_FASTER, PictureResults, PictureRow
from mnist_edge.benchmarks.suite.plots import plot_pictures
from mnist_edge.benchmarks.suite.section import Section

COLUMNS = (
    "engine", "F1", "digit error rate", "rows exact", "false a negative", "processor, ms", "times ours (95 %)",
    "until read, ms",
)  # fmt: skip


def picture_sections(results: PictureResults, folder: Path | None = None) -> Iterator[Section]:
    """Yield the parts of a report; with a folder, pictures are drawn there."""
    yield Section("Reading pictures", _introduction(results))
    for kind in results.kinds:
        rows = results.of(kind)
        score = rows[0].score
        picture = folder / f"{kind.replace(' ', '-')}.png" if folder else None
        if picture:
            plot_pictures(rows, f"Reading {kind}", picture)
        yield Section(
            f"Reading {kind}",
            f"{score.photos} pictures with {score.digits:,} digits, {score.negatives} without.",
            COLUMNS, [cells(row) for row in rows], picture,
        )  # fmt: skip
    if bounds := results.bounds():
        text = f"At least {TIMES_FASTER} times as fast as RapidOCR, at a higher F1 and a lower digit error rate."
        yield Section("What is to be reached", text, ("set, and beside what",), [(bound,) for bound in bounds])
    if results.absent:
        yield Section("Not read with", "", ("engine", "why"), results.absent)
    settings = results.environment["settings"]
    versions = {row.engine: row.version for row in results.rows}
    yield Section(
        "What reads", "How each is set up.", ("engine", "version", "setting"),
        [(name, versions[name], setting) for name, setting in settings.items() if name in versions],
    )  # fmt: skip


def _introduction(results: PictureResults) -> str:
    machine = results.environment["machine"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {results.environment['date']}. Every engine reads each picture "
        f"once, one after another in an order drawn anew, on one thread, from the same pixels; the digits of generated "
        f"pages are {results.data}'s test images. F1 counts a digit whose label is right and whose box has an IoU of "
        f"0.4 with the labelled one; the digit error rate counts insertions, deletions and replacements between all "
        f"that is read and all that is written, in reading order, whatever the boxes. OCR engines give texts with a "
        f"box: where they do not tell its characters', it is divided evenly among them, what is no digit is dropped, "
        f"each share is shrunk to its ink, and rows are told from the digits' places as ours are; none of this is in "
        f"their time. Times are the processor's, of a median picture, with those of child processes, since others use "
        f"this machine's cores; a ratio is the median of the pictures' ratios to ours, with the 95 % interval of a "
        f"bootstrap over the pictures."
    )


def cells(row: PictureRow) -> tuple[str, ...]:
    """Return a row of the table, below `COLUMNS`."""
    score = row.score
    failed = f" ({row.failures} failed)" if row.failures else ""
    return (
        f"{row.engine} {row.version}{failed}",
        f"{score.f1:.3f}",
        f"{row.digit_error_rate:.3f}",
        f"{score.rows_right} of {score.rows}",
        f"{score.false_per_negative:.2f}" if score.negatives else "-",
        f"{row.cpu_ms:,.1f}",
        str(row.to_ours) if row.to_ours else "1",
        f"{row.ms:,.1f}",
    )
