"""Whether the camera comes back after every fault: each is injected into the real command, as people start it.

Run as `make faults`. Faults that this computer or user cannot have are skipped, with the reason in the result.
"""

import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mnist_edge.benchmarks.endurance.faults.broker_faults import BROKER_FAULTS
from mnist_edge.benchmarks.endurance.faults.disk_faults import DISK_FAULTS
from mnist_edge.benchmarks.endurance.faults.fault import Fault, NotInjected, Outcome
from mnist_edge.benchmarks.endurance.faults.place_faults import PLACE_FAULTS
from mnist_edge.benchmarks.endurance.faults.process_faults import PROCESS_FAULTS
from mnist_edge.benchmarks.endurance.faults.sink_faults import SINK_FAULTS
from mnist_edge.benchmarks.endurance.faults.source_faults import SOURCE_FAULTS
from mnist_edge.benchmarks.endurance.faults.web_faults import WEB_FAULTS
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.errors import MnistEdgeError, PackageMissing, UsageError
from mnist_edge.progress import Progress, no_progress

FAULTS = (*SOURCE_FAULTS, *BROKER_FAULTS, *DISK_FAULTS, *SINK_FAULTS, *WEB_FAULTS, *PROCESS_FAULTS, *PLACE_FAULTS)


def inject(faults: Sequence[Fault], progress: Progress = no_progress) -> list[tuple[Fault, Outcome]]:
    """Inject one fault after the other, each into a camera of its own."""
    outcomes = []
    for done, fault in enumerate(faults):
        progress(done, len(faults), fault.name)
        outcomes.append((fault, _outcome(fault)))
    return outcomes


def find_faults(names: Sequence[str]) -> tuple[Fault, ...]:
    """Return the faults with these names, all where there are none.

    Raises:
        UsageError: There is no fault of that name.
    """
    known = {fault.name: fault for fault in FAULTS}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no fault {name!r}; choose from: {', '.join(known)}")
    return tuple(known[name] for name in names) or FAULTS


def _outcome(fault: Fault) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        try:
            outcome = fault.act(Path(name))
        except (NotInjected, PackageMissing) as reason:
            return Outcome(skipped=str(reason))
        except MnistEdgeError as error:
            return Outcome(broken=(str(error),))
        # Whatever was raised, such as by a page that does not answer, the other faults are injected as well.
        except Exception as error:
            return Outcome(broken=(f"{type(error).__name__}: {error}",))
        return replace(outcome, notes=tuple(note.replace(name, "FOLDER") for note in outcome.notes))


def _row(fault: Fault, outcome: Outcome) -> dict[str, Any]:
    if outcome.skipped:
        return {"name": fault.name, "injected": fault.injected, "skipped": outcome.skipped}
    found = {name: value for name, value in asdict(outcome).items() if name not in ("skipped", "figures")}
    return {
        "name": fault.name,
        "injected": fault.injected,
        "recovered": outcome.seconds is not None,
        **found,
        **(outcome.figures or {}),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Inject the faults; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    names = ", ".join(fault.name for fault in FAULTS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all, which are {names}")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    faults, began = find_faults(options.names), time.monotonic()
    outcomes = inject(faults, progress)
    document = {
        "seconds": round(time.monotonic() - began, 1),
        "faults": [_row(fault, outcome) for fault, outcome in outcomes],
        "skipped": [fault.name for fault, outcome in outcomes if outcome.skipped],
    }
    return Result(
        document, [f"{fault.name}: {'; '.join(outcome.broken)}" for fault, outcome in outcomes if outcome.broken]
    )
