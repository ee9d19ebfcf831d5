"""What a Dask cluster costs beside reading, and what follows for archives that nobody has read here."""

from mnist_edge.benchmarks.release.markdown import filled
from mnist_edge.benchmarks.release.measured import is_measured, measured
from mnist_edge.benchmarks.release.tables import Figures, Row

# What is planned for, and the digest that `--resume` keeps of each path in memory.
PAGES, DIGEST_BYTES = 100_000_000, 16
CORES = (8, 64, 512)
NOT_YET = "Not measured yet; `make cluster` does."


def cluster_table() -> str:
    """Return what was measured of a cluster on one machine."""
    if not is_measured("cluster"):
        return NOT_YET
    found = measured("cluster")
    head = "process | how many | MB | MB more later | ms of processor a picture"
    parts = filled(found["parts"], head, "{what} | {processes} | {mb:.0f} | {growth_mb:.1f} | {cpu_ms:.2f}")
    return (
        f"`make cluster`: {found['pictures']:,} pictures of 160x120 with {found['digits'] / found['pictures']:.1f} "
        f"digits, {found['workers']} workers on {found['stamp']['machine']['cores']} cores, one of them killed after a "
        f"third of the pictures and another one started at the half; {found['pictures_per_second']:.0f} pictures a "
        f"second. {found['lost']} were lost, {found['twice']} had two rows, {found['failed']} failed. For "
        f"**{found['idle']:.1%}** of their time the workers did not read.\n\n{parts}"
    )


def cluster_plan() -> str:
    """Return what 100 million pages would take, by what was measured."""
    if not is_measured("cluster"):
        return NOT_YET
    found = measured("cluster")
    cpu_ms = {part["what"]: part["cpu_ms"] for part in found["parts"]}
    small_ms = cpu_ms["reading process"] + cpu_ms["worker"]
    page_ms = cpu_ms["worker"] + measured("reading_time")["scenes"]["reader_ms"]
    rows = [
        _planned("160x120, as above", small_ms),
        _planned("640x480 with ten digits, without opening the files", page_ms),
    ]
    head = " | ".join(["pages", "core-hours", *(f"days on {cores} cores" for cores in CORES)])
    template = " | ".join(["{what}", "{hours:,.0f}", *(f"{{on_{cores}:.1f}}" for cores in CORES)])
    first, most = min(((what, 1000 / cpu_ms[what]) for what in ("client", "scheduler")), key=lambda one: one[1])
    paths_gb = PAGES * DIGEST_BYTES / 1e9
    return (
        f"{filled(rows, head, template)}\n\n"
        f"What saturates first is the {first}, one process that has no time left at {most:,.0f} pictures a second, "
        "or somewhat later, since what it does each second anyway is counted as done for pictures. So "
        f"many are read by {most * small_ms / 1000:,.0f} cores of the small pages, and by {most * page_ms / 1000:,.0f} "
        "of the others. Past that, divide the folders among several commands, each with results of its own; they may "
        f"share the workers. {PAGES:,} rows of {found['row_bytes']:,} bytes are "
        f"{PAGES * found['row_bytes'] / 1e9:,.0f} GB; to go on with them, the digests of their paths take "
        f"{paths_gb:.1f} GB of memory, and three times that while they are sorted. Only what stands in the first table "
        "is measured, the rest is multiplied."
    )


def _planned(what: str, page_ms: float) -> Row:
    hours = PAGES * page_ms / 1000 / 3600
    return {"what": what, "hours": hours, **{f"on_{cores}": hours / cores / 24 for cores in CORES}}


FIGURES: Figures = {"cluster": cluster_table, "cluster-plan": cluster_plan}
