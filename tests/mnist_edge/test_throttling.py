from pathlib import Path

import pytest

from mnist_edge.doctor.computer import checks
from mnist_edge.machine import this_machine
from mnist_edge.throttling import slowed_between, throttling


def answer(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A stand-in for the firmware's program, which knows one question."""
    program = folder / "vcgencmd"
    program.write_text(f'#!/bin/sh\n[ "$1" = get_throttled ] && echo "{text}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_cool_pi_has_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(tmp_path, monkeypatch, "throttled=0x0")
    assert throttling() == this_machine().throttling == ()


def test_each_bit_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 0x50005 is what the documentation of Raspberry Pi OS takes as its example.
    answer(tmp_path, monkeypatch, "throttled=0x50005")
    assert throttling() == ("under-voltage", "throttled", "under-voltage since boot", "throttled since boot")
    assert this_machine().to_json()["throttling"] == list(throttling() or ())


@pytest.mark.parametrize("text", ["", "VCHI initialization failed", "throttled=0xhot", "throttled=0x123456789"])
def test_another_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    answer(tmp_path, monkeypatch, text)
    assert throttling() is None


def test_elsewhere_nothing_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert throttling() is None
    assert this_machine().to_json()["throttling"] is None


def test_only_what_happened_meanwhile_slowed_it_down() -> None:
    since_boot = ("throttled since boot",)
    assert slowed_between(since_boot, since_boot) == ()
    assert slowed_between((), since_boot) == ("throttled",)
    assert slowed_between(("under-voltage",), None) == ("under-voltage",)
    assert slowed_between(None, None) == ()


@pytest.mark.parametrize(
    ("text", "advice"), [("throttled=0x10000", "power supply"), ("throttled=0x4", "fan"), ("throttled=0x0", "")]
)
def test_the_doctor_says_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, advice: str) -> None:
    answer(tmp_path, monkeypatch, text)
    processor = next(check for check in checks() if check.name == "processor")
    assert advice in processor.advice
    assert bool(processor.advice) == bool(advice) or "governor powersave" in processor.found
