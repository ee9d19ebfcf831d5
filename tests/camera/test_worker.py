"""The background worker: in order, bounded, never waited for but at the end, and honest about what it lost."""

import threading
import time
from collections.abc import Iterator

import pytest

from mnist_edge.camera.signals import Stop
from mnist_edge.camera.worker import Worker, deaths_logged
from tests.helpers import PATIENCE_SECONDS, wait_until


class Handler:
    """Handles items, but waits before each until it is released."""

    def __init__(self) -> None:
        self.released, self.entered = threading.Event(), threading.Event()
        self.handled: list[int] = []

    def handle(self, item: int) -> None:
        self.entered.set()
        assert self.released.wait(PATIENCE_SECONDS)
        self.handled.append(item)


@pytest.fixture
def handler() -> Iterator[Handler]:
    handler = Handler()
    yield handler
    handler.released.set()


def test_all_is_handled_in_order_before_it_is_left(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    handler.released.set()
    with Worker("eggs", handler.handle, limit=100, last=lambda: handler.handle(-1)) as worker:
        assert worker.put(*range(10)) and worker.put(10)
    assert handler.handled == [*range(11), -1]
    assert (worker.lost, caplog.messages, worker.busy) == (0, [], False)


def test_what_finds_no_room_is_counted_and_said_twice(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    with Worker("eggs", handler.handle, limit=3, slow="the hen is tired") as worker:
        assert worker.put(0)
        assert handler.entered.wait(PATIENCE_SECONDS)
        assert [worker.put(number) for number in range(1, 6)] == [True, True, True, False, False]
        assert worker.full and worker.busy
        assert (worker.lost, caplog.messages) == (2, ["eggs are being lost: the hen is tired"])
        handler.released.set()
        wait_until(lambda: not worker.busy)
        assert not worker.full and worker.put(6)
    assert handler.handled == [0, 1, 2, 3, 6]
    assert caplog.messages[1:] == ["eggs lost: 2"]


def test_one_that_is_stuck_is_left_at_the_deadline(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    with Worker("eggs", handler.handle, limit=9, slow="the hen is tired") as worker:
        worker.put(1, 2, 3)
        assert handler.entered.wait(PATIENCE_SECONDS)
        worker.end(time.monotonic() + 0.1)
        # Nobody may add to what is counted at the end.
        assert not worker.put(4)
    assert (worker.lost, caplog.messages) == (4, ["eggs lost: 4; the hen is tired"])
    handler.released.set()
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "eggs"])
    assert handler.handled == [1]


def test_a_failure_is_said_once_and_the_next_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    handled: list[int] = []

    def handle(item: int) -> None:
        if item < 3:
            raise OSError(28, "No space left on device", "basket")
        handled.append(item)

    with Worker("eggs", handle, limit=9) as worker:
        worker.put(1, 2, 3)
    assert handled == [3]
    assert caplog.messages == ["eggs are being lost: basket: No space left on device", "eggs lost: 2"]


def test_a_silent_worker_logs_no_loss(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    with Worker("eggs", handler.handle, limit=1, silent=True, end_seconds=0.1) as worker:
        worker.put(1)
        assert handler.entered.wait(PATIENCE_SECONDS)
        assert [worker.put(number) for number in (2, 3)] == [True, False]
    assert (worker.lost, caplog.messages) == (3, [])


def test_a_failure_that_ends_all_is_raised_to_whoever_leaves(caplog: pytest.LogCaptureFixture) -> None:
    stop = Stop()

    def handle(item: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), Worker("eggs", handle, limit=9, ends=stop) as worker:
        worker.put(1, 2)
        wait_until(lambda: stop.requested)
        assert not worker.put(3)
        wait_until(lambda: not worker.busy)
    assert caplog.messages == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_says_so(caplog: pytest.LogCaptureFixture) -> None:
    before = threading.excepthook
    eggs: dict[str, str] = {}
    with deaths_logged():
        thread = threading.Thread(target=lambda: eggs["egg"], name="hen")
        thread.start()
        thread.join()
    assert caplog.messages == ["hen has ended, by a bug: KeyError: 'egg'; start the camera again"]
    assert threading.excepthook is before
