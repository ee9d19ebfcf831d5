"""Following digits: flicker is no news, and what stays different is."""

import pytest

from mnist_edge.camera.tracker import PAGES, Change, Tracker, match
from mnist_edge.reading import Box, Digit


def digit(label: int = 7, x: int = 100, y: int = 100, confidence: float = 0.9, side: int = 40) -> Digit:
    return Digit(label, confidence, Box(x, y, side // 2, side))


def kinds(changes: list[Change]) -> list[str]:
    return [change.kind for change in changes]


def settled(*digits: Digit, frames: int = 10) -> Tracker:
    tracker = Tracker()
    for _ in range(frames):
        tracker.update(digits)
    return tracker


def test_a_digit_appears_once_when_it_was_seen_in_three_frames() -> None:
    tracker = Tracker()
    seen = [kinds(tracker.update([digit()])) for _ in range(6)]
    assert seen == [[], [], ["appeared"], [], [], []]


def test_what_is_seen_now_and_then_never_appears() -> None:
    tracker = Tracker()
    for _ in range(20):
        assert not tracker.update([digit()])
        assert not tracker.update([digit()])
        assert not tracker.update([])
    assert tracker.digits == ()


@pytest.mark.parametrize("missed", [1, 3, 5])
def test_a_digit_that_is_missed_for_a_moment_stays(missed: int) -> None:
    tracker = settled(digit())
    for _ in range(missed):
        assert not tracker.update([])
    assert not tracker.update([digit()])
    assert [d.track for d in tracker.digits] == [1]


def test_a_digit_that_stays_away_is_gone_once() -> None:
    tracker = settled(digit())
    assert [kinds(tracker.update([])) for _ in range(8)] == [[]] * 5 + [["gone"]] + [[]] * 2
    assert tracker.text == ()


def test_a_digit_that_comes_back_later_is_a_new_track() -> None:
    tracker = settled(digit())
    for _ in range(10):
        tracker.update([])
    (change,) = (change for _ in range(3) for change in tracker.update([digit()]))
    assert (change.kind, change.digit.track) == ("appeared", 2)


def test_a_label_changes_only_when_the_new_one_outweighs_the_old() -> None:
    tracker = settled(digit(4))
    changes = [tracker.update([digit(9)]) for _ in range(8)]
    assert [kinds(c) for c in changes].count(["changed"]) == 1
    assert not changes[0] and not changes[1]
    assert any(changes[:6])
    assert tracker.digits[0].label == 9


def test_a_label_that_flickers_does_not_change() -> None:
    tracker = settled(digit(4))
    for label in (9, 4, 9, 4, 9, 9, 4, 9, 4, 9):
        assert not tracker.update([digit(label)])
    assert tracker.text == ("4",)


def test_weak_readings_outweigh_strong_ones_later_than_strong_readings_do() -> None:
    def frames_until_changed(confidence: float) -> int:
        tracker = settled(digit(4))
        return next(n for n in range(50) if tracker.update([digit(9, confidence=confidence)]))

    assert frames_until_changed(0.5) > frames_until_changed(0.99)


def test_a_moving_digit_keeps_its_track_and_neighbours_keep_theirs() -> None:
    tracker = settled(digit(1, x=100), digit(2, x=130), digit(3, x=160))
    for step in range(30):
        assert not tracker.update([digit(1, x=100 + 8 * step), digit(2, x=130 + 8 * step), digit(3, x=160 + 8 * step)])
    assert tracker.text == ("123",)
    assert [d.track for d in tracker.digits] == [1, 2, 3]


def test_a_thin_one_that_jitters_is_one_digit() -> None:
    tracker = Tracker()
    changes = [c for n in range(20) for c in tracker.update([Digit(1, 0.9, Box(100 + 6 * (n % 2), 100, 5, 60))])]
    assert kinds(changes) == ["appeared"]


def test_a_digit_that_jumps_across_the_page_is_another() -> None:
    tracker = settled(digit(x=100))
    changes = [c for _ in range(8) for c in tracker.update([digit(x=400)])]
    assert sorted(kinds(changes)) == ["appeared", "gone"]


def test_digits_and_text_are_in_reading_order_with_gaps_between_words() -> None:
    tracker = settled(digit(5, x=100, y=300), digit(2, x=400), digit(1, x=100), digit(3, x=430))
    assert tracker.text == ("1 23", "5")
    assert [d.label for d in tracker.digits] == [1, 2, 3, 5]


def test_the_end_lets_all_go() -> None:
    tracker = settled(digit(1, x=100), digit(2, x=200))
    assert [(c.kind, c.digit.label) for c in tracker.end()] == [("gone", 1), ("gone", 2)]
    assert tracker.end() == []


def test_on_a_page_every_digit_appears_at_once() -> None:
    tracker = Tracker(PAGES)
    assert kinds(tracker.update([digit(1, x=100), digit(2, x=200)])) == ["appeared", "appeared"]


def test_boxes_pair_with_the_nearest_of_their_size() -> None:
    before = [Box(0, 0, 20, 40), Box(50, 0, 20, 40)]
    assert match(before, [Box(52, 1, 20, 40), Box(3, 0, 20, 40)]) == {0: 1, 1: 0}
    assert match(before, [Box(0, 0, 60, 120)]) == {}
    assert match(before, []) == match([], before) == {}
