"""A training is started from the review page, in a real browser."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.harness.browser import Tab
from mnist_edge.camera.forms.web import Training
from mnist_edge.camera.forms.web.training import Table
from mnist_edge.cli import train
from mnist_edge.cli.form_training import Teach, why_not
from mnist_edge.errors import ModelError, OutputError
from mnist_edge.models.run import FineTuning, Measured
from mnist_edge.progress import Progress, no_progress
from tests.camera.forms.web.conftest import Serve
from tests.helpers import wait_until


@dataclass(frozen=True)
class Script:
    """A training that waits for a file, and then does what is asked."""

    wanted: Path
    does: str = "learn"

    def __call__(self, report: Progress) -> Table:
        report(2, 5, "epoch 3")
        while not self.wanted.exists():
            time.sleep(0.02)
        if self.does == "fail":
            raise ModelError("the loss became nan")
        if self.does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return [("test accuracy", "99.55%", "99.57%"), ("of 12 held-out collected digits", "58.3%", "91.7%")]


def open_dialog(tab: Tab, url: str, width: int = 1280) -> None:
    tab.open(url, width, 844 if width < 600 else 800)
    wait_until(lambda: tab.run("!!document.querySelector('#teach') && !document.querySelector('#review').hidden"))
    tab.click("#teach")
    wait_until(lambda: tab.run("document.querySelector('#training').open"))


def test_a_training_shows_its_progress_and_the_table(review: Serve, tab: Tab, tmp_path: Path) -> None:
    kept: list[int] = []
    training = Training(Script(tmp_path / "go"), prepare=lambda: kept.append(1))
    open_dialog(tab, review(3, training=training).url, width=390)
    tab.click("#train")
    wait_until(lambda: "epoch 3, 40 %" in tab.text("#training-note"))
    assert kept == [1], "what was corrected is kept first"
    assert tab.run("document.querySelector('#train').disabled")
    answer = tab.run("""fetch("/api/train", { method: "POST", headers: { "Content-Type": "application/json" },
        body: "{}" }).then((answer) => answer.json())""")
    assert answer["error"] == "a training is running already"
    (tmp_path / "go").touch()
    wait_until(lambda: "58.3%91.7%" in tab.text("#training-table"))
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    tab.screenshot(tmp_path / "training.png")
    assert [one for one in tab.complaints if "/api/train" not in one] == []
    # The review goes on: keys are for it again once this is closed.
    tab.click("#training .close")
    tab.press("ArrowRight")
    wait_until(lambda: tab.text("#place") == "001.jpg")


@pytest.mark.parametrize(("does", "said"), [("fail", "the loss became nan"), ("die", "SIGKILL")])
def test_a_training_that_ends_badly_says_why(review: Serve, tab: Tab, tmp_path: Path, does: str, said: str) -> None:
    (tmp_path / "go").touch()
    open_dialog(tab, review(1, training=Training(Script(tmp_path / "go", does))).url)
    tab.click("#train")
    wait_until(lambda: said in tab.text("#training-note"), said)
    assert not tab.run("document.querySelector('#train').disabled"), "it can be tried again"


def test_where_nothing_can_be_trained_it_is_said(
    review: Serve, tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why_not(tmp_path) == "" and "--collect" in why_not(None)
    monkeypatch.setattr("mnist_edge.cli.form_training.find_spec", lambda name: None)
    why = why_not(tmp_path)
    open_dialog(tab, review(1, training=Training(None, why)).url)
    wait_until(lambda: "Training is not installed" in tab.text("#training-why"))
    assert tab.run("document.querySelector('#train').disabled")


def test_what_cannot_be_kept_begins_no_training(review: Serve, tab: Tab, tmp_path: Path) -> None:
    def full() -> None:
        raise OutputError("the disk is full")

    open_dialog(tab, review(1, training=Training(Script(tmp_path / "go"), prepare=full)).url)
    tab.click("#train")
    assert wait_until(lambda: "cannot be kept: the disk is full" in tab.text("#training-note"))


def test_a_late_answer_does_not_hide_why_no_training_began(review: Serve, tab: Tab, tmp_path: Path) -> None:
    def full() -> None:
        raise OutputError("the disk is full")

    tab.open(review(1, training=Training(Script(tmp_path / "go"), prepare=full)).url)
    wait_until(lambda: tab.run("!!document.querySelector('#teach') && !document.querySelector('#review').hidden"))
    # The first look at the training is answered when it is let go.
    tab.run("""{ const real = fetch;
        window.fetch = (url, ...rest) => String(url).endsWith("/api/training")
            ? new Promise((answer) => { window.letGo = () => answer(real(url, ...rest)); }) : real(url, ...rest); }""")
    tab.click("#teach")
    wait_until(lambda: tab.run("document.querySelector('#training').open && !!window.letGo"))
    tab.click("#train")
    wait_until(lambda: "the disk is full" in tab.text("#training-note"))
    tab.run("new Promise((ready) => { window.letGo(); setTimeout(ready, 500); })")
    assert "the disk is full" in tab.text("#training-note")


def test_it_is_the_training_of_the_command_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "small-extra-review1").mkdir(parents=True)
    asked: list[Any] = []

    class Done:
        recipe = "small"
        model = Path("runs/small-extra-review2/model.keras")
        fine_tuning = FineTuning(9, 3, 0, {}, 2, 0.5, Measured(0.99, 0.5, 0.9), Measured(0.991, 1.0, 0.9))

    def learn(recipe: Any, extra: Path, folder: Path, *, report: Progress) -> Any:
        asked.append((recipe.name, extra, folder.name))
        return Done()

    monkeypatch.setattr(train, "learn_collected", learn)
    rows = Teach("small", tmp_path / "collected")(no_progress)
    assert asked == [("small", tmp_path / "collected", "small-extra-review2")]
    assert rows[2] == ("of 2 held-out collected digits", "50.0%", "100.0%")
