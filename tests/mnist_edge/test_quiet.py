import os
import sys
import warnings

import pytest

from mnist_edge import quiet


def chatter() -> None:
    print("from Python")
    print("from Python, to stderr", file=sys.stderr)
    warnings.warn("a warning", stacklevel=1)
    os.write(1, b"from below, to 1\n")
    os.write(2, b"from below, to 2\n")


def test_nothing_gets_through(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet.silenced():
        chatter()
    print("afterwards")
    assert capfd.readouterr() == ("afterwards\n", "")


def test_what_was_printed_before_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    print("before", end="")
    with quiet.silenced():
        chatter()
    assert capfd.readouterr().out == "before"


def test_an_error_passes_and_the_streams_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), quiet.silenced():
        chatter()
        _ = 1 / 0
    os.write(2, b"heard again\n")
    assert capfd.readouterr() == ("", "heard again\n")


def test_no_descriptor_is_lost() -> None:
    def open_descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = open_descriptors()
    for _ in range(5):
        with quiet.silenced(), quiet.silenced():
            chatter()
    assert open_descriptors() == before


@pytest.mark.filterwarnings("ignore:a warning")
def test_verbose_lets_everything_through(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "verbose", True)
    with quiet.silenced():
        chatter()
    out, err = capfd.readouterr()
    assert "from Python\n" in out and "from below, to 1" in out
    assert "from Python, to stderr" in err and "from below, to 2" in err
