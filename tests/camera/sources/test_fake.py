"""The camera that is not there: its frames come from their numbers, and its digits are honest handwriting."""

import time
from collections import Counter

import numpy as np
import pytest

from mnist_edge.camera.frames import Frame
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.fake.film import Film
from mnist_edge.camera.sources.fake.motion import CameraShake
from mnist_edge.camera.sources.fake.source import FakeSource
from mnist_edge.handwriting import write_digit
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Digit
from mnist_edge.strokes import Pen, render


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def frames_of(source: FakeSource) -> list[Frame]:
    with source:
        return [frame for frame in source if frame is not None]


def labels(digits: tuple[Digit, ...]) -> list[int]:
    return sorted(digit.label for digit in digits)


def test_a_frame_comes_from_its_seed_and_its_number_whatever_came_before() -> None:
    frames = frames_of(FakeSource(Stop(), width=320, height=240, seed=3, seconds=0.4, live=False))
    again = FakeSource(Stop(), width=320, height=240, seed=3)
    assert [frame.number for frame in frames] == list(range(10))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(10) / 25)
    for frame in (frames[7], frames[2]):
        assert frame.image.shape == (240, 320, 3) and frame.image.dtype == np.uint8
        assert (frame.image == again.picture(frame.number)).all()
    other = FakeSource(Stop(), width=320, height=240, seed=4)
    assert (other.picture(2) != frames[2].image).any()
    assert again.truth(150) == FakeSource(Stop(), width=320, height=240, seed=3, live=False).truth(150)


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (1, 2000), (2000, 1), (17, 13)])
def test_frames_may_have_any_size(size: tuple[int, int]) -> None:
    source = FakeSource(Stop(), width=size[0], height=size[1])
    for number in (0, 60, 500):
        assert source.picture(number).shape == (*size[::-1], 3)
        for digit in source.truth(number):
            assert digit.box.right <= size[0] and digit.box.bottom <= size[1]


def test_frames_move_and_truth_moves_with_them() -> None:
    source = FakeSource(Stop(), seed=1)
    boxes = [[digit.box for digit in source.truth(number)] for number in (20, 60)]
    assert len(boxes[0]) == len(boxes[1]) > 1
    assert boxes[0] != boxes[1]
    assert (source.picture(20) != source.picture(21)).mean() > 0.3


def test_true_boxes_are_tight_around_the_ink() -> None:
    still = Film(
        lambda rng: (4, write_digit(4, rng)), 640, 480, 25.0, 5,
        CameraShake(drift=0, jerk=0, turn=0, zoom=0, tremble=0, dimmest=1, shadow=0, noise=0),
    )  # fmt: skip
    picture, truth = still.frame(30).min(axis=2), still.truth(30)
    dark = picture < 0.6 * np.median(picture)
    assert truth
    for digit in truth:
        x, y, width, height = digit.box
        rows, columns = np.nonzero(dark[y - 8 : y + height + 8, x - 8 : x + width + 8])
        found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - 8
        assert np.abs(found - [0, 0, width, height]).max() <= 4
        dark[y - 8 : y + height + 8, x - 8 : x + width + 8] = False
    assert not dark.any()


def test_pages_are_cut_wiped_and_blanked() -> None:
    source = FakeSource(Stop(), seed=2)
    pages = [labels(source.truth(page * 150 + 100)) for page in range(12)]
    assert all(pages)
    assert len({tuple(page) for page in pages}) > 8
    changes = [any(not source.truth(page * 150 + n) for n in range(25)) for page in range(1, 12)]
    assert 0 < sum(changes) < len(changes)


def test_what_is_only_partly_in_the_picture_is_no_truth() -> None:
    source = FakeSource(Stop(), seed=2)
    for number in range(0, 900, 3):
        for digit in source.truth(number):
            x, y, width, height = digit.box
            assert min(x, y) >= 0 and x + width <= 640 and y + height <= 480


def test_every_way_to_write_a_digit_is_read(reader: Reader) -> None:
    wrong: Counter[int] = Counter()
    for label in range(10):
        for seed in range(30):
            rng = np.random.default_rng(seed)
            ink = render([60 * stroke for stroke in write_digit(label, rng)], Pen(5.5), rng)[0]
            crop = normalise(widen_strokes(ink))
            wrong[label] += int(np.argmax(reader.classifier.probabilities(crop[None]))) != label
    assert max(wrong.values()) <= 2, wrong
    assert sum(wrong.values()) <= 6, wrong


@pytest.mark.parametrize("seed", [0, 11])
def test_pages_held_still_are_read(reader: Reader, seed: int) -> None:
    source = FakeSource(Stop(), seed=seed)
    numbers = [page * 150 + 75 for page in range(12)]
    right = sum(labels(reader.read(source.picture(n)).digits) == labels(source.truth(n)) for n in numbers)
    assert right >= len(numbers) - 1


def test_live_frames_are_the_newest_and_what_nobody_took_is_counted() -> None:
    source = FakeSource(Stop(), width=160, height=120, rate=50.0, seconds=1.0)
    numbers = []
    with source:
        for frame in source:
            if frame is not None:
                numbers.append(frame.number)
                time.sleep(0.1)
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 49
    assert source.dropped == 50 - len(numbers) > 20


def test_live_frames_come_by_the_clock_and_the_loop_is_let_live_meanwhile() -> None:
    began = time.monotonic()
    came = list(FakeSource(Stop(), width=160, height=120, rate=2.0, seconds=1.0))
    assert time.monotonic() - began >= 0.5
    frames = [frame for frame in came if frame is not None]
    assert [frame.number for frame in frames] in ([0, 1], [1])
    assert came.count(None) >= 2


def test_nothing_is_dropped_where_it_is_not_live() -> None:
    source = FakeSource(Stop(), width=160, height=120, rate=500.0, seconds=0.02, live=False)
    numbers = []
    for frame in source:
        assert frame is not None
        numbers.append(frame.number)
        time.sleep(0.01)
    assert numbers == list(range(10))
    assert source.dropped == 0


@pytest.mark.parametrize("live", [True, False])
def test_a_request_to_stop_ends_it(live: bool) -> None:
    stop = Stop()
    numbers = []
    for frame in FakeSource(stop, width=160, height=120, rate=100.0, live=live):
        if frame is not None:
            numbers.append(frame.number)
            stop.requested = len(numbers) == 3
    assert len(numbers) == 3
