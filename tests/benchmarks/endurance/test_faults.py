"""The faults: what must hold after them, and two real ones."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnist_edge.benchmarks.endurance import faults as module
from mnist_edge.benchmarks.endurance.faults import FAULTS, find_faults, main, source_faults
from mnist_edge.benchmarks.endurance.faults.fault import Fault, NotInjected, Outcome, attempt, end, outcome_of
from mnist_edge.benchmarks.endurance.faults.process_faults import interrupt_twice
from mnist_edge.benchmarks.endurance.faults.source_faults import comes_back, has, lose
from mnist_edge.benchmarks.harness.camera_process import CameraProcess
from mnist_edge.errors import CheckFailed, UsageError

EVENT = '{"event": "appeared", "frame": %d, "seconds": %d, "digits": [%s]}'
SERVES = "import signal, sys, time\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n"
WAITS = "time.sleep(60)\n"


@contextmanager
def running(program: str) -> Iterator[CameraProcess]:
    """A program in place of the camera."""
    with subprocess.Popen(
        [sys.executable, "-uc", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        camera = CameraProcess(process)
        try:
            yield camera
        finally:
            process.kill()
            camera.wait_for_end()


def prints(text: str, *, result: bool = False) -> str:
    return f"print({text!r}, file=sys.{'stdout' if result else 'stderr'})\n"


def test_each_fault_has_a_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) > 15
    assert find_faults(["watchdog", "crowd"]) == tuple(
        fault for name in ("watchdog", "crowd") for fault in FAULTS if fault.name == name
    )
    assert find_faults([]) == FAULTS
    with pytest.raises(UsageError, match="no fault 'flood'; choose from: stream closed, "):
        find_faults(["flood"])


def test_what_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def cannot(folder: Path) -> Outcome:
        raise NotInjected("there is no sea")

    def does_not_start(folder: Path) -> Outcome:
        raise CheckFailed("the camera read nothing")

    def falls(folder: Path) -> Outcome:
        raise ConnectionResetError("by a stone")

    faults = (
        Fault("rain", "water", lambda folder: Outcome(1.5, (f"note: {folder}/x is wet",), (), {"drops": 3})),
        Fault("flood", "more water", cannot),
        Fault("frost", "no water", lambda folder: Outcome(None, (), ("it did not come back",))),
        Fault("fire", "fire", does_not_start),
        Fault("hail", "ice", falls),
    )
    monkeypatch.setattr(module, "FAULTS", faults)
    assert main(["rain", "flood", "frost", "fire", "hail"]) == 3
    document = json.loads(capsys.readouterr().out)
    rain = {"recovered": True, "seconds": 1.5, "notes": ["note: FOLDER/x is wet"], "broken": [], "drops": 3}
    frost = {"recovered": False, "seconds": None, "notes": [], "broken": ["it did not come back"]}
    fire = frost | {"broken": ["the camera read nothing"]}
    assert document["faults"] == [
        {"name": "rain", "injected": "water", **rain},
        {"name": "flood", "injected": "more water", "skipped": "there is no sea"},
        {"name": "frost", "injected": "no water", **frost},
        {"name": "fire", "injected": "fire", **fire},
        {"name": "hail", "injected": "ice", **frost, "broken": ["ConnectionResetError: by a stone"]},
    ]
    assert (document["broken"][0], document["skipped"]) == ("frost: it did not come back", ["flood"])
    assert [one.partition(":")[0] for one in document["broken"]] == ["frost", "fire", "hail"]
    assert main(["rain", "flood"]) == 0
    capsys.readouterr()
    assert main(["sun"]) == 2
    assert "there is no fault 'sun'" in capsys.readouterr().err


def test_a_fault_that_cannot_be_injected_has_a_reason() -> None:
    attempt("true", otherwise="nobody may")
    for command in ("false", "no-such-command"):
        with pytest.raises(NotInjected, match="only root may"):
            attempt(command, otherwise="only root may")


@pytest.mark.parametrize(
    ("program", "broken"),
    [
        (SERVES + prints("note: all is well") + prints("3 frames in 1.0 s") + prints("up", result=True) + WAITS, []),
        (SERVES + prints("up", result=True) + "sys.exit(4)", ["it ended by itself, with exit code 4"]),
        (
            "import sys, time\n" + prints("up", result=True) + WAITS,
            ["Ctrl-C ended it with exit code", "what is no note"],
        ),
        (
            SERVES + prints("Traceback (most recent call last):") + prints("up", result=True) + WAITS,
            ["what is no note"],
        ),
        (
            SERVES.replace("sys.exit(0)", "(time.sleep(3.5), sys.exit(0))") + prints("up", result=True) + WAITS,
            ["Ctrl-C took"],
        ),
    ],
    ids=["good", "ends", "interrupted", "chatters", "slow"],
)
def test_how_a_camera_must_end(program: str, broken: list[str]) -> None:
    with running(program) as camera:
        assert camera.wait_for(lambda: bool(camera.results)) or broken
        if "sys.exit(4)" in program:
            camera.wait_for_end()
        found = outcome_of(camera, 1.0, end(camera))
    assert len(found.broken) == len(broken)
    assert all(part in what for part, what in zip(broken, found.broken, strict=True))
    assert not any("frames in" in note for note in found.notes)


def test_what_a_lost_stream_must_lead_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_faults, "SETTLE_SECONDS", 0.2)
    lost, back = prints("note: x stopped; trying again"), prints("note: x is back after 2.0 s")
    first, again = prints(EVENT % (5, 1, ""), result=True), "while time.sleep(0.3) is None: "
    later = again + prints(EVENT % (9, 2, ""), result=True)
    with running(SERVES + lost + first + back + later) as camera:
        camera.wait_until_it_reads()
        good = comes_back(camera, left=0)
    assert not good.broken and good.seconds is not None and good.seconds > 0
    earlier = again + prints(EVENT % (4, 2, ""), result=True)
    with running(SERVES + 2 * lost + first + 2 * back + earlier) as camera:
        camera.wait_until_it_reads()
        bad = comes_back(camera, left=3)
    assert bad.broken == (
        "2 notes of the loss",
        "2 notes of the return",
        "3 digits were there all the time that the stream was not",
        "frames or their times went backwards",
    )
    with running(SERVES + lost + first) as camera:
        camera.wait_until_it_reads()
        camera.wait_for_end()
        never = comes_back(camera, left=0)
    assert never.seconds is None
    assert never.broken[:2] == ("it did not come back", "0 notes of the return")


def test_the_error_about_a_camera_that_does_not_read_holds_its_log() -> None:
    with (
        running(SERVES + prints("error: no such stream") + "sys.exit(1)") as camera,
        pytest.raises(CheckFailed, match=r"no such stream.*exit code is 1"),
    ):
        camera.wait_until_it_reads()


def test_digits_that_went_are_no_new_digits() -> None:
    gone = prints('{"event": "gone", "digits": []}', result=True)
    with running(SERVES + gone) as camera:
        assert camera.wait_for_end() == 0
        assert camera.reads_after(0.0) is None


@pytest.mark.slow
def test_a_stream_that_is_lost_for_a_moment(tmp_path: Path) -> None:
    found = lose(has("gone"), 1.0, tmp_path)
    assert not found.broken
    assert found.seconds is not None and found.seconds > 0
    lost, back = found.notes
    assert lost.endswith("; trying again") and " is back after " in back


def test_ctrl_c_twice(tmp_path: Path) -> None:
    found = interrupt_twice(tmp_path)
    assert not found.broken and found.figures is not None
    assert found.figures["exit_code"] in (-signal.SIGINT, 0)
