"""The background worker: in order, bounded, never waited for but at the end, and honest about what it lost."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mnist_edge.camera.signals import Stop
from mnist_edge.camera.worker import Worker, deaths_noted

LIMIT_SECONDS = 60.0


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.005)


class Door:
    """Handles items, but waits before each while it is shut."""

    def __init__(self) -> None:
        self.opened, self.entered = threading.Event(), threading.Event()
        self.handled: list[int] = []

    def handle(self, item: int) -> None:
        self.entered.set()
        assert self.opened.wait(LIMIT_SECONDS)
        self.handled.append(item)


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.opened.set()


def test_all_is_handled_in_order_before_it_is_left(door: Door) -> None:
    notes: list[str] = []
    door.opened.set()
    with Worker("eggs", door.handle, limit=100, note=notes.append, last=lambda: door.handle(-1)) as worker:
        assert worker.put(*range(10)) and worker.put(10)
    assert door.handled == [*range(11), -1]
    assert (worker.lost, notes, worker.busy) == (0, [], False)


def test_what_finds_no_room_is_counted_and_said_twice(door: Door) -> None:
    notes: list[str] = []
    with Worker("eggs", door.handle, limit=3, note=notes.append, slow="the hen is tired") as worker:
        assert worker.put(0)
        assert door.entered.wait(LIMIT_SECONDS)
        assert [worker.put(number) for number in range(1, 6)] == [True, True, True, False, False]
        assert worker.full and worker.busy
        assert (worker.lost, notes) == (2, ["note: eggs are being lost: the hen is tired"])
        door.opened.set()
        wait_for(lambda: not worker.busy)
        assert not worker.full and worker.put(6)
    assert door.handled == [0, 1, 2, 3, 6]
    assert notes[1:] == ["note: eggs lost: 2"]


def test_one_that_is_stuck_is_left_at_the_deadline(door: Door) -> None:
    notes: list[str] = []
    with Worker("eggs", door.handle, limit=9, note=notes.append, slow="the hen is tired") as worker:
        worker.put(1, 2, 3)
        assert door.entered.wait(LIMIT_SECONDS)
        worker.end(time.monotonic() + 0.1)
        # Nobody may add to what is counted at the end.
        assert not worker.put(4)
    assert (worker.lost, notes) == (4, ["note: eggs lost: 4; the hen is tired"])
    door.opened.set()
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "eggs"])
    assert door.handled == [1]


def test_a_failure_is_said_once_and_the_next_is_tried() -> None:
    notes: list[str] = []
    handled: list[int] = []

    def handle(item: int) -> None:
        if item < 3:
            raise OSError(28, "No space left on device", "basket")
        handled.append(item)

    with Worker("eggs", handle, limit=9, note=notes.append) as worker:
        worker.put(1, 2, 3)
    assert handled == [3]
    assert notes == ["note: eggs are being lost: basket: No space left on device", "note: eggs lost: 2"]


def test_a_failure_that_ends_all_is_raised_to_whoever_leaves() -> None:
    stop, notes = Stop(), list[str]()

    def handle(item: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), Worker("eggs", handle, limit=9, note=notes.append, ends=stop) as worker:
        worker.put(1, 2)
        wait_for(lambda: stop.requested)
        assert not worker.put(3)
        wait_for(lambda: not worker.busy)
    assert notes == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_says_so() -> None:
    notes: list[str] = []
    before = threading.excepthook
    eggs: dict[str, str] = {}
    with deaths_noted(notes.append):
        thread = threading.Thread(target=lambda: eggs["egg"], name="hen")
        thread.start()
        thread.join()
    assert notes == ["note: hen has ended, by a bug: KeyError: 'egg'; start the camera again"]
    assert threading.excepthook is before
