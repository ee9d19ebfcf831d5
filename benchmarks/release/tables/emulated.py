"""Emulated Raspberry Pis: what works on them, and what takes how many instructions."""

from functools import partial

from mnist_edge.benchmarks.release.markdown import table
from mnist_edge.benchmarks.release.measured import measured
from mnist_edge.benchmarks.release.tables import Figures


def frame_table(part: str = "frame") -> str:
    """Return the instructions of a frame by stage, system and processor."""
    frames = measured("instructions").get(part, {"bookworm": {}})
    columns = [(system, cpu) for system, cpus in frames.items() for cpu in cpus]
    stages = [stage for stage in next(iter(frames["bookworm"].values()), {}) if stage != "all"]
    rows = [
        (stage, *(f"{frames[system][cpu][stage] / frames[system][cpu]['all']:.1%}" for system, cpu in columns))
        for stage in stages
    ]
    rows.append(("**a frame, millions**", *(f"**{frames[system][cpu]['all'] / 1e6:.1f}**" for system, cpu in columns)))
    return table(("stage", *(f"{system}, {cpu}" for system, cpu in columns)), rows)


def invoke_table() -> str:
    """Return the instructions of an invoke by model, system and processor."""
    invokes = measured("instructions")["invoke"]
    columns = [(system, cpu) for system, cpus in invokes.items() for cpu in cpus]
    models = next(iter(invokes["bookworm"].values()))
    rows = [(f"`{model}`", *(f"{invokes[system][cpu][model]:,}" for system, cpu in columns)) for model in models]
    return table(("int8 model", *(f"{system}, {cpu}" for system, cpu in columns)), rows)


def levels_table() -> str:
    """Return the instructions of finding the digits of a page by level of its pyramid and processor."""
    levels = _counted("levels")
    sizes = [size for size in next(iter(levels.values()), {}) if size != "all"]
    rows = [(size, *(f"{counts[size] / 1e6:.2f}" for counts in levels.values())) for size in sizes]
    rows.append(("**all, millions**", *(f"**{counts['all'] / 1e6:.2f}**" for counts in levels.values())))
    return table(("level", *levels), rows)


def peers_table() -> str:
    """Return the instructions of reading a frame beside those of what is done elsewhere with it, by processor."""
    frames, rows = _counted("frame"), []
    for cpu, peers in _counted("peers").items():
        # The others get a picture that is decoded already.
        ours = frames[cpu]["all"] - frames[cpu]["decode"]
        beside = (f"{value / 1e6:.1f} ({ours / value:.2f})" for value in peers.values())
        rows.append((cpu, f"{ours / 1e6:.1f}", *beside))
    return table(("millions", "`Reader.read`", "its floor (ours to it)", "webcam loop (ours to it)"), rows)


def start_line() -> str:
    """Return what a cold start to the first reading takes beside what it needs."""
    return " ".join(
        f"On a {cpu} `mnist-edge read` of one page takes {found['read'] / 1e6:,.0f} million, which is "
        f"**{found['read'] / found['needs']:.2f}** times the {found['needs'] / 1e6:,.0f} million that importing OpenCV "
        "and NumPy and building both interpreters take."
        for cpu, found in _counted("start").items()
    )


def loop_line() -> str:
    """Return what the camera's whole loop takes for a frame."""
    return " ".join(
        f"On a {cpu} `camera --source fake` takes {found['alone'] / 1e6:.1f} million for a frame, drawing the fake one "
        f"included, and {found['viewer'] / 1e6:.1f} million with its page and one viewer."
        for cpu, found in _counted("loop").items()
    )


def _counted(part: str) -> dict[str, dict[str, int]]:
    """Return the counts of a part with the runtime that is maintained, by processor."""
    return dict(measured("instructions").get(part, {}).get("bookworm", {}))


def emulated_table() -> str:
    """Return what each command of a device has shown on each emulated system."""
    systems = measured("emulated")["systems"]
    checks = [check for check in systems[0]["shown"] if check != "install"]
    head = ("Debian, Python", "processor", "installed", *(f"`{check}`" for check in checks))
    rows = [
        (
            f"{one['debian']}, {one['python']}",
            f"{one['cpu']} ({one['board']})",
            *(one["shown"].get(check, f"**{one['failed'].get(check)}**") for check in ("install", *checks)),
        )
        for one in systems
    ]
    return table(head, rows)


FIGURES: Figures = {
    "emulated": emulated_table,
    "instructions": invoke_table,
    "frame-instructions": frame_table,
    "words-instructions": partial(frame_table, "words"),
    "level-instructions": levels_table,
    "peer-instructions": peers_table,
    "start-instructions": start_line,
    "loop-instructions": loop_line,
}
