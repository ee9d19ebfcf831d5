"""The fuzz runs, its cases come from their seeds, and it reports what breaks."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.endurance.fuzz import fuzz
from mnist_edge.benchmarks.endurance.fuzz_cases import PAINTERS, SUFFIXES, Case, make_case
from mnist_edge.benchmarks.endurance.fuzz_promises import broken_promises, examine
from mnist_edge.benchmarks.endurance.fuzz_readers import BOMBS, READERS
from mnist_edge.camera.reader import Reader
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Reading, Rejected

PAGE = np.full((20, 30, 3), 255, np.uint8)
REFUSED = Rejected(Box(9, 9, 1, 1), "not a digit", 1, 0.1, 0.2, 0.9)
SOUND = Reading(
    "frame", 30, 20, "stand-in", "none",
    digits=(Digit(1, 0.9, Box(0, 0, 5, 9), 0), Digit(7, 1.0, Box(25, 11, 5, 9), 1)),
    text=("1", "7"),
    rejected=(REFUSED,),
    milliseconds={"total": 0.5},
)  # fmt: skip


@pytest.mark.slow
def test_two_seconds_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mnist_edge.benchmarks.endurance", "fuzz", "2", "20261121"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout)
    assert summary["failures"] == summary["broken"] == [] and summary["failed_seed"] is None
    assert summary["cases"] == sum(summary["kinds"].values()) > 0
    assert summary["first_seed"] == 20261121 <= summary["slowest_seed"] < 20261121 + summary["cases"]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_seed_is_a_case() -> None:
    cases = [make_case(seed) for seed in range(150)]
    for seed in range(0, 150, 10):
        again, case = make_case(seed), cases[seed]
        assert (again.kind, np.shape(again.content)) == (case.kind, np.shape(case.content))
        assert bytes(again.content) == bytes(case.content)
    kinds = {case.kind for case in cases}
    assert kinds >= set(PAINTERS)
    written = {f"{suffix[1:]} file" for suffix in SUFFIXES if cv2.haveImageWriter(f"x{suffix}")}
    untrusted = {f"{kind} file" for kind in READERS}
    assert kinds <= set(PAINTERS) | written | untrusted and len(kinds & written) > 6 and len(kinds & untrusted) > 8


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_takes_its_sound_file_and_refuses_another_in_one_line(kind: str) -> None:
    sound = examine(Case(kind, READERS[kind].sound(), kind), Answering([]))
    assert sound.broken == () and (sound.refusal is None or kind == "collected")
    other = examine(Case(kind, b"\x89 nothing that anybody reads", kind), Answering([]))
    assert other.broken == () and (kind == "run" or other.refusal)


@pytest.mark.parametrize("kind", BOMBS)
def test_every_bomb_is_refused(kind: str | None) -> None:
    bomb = BOMBS[kind]()
    assert len(bomb) < 1_000_000
    outcome = examine(Case("bomb", bomb, kind), Answering([]))
    assert outcome.broken == () and outcome.refusal


def test_a_reader_that_raises_something_else_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise RecursionError("too deep")

    case = Case("npz file", b"", "npz")
    monkeypatch.setitem(READERS, "npz", replace(READERS["npz"], read=fail))
    assert "RecursionError: too deep" in examine(case, Answering([])).broken[0]


class Answering(Reader):
    """A reader that gives the answers that it was made with."""

    def __init__(self, answers: list[Reading | Exception]) -> None:
        self.answers, self.min_confidence = answers, 0.8

    def read(self, frame: NDArray[np.uint8], source: str = "frame") -> Reading:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_sound_reading_keeps_every_promise() -> None:
    assert broken_promises(SOUND, PAGE, 0.8) == []
    assert examine(Case("flat", PAGE), Answering([SOUND, replace(SOUND, milliseconds={})])).broken == ()


@pytest.mark.parametrize(
    ("promise", "reading"),
    [
        ("size", replace(SOUND, width=31)),
        ("boxes", replace(SOUND, rejected=(replace(REFUSED, box=Box(29, 9, 2, 1)),))),
        ("boxes", replace(SOUND, rejected=(replace(REFUSED, box=Box(3, 9, 0, 1)),))),
        ("boxes", replace(SOUND, rejected=(replace(REFUSED, box=Box(-1, 9, 2, 1)),))),
        ("labels", replace(SOUND, digits=(Digit(10, 0.9, Box(0, 0, 5, 9), 0), SOUND.digits[1]), text=("10", "7"))),
        ("confidence", replace(SOUND, digits=(Digit(1, 0.7, Box(0, 0, 5, 9), 0), SOUND.digits[1]))),
        ("confidence", replace(SOUND, digits=(Digit(1, 1.1, Box(0, 0, 5, 9), 0), SOUND.digits[1]))),
        ("labels", replace(SOUND, rejected=(replace(REFUSED, label=-1),))),
        ("confidence", replace(SOUND, rejected=(replace(REFUSED, confidence=0.8),))),
        ("rows", replace(SOUND, digits=SOUND.digits[::-1])),
        ("text", replace(SOUND, text=("1", "1"))),
        ("spaces", replace(SOUND, text=("1", "7", ""))),
        ("spaces", replace(SOUND, text=("1", " 7"))),
        ("reasons", replace(SOUND, rejected=(replace(REFUSED, reason=""),))),
        ("milliseconds", replace(SOUND, milliseconds={"total": -1.0})),
    ],
)
def test_each_promise_can_be_broken(promise: str, reading: Reading) -> None:
    broken = broken_promises(reading, PAGE, 0.8)
    assert [line.split(" of Reading")[0] for line in broken] == [promise]


def test_what_goes_wrong_is_reported() -> None:
    changing = examine(Case("flat", PAGE), Answering([SOUND, replace(SOUND, rejected=())]))
    assert changing.broken == ("the same frame was read in two ways",)
    raising = examine(Case("flat", PAGE), Answering([ZeroDivisionError("by nought")]))
    assert "ZeroDivisionError: by nought" in raising.broken[0]
    refused = examine(Case("png file", b"no picture"), Answering([]))
    assert refused.broken == () and refused.refusal and "no picture" in refused.refusal


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "failure"), [("SIGKILL", "died with exit code -9"), ("SIGSTOP", "no answer within 2 s")]
)
def test_a_crash_and_a_hang_end_the_run_and_leave_their_case(
    name: str, failure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip("no such signal here")

    def strike(done: float, total: float, note: str = "") -> None:
        if note == "3 cases":
            monkeypatch.setattr("mnist_edge.benchmarks.endurance.fuzz.HANG_S", 2)
            os.kill(multiprocessing.active_children()[0].pid or 0, number)

    summary = fuzz(60, 5, tmp_path, strike)
    assert summary.cases == 4 and summary.failed_seed == 8
    assert failure in summary.failures[0]
    assert summary.saved and Path(summary.saved).parent == tmp_path
    content, saved = make_case(8).content, Path(summary.saved)
    assert saved.read_bytes() == content if isinstance(content, bytes) else np.array_equal(np.load(saved), content)
    assert not multiprocessing.active_children()
