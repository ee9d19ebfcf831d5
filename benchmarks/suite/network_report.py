"""The parts of a report that tell how networks ran in engines."""

from collections.abc import Iterator
from pathlib import Path

from mnist_edge.benchmarks.report import threads_text
from mnist_edge.benchmarks.suite.engines import OURS
from mnist_edge.benchmarks.suite.plots import plot_network
from mnist_edge.benchmarks.suite.results import Results, Row
from mnist_edge.benchmarks.suite.section import Section

COLUMNS = (
    "engine", "precision", "invoke, us", "times ours (95 %)", "", "times floor", "image to digit, us", "right",
    "decides as Keras", "load, ms", "first, ms",
)  # fmt: skip


def network_sections(results: Results, folder: Path | None = None) -> Iterator[Section]:
    """Yield the parts of a report; with a folder, pictures are drawn there."""
    yield Section("Networks in engines", _introduction(results))
    for name, origin, macs in results.networks:
        for threads in sorted({row.threads for row in results.rows}):
            rows = sorted(
                (row for row in results.rows if (row.network, row.threads) == (name, threads)),
                key=lambda row: row.invoke_us,
            )
            if not rows:
                continue
            text = f"{macs:,} multiply-accumulates; weights: {origin}."
            picture = folder / f"{name}-{threads}.png" if folder else None
            if picture:
                plot_network(rows, f"{name}, {threads_text(threads)}", picture)
            yield Section(f"{name}, {threads_text(threads)}", text, COLUMNS, [_cells(row) for row in rows], picture)
    yield _starts(results)
    if results.absent:
        yield Section("Not measured", "", ("what", "why"), results.absent)
    versions = results.environment.get("settings", {})
    used = {row.engine: row.version for row in results.rows}
    yield Section(
        "Engines", "How each is set up.", ("engine", "version", "setting"),
        [(name, used[name], setting) for name, setting in versions.items() if name in used],
    )  # fmt: skip


def _introduction(results: Results) -> str:
    machine = results.environment["machine"]
    kernels = ""
    if results.macs_per_us and results.bytes_per_us:
        kernels = (
            f" The floor of a network is the longer of its multiplications at this machine's int8 dot-product rate, "
            f"{results.macs_per_us / 1000:.1f} thousand million a second as one large convolution reaches it, and its "
            f"int8 file copied at {results.bytes_per_us / 1000:.1f} GB/s. Below 1 are engines whose float kernels are "
            f"faster than those dot products."
        )
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {results.environment['date']}. All are timed in turns, in rounds "
        f"of an order drawn anew. A ratio is the median of the rounds' ratios to the same network's int8 file in "
        f"ai-edge-litert, with the 95 % interval of a bootstrap over the rounds; two copies of the same file came to "
        f"within {results.noise:.1%} of 1, and what lies within that is called no difference. Decisions are of the "
        f"first {results.images:,} test images of {results.data}, by the session that is timed; a form that does not "
        f"decide as its network is marked.{kernels}"
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"{row.engine} {row.version}",
        row.precision,
        f"{row.invoke_us:,.1f}",
        str(row.to_ours) if row.to_ours else "1" if (row.engine, row.precision) == (OURS, "int8") else "",
        row.verdict,
        f"{row.to_floor:.1f}" if row.to_floor else "",
        f"{row.classify_us:,.1f}",
        f"{row.accuracy:.1%}",
        f"{row.agreement:.1%}" + ("" if row.same else " (another network)"),
        f"{row.init_ms:,.1f}",
        f"{row.first_ms:,.2f}",
    )


def _starts(results: Results) -> Section:
    rows = [
        (f"{row.engine} {row.version}", f"{row.cold_ms:,.0f}", f"{row.peak_rss_mb:,.0f}" if row.peak_rss_mb else "")
        for row in results.rows
        if row.cold_ms and row.threads == 1
    ]
    text = "From starting Python to the first answer of a network, and the memory of that process then."
    return Section("Cold start", text, ("engine", "ms", "peak memory, MB"), rows)
