"""The soak: its bounds, and a short real one."""

import json
import shutil
from dataclasses import replace
from typing import Any

import pytest

from mnist_edge.benchmarks.endurance.soak import Soak, main, soak
from mnist_edge.errors import PackageMissing
from tests.helpers import with_broker

GOOD = Soak(200_000, 3600.0, 180.0, 8.0, (9, 9), (30, 30), 5000, 0, (900, 901))


def test_the_bounds() -> None:
    assert not GOOD.broken()
    worse: dict[str, tuple[Any, str]] = {
        "growth_mb": (8.01, "memory grew by 8.0 MB"),
        "events_lost": (1, "1 of 5000 events were lost"),
        "threads": ((9, 10), "threads ranged from 9 to 10"),
        "files": ((29, 30), "open files ranged from 29 to 30"),
        "pictures": ((900, 0), "a viewer got no picture"),
    }
    for name, (value, sentence) in worse.items():
        (broken,) = replace(GOOD, **{name: value}).broken()
        assert broken.startswith(sentence)


@pytest.mark.slow
@with_broker
def test_a_short_soak(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["300"])
    document = json.loads(capsys.readouterr().out)
    assert document["frames"] >= 1 and document["rss_mb"] > 50
    assert document["events"] > 0 and document["events_lost"] == 0
    assert all(document["pictures"])
    assert code == (3 if document["broken"] else 0)


def test_no_broker_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(PackageMissing, match="apt install mosquitto"):
        soak(10)
    assert main(["10"]) == 1
    assert capsys.readouterr().err.startswith("error: there is no mosquitto")
