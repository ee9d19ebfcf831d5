"""Coming back: scripted cameras that come and go."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count, islice, repeat
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.loop import FrameReader, run
from mnist_edge.camera.sources import retry
from mnist_edge.camera.sources.retry import RetryingSource, back_off
from mnist_edge.camera.sources.video import GRACE_SECONDS, VideoSource
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2
from tests.camera.sources.scripted import GONE, Script, ScriptedCamera
from tests.helpers import PATIENCE_SECONDS, wait_until


def frames_until(source: Source, enough: Callable[[Frame], bool]) -> list[Frame | None]:
    got: list[Frame | None] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    for frame in source:
        got.append(frame)
        assert time.monotonic() < deadline, "it took too long"
        if frame is not None and enough(frame):
            break
    return got


def test_the_delay_doubles_up_to_half_a_minute() -> None:
    assert list(islice(back_off(), 9)) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_first_opening_that_fails_is_an_error_at_once(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(GONE)
    with pytest.raises(SourceError, match="there is no camera 0"), script.source():
        pass
    assert (script.opened, caplog.messages) == (1, [])


def test_a_camera_that_is_lost_comes_back_and_both_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    first, last = ScriptedCamera(20), ScriptedCamera(1e9)
    script = Script(first, GONE, GONE, last)
    outages: list[str] = []
    got: list[Frame | None] = []
    with script.source(lambda: repeat(0.1)) as source:
        for frame in source:
            got.append(frame)
            outages += [source.outage] if frame is None and source.outage else []
            if script.opened == 4 and frame is not None:
                break
        assert source.outage == ""
    assert first.released.is_set() and last.released.wait(PATIENCE_SECONDS)
    lost, back = caplog.messages
    assert "camera 0 stopped after 20 frames; check its cable" in lost and lost.endswith("trying again")
    assert "camera 0 is back after " in back
    assert any("stopped after 20 frames" in reason and "next attempt at " in reason for reason in outages)
    assert any("there is no camera 0" in reason for reason in outages)
    frames = [frame for frame in got if frame is not None]
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers)) and numbers[-1] >= 20
    seconds = [frame.seconds for frame in frames]
    assert seconds == sorted(seconds) and seconds[-1] - seconds[-2] >= 0.3


def test_during_an_outage_the_loop_hears_of_it_again_and_again_before_the_next_attempt() -> None:
    script = Script(ScriptedCamera(3), GONE)
    with script.source(lambda: repeat(PATIENCE_SECONDS)) as source:
        heard = islice((frame for frame in source if frame is None and source.outage), 20)
        assert len(list(heard)) == 20
    assert script.opened <= 2


def test_during_an_outage_its_rate_is_what_it_was() -> None:
    class Fast(ScriptedCamera):
        def get(self, property: int) -> float:
            return 60.0 if property == cv2.CAP_PROP_FPS else 0.0

    script = Script(Fast(3), GONE)
    rates = set()
    with script.source() as source:
        for _ in source:
            rates.add(source.info.rate)
            if script.opened == 4:
                break
    assert rates == {60.0}


def test_attempts_in_vain_may_be_limited(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(ScriptedCamera(3), GONE)
    with (
        pytest.raises(SourceError, match="there is no camera 0; given up after 3 attempts"),
        script.source(max_retries=3) as source,
    ):
        list(source)
    assert script.opened == 4
    assert len(caplog.messages) == 1


def test_with_no_attempts_allowed_a_loss_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(ScriptedCamera(3))
    with pytest.raises(SourceError, match="stopped after 3 frames"), script.source(max_retries=0) as source:
        list(source)
    assert (script.opened, caplog.messages) == (1, [])


def test_a_success_forgives_the_attempts_before(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(*[opening for _ in range(4) for opening in (ScriptedCamera(3), GONE, GONE)], ScriptedCamera(1e9))
    with script.source(max_retries=3) as source:
        frames_until(source, lambda frame: script.opened == 13)
    assert len(caplog.messages) == 8


def ends_within(script: Script, source: RetryingSource, ready: Callable[[], bool]) -> float:
    """How long it takes to leave, from the request to stop."""
    asked: list[float] = []

    def ask() -> None:
        wait_until(ready)
        asked.append(time.monotonic())
        script.stop.requested = True

    thread = threading.Thread(target=ask)
    thread.start()
    with source:
        for _ in source:
            pass
    ended = time.monotonic()
    thread.join()
    return ended - asked[0]


def test_a_request_to_stop_ends_the_waiting() -> None:
    script = Script(ScriptedCamera(3), GONE)
    source = script.source(lambda: repeat(PATIENCE_SECONDS))
    assert ends_within(script, source, lambda: "next attempt" in source.outage) < 5.0


def test_a_request_to_stop_ends_an_opening_that_hangs() -> None:
    script = Script(ScriptedCamera(3))
    free, hanging = threading.Event(), threading.Event()
    first = script.open

    def hang() -> ScriptedCamera:
        if script.opened == 0:
            return first()
        hanging.set()
        free.wait(PATIENCE_SECONDS)
        raise GONE

    script.open = hang  # type: ignore[method-assign]
    source = script.source(timeout_seconds=PATIENCE_SECONDS)
    assert ends_within(script, source, hanging.is_set) < 5.0
    free.set()


def test_while_a_lost_camera_is_stuck_no_other_thread_joins_it(caplog: pytest.LogCaptureFixture) -> None:
    stuck = ScriptedCamera(3, hangs=True)
    script = Script(stuck, ScriptedCamera(1e9))
    with script.source(timeout_seconds=1 - GRACE_SECONDS) as source:
        frames = iter(source)
        while "is stuck" not in source.outage:
            next(frames)
        assert script.opened == 1
        stuck.freed.set()
        while source.outage:
            next(frames)
        assert script.opened == 2
    assert "sent nothing" in caplog.messages[0]
    assert stuck.released.is_set()


def test_one_that_comes_and_goes_is_asked_less_and_less_often() -> None:
    made: list[int] = []

    def delays() -> Iterator[float]:
        made.append(0)
        for _ in count():
            made[-1] += 1
            yield 0.01

    cameras = [ScriptedCamera(2) for _ in range(6)]
    script = Script(*cameras, ScriptedCamera(1e9))
    threads = threading.active_count()
    with script.source(delays) as source:
        frames_until(source, lambda frame: script.opened == 7)
    assert made == [6]
    assert all(camera.released.is_set() for camera in cameras)
    wait_until(lambda: threading.active_count() <= threads)


def test_one_that_was_steady_is_asked_soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def delays() -> Iterator[float]:
        made.append(1)
        return repeat(0.01)

    monkeypatch.setattr(retry, "STEADY_SECONDS", 0.05)
    script = Script(*(ScriptedCamera(100) for _ in range(3)), ScriptedCamera(1e9))
    with script.source(delays) as source:
        frames_until(source, lambda frame: script.opened == 4)
    assert len(made) > 3


def test_a_file_behind_a_url_that_is_cut_short_is_not_read_again_from_its_beginning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Counted(ScriptedCamera):
        def get(self, property: int) -> float:
            return 30.0 if property == cv2.CAP_PROP_FRAME_COUNT else 25.0

    script = Script(Counted(3))

    def make() -> VideoSource:
        return VideoSource("http://127.0.0.1/clip.mp4", script.open, script.stop, None, 10.0)

    with (
        pytest.raises(SourceError, match="ends after 3 of 30 frames"),
        RetryingSource(make, script.stop) as source,
    ):
        list(source)
    assert (script.opened, caplog.messages) == (1, [])


def test_a_bug_in_the_device_is_not_tried_again() -> None:
    camera = ScriptedCamera(3)
    script = Script(camera)
    camera.get = lambda _: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError), script.source():
        pass
    assert camera.released.is_set()


def test_what_opencv_throws_is_a_loss_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    broken = ScriptedCamera(3)
    read = broken.read

    def fail() -> tuple[bool, Any]:
        return read() if broken.left else cv2.resize(np.zeros((0, 0), np.uint8), (1, 1))

    broken.read = fail  # type: ignore[method-assign]
    script = Script(broken, ScriptedCamera(1e9))
    with script.source() as source:
        frames_until(source, lambda frame: script.opened == 2)
    assert "camera 0 failed in OpenCV" in caplog.messages[0] and "\n" not in caplog.messages[0]
    assert broken.released.is_set()


def test_dropped_frames_are_counted_over_all_openings() -> None:
    script = Script(ScriptedCamera(40), ScriptedCamera(1e9))
    counts: list[int] = []
    with script.source() as source:
        for frame in source:
            counts.append(source.dropped)
            if frame is not None:
                time.sleep(0.03)
                if script.opened == 2 and source.dropped > 10:
                    break
    assert counts == sorted(counts)


def test_the_loop_tells_that_digits_go_and_come_with_the_camera(ink_reader: FrameReader) -> None:
    script = Script(ScriptedCamera(60, ink=True), GONE, ScriptedCamera(1e9, ink=True))
    names: list[str] = []

    class Sink:
        def write(self, events: Any) -> None:
            names.extend(event.event for event in events)
            script.stop.requested = names.count("appeared") == 2

    from mnist_edge.camera.controls import Controls

    with script.source() as source:
        run(source, ink_reader, events=[Sink()], controls=Controls(0.5, script.stop))
    assert names == ["appeared", "gone", "appeared", "gone"]
