"""Coming back: scripted cameras that come and go, and a real network camera that dies, stalls and returns."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count, islice, repeat
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.loop import FrameReader, run
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source, retry
from mnist_edge.camera.sources.retry import RetryingSource, back_off
from mnist_edge.camera.sources.video import GRACE_SECONDS, VideoSource
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2
from tests.camera.sources.conftest import NetworkCamera
from tests.helpers import PATIENCE_SECONDS, wait_until


class ScriptedCamera:
    """Gives so many frames, one each few milliseconds, and is unplugged; or hangs until it is freed and goes on."""

    damaged = 0

    def __init__(self, frames: float, *, hangs: bool = False, ink: bool = False) -> None:
        self.left = frames
        self.hangs = hangs
        self.freed = threading.Event()
        self.released = threading.Event()
        self.image = np.full((240, 320, 3), 255, np.uint8)
        if ink:
            self.image[90:150, 100:130] = 0

    def read(self) -> tuple[bool, Any]:
        time.sleep(0.005)
        if self.left <= 0:
            return self.hangs and self.freed.wait(PATIENCE_SECONDS), self.image
        self.left -= 1
        return True, self.image

    def get(self, _: int) -> float:
        return 0.0

    def release(self) -> None:
        self.released.set()


class Script:
    """Opens one thing after another: a camera, or the error of one that does not open."""

    def __init__(self, *openings: ScriptedCamera | SourceError) -> None:
        self.openings = list(openings)
        self.opened = 0
        self.stop = Stop()

    def open(self) -> ScriptedCamera:
        what = self.openings[min(self.opened, len(self.openings) - 1)]
        self.opened += 1
        if isinstance(what, SourceError):
            raise what
        return what

    def source(
        self,
        delays: Callable[[], Iterator[float]] = lambda: repeat(0.01),
        max_retries: int | None = None,
        live: bool | None = True,
        timeout_seconds: float = 10.0,
    ) -> RetryingSource:
        def make() -> VideoSource:
            return VideoSource("camera 0", self.open, self.stop, live, timeout_seconds)

        return RetryingSource(make, self.stop, max_retries=max_retries, delays=delays)


GONE = SourceError("there is no camera 0")


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


def opened(camera: NetworkCamera, **settings: Any) -> AbstractContextManager[Source]:
    url = f"http://user:secret@127.0.0.1:{camera.server_port}/live.mjpg"
    return open_source(Settings(url, **settings), Stop())


def test_a_network_camera_that_dies_comes_back(
    network_camera: Callable[..., NetworkCamera], caplog: pytest.LogCaptureFixture
) -> None:
    first = network_camera()
    with opened(first, timeout=5.0) as source:
        frames = iter(source)
        before = next(frame for frame in frames if frame is not None)
        first.die()
        while not source.outage:
            last = next(frames)
            before = last or before
        second = network_camera(first.server_port)
        after = next(frame for frame in frames if frame is not None)
    assert second.viewers == 1
    assert after.number > before.number
    lost, back = caplog.messages
    assert "/live.mjpg stopped after " in lost and "is back after " in back
    assert "secret" not in lost + back


def test_a_stream_that_stalls_comes_back(
    network_camera: Callable[..., NetworkCamera], caplog: pytest.LogCaptureFixture
) -> None:
    camera = network_camera()
    with opened(camera, timeout=1.0) as source:
        frames = iter(source)
        assert next(frame for frame in frames if frame is not None)
        camera.stalled = True
        while not source.outage:
            next(frames)
        assert next(frame for frame in frames if frame is not None)
    assert camera.viewers == 2
    assert len(caplog.messages) == 2 and "is back after " in caplog.messages[1]


def test_a_slow_loop_sees_a_network_camera_as_it_is_now(network_camera: Callable[..., NetworkCamera]) -> None:
    camera = network_camera()
    late = []
    with opened(camera) as source:
        for frame in source:
            if frame is not None:
                late.append((camera.frame - round(float(frame.image.mean()))) % 256)
                time.sleep(0.3)
            if len(late) == 8:
                break
        assert source.dropped > 20
    # In a queue each would be another 15 frames late, and this one 60.
    assert sorted(late)[4] < 50
