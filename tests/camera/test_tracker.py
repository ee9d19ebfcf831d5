"""Following digits: what a single frame misreads changes nothing, and what stays different does."""

from collections.abc import Sequence

import pytest

from mnist_edge.camera.tracker import PAGES, Change, Tracker
from mnist_edge.reading import Box, Digit

Page = list[Digit]


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
    changes = [kinds(tracker.update([])) for _ in range(20)]
    assert changes.index(["gone"]) in range(5, 12)
    assert sum(map(len, changes)) == 1
    assert tracker.text == ()


def test_a_digit_that_comes_back_later_is_a_new_track() -> None:
    tracker = settled(digit())
    for _ in range(20):
        tracker.update([])
    (change,) = (change for _ in range(3) for change in tracker.update([digit()]))
    assert (change.kind, change.digit.track) == ("appeared", 2)


def test_a_label_changes_only_when_the_new_one_outweighs_the_old() -> None:
    tracker = settled(digit(4))
    changes = [kinds(tracker.update([digit(9)])) for _ in range(20)]
    assert changes.index(["changed"]) in range(2, 12)
    assert sum(map(len, changes)) == 1
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
    changes = [c for _ in range(20) for c in tracker.update([digit(x=400)])]
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


def row(labels: str, x: float = 100, y: float = 100, pitch: float = 60, wide: float = 24, tall: float = 40) -> Page:
    """Digits side by side; a 1 is thin."""
    return [
        Digit(int(label), 0.95, Box(round(x + n * pitch), round(y), 6 if label == "1" else round(wide), round(tall)))
        for n, label in enumerate(labels)
    ]


def watch(tracker: Tracker, pages: Sequence[Page], rate: float | None = None) -> list[Change]:
    return [
        change
        for number, page in enumerate(pages)
        for change in tracker.update(page, None if rate is None else number / rate)
    ]


def test_what_is_missed_while_the_page_moves_moves_with_it() -> None:
    tracker = settled(*row("1234"))
    for step in range(1, 8):
        moved = row("1234", x=100 + 12 * step, y=100 - 5 * step)
        assert not tracker.update(moved[:1] + moved[2:])
        box = next(d.box for d in tracker.digits if d.label == 2)
        assert abs(box.x - moved[1].box.x) <= 3 and abs(box.y - moved[1].box.y) <= 3


def test_a_page_that_is_lost_while_it_moves_is_found_again() -> None:
    tracker = settled(*row("1234"))
    tracks = [d.track for d in tracker.digits]
    assert not watch(tracker, [[]] * 4 + [row("1234", x=178, y=60)] * 5)
    assert [d.track for d in tracker.digits] == tracks


def test_ink_in_its_place_that_cannot_be_read_keeps_a_digit_for_a_while() -> None:
    tracker = settled(*row("12"))
    blurred = [row("12")[0].box]
    changes = [tracker.update([], 0.44 + n / 25, blurred) for n in range(50)]
    went = [(n / 25, change.kind, change.digit.label) for n, found in enumerate(changes) for change in found]
    (first, _, other), (last, _, blurry) = went
    assert (other, blurry) == (2, 1)
    assert first <= 0.5 and 0.9 <= last <= 1.6


def test_refused_ink_alone_is_no_digit() -> None:
    tracker = Tracker()
    assert not any(tracker.update([], n / 25, [Box(10, 10, 20, 40)]) for n in range(20))
    assert tracker.digits == ()


def test_a_page_whose_digits_lie_where_others_were_is_the_same() -> None:
    tracker = settled(*row("1234"))
    tracks = [d.track for d in tracker.digits]
    assert not watch(tracker, [row("1234", x=160)] * 10)
    assert [d.track for d in tracker.digits] == tracks


def test_a_page_that_comes_nearer_and_turns_keeps_its_digits() -> None:
    tracker = settled(*row("2345"))
    zoomed = [row("2345", x=100 - n, pitch=60 + 0.8 * n, wide=24 + 0.3 * n, tall=40 + 0.5 * n) for n in range(40)]
    assert not watch(tracker, zoomed)


@pytest.mark.parametrize(("old", "new"), [("1234", "5678"), ("52", "36"), ("40718", "53946"), ("3", "1")])
def test_another_page_in_the_same_place_has_other_digits(old: str, new: str) -> None:
    tracker = settled(*row(old))
    changes = watch(tracker, [row(new)] * 20)
    assert sorted(kinds(changes)) == ["appeared"] * len(new) + ["gone"] * len(old)
    assert tracker.text == (new,)
    assert min(d.track or 0 for d in tracker.digits) > len(old)


def test_another_page_is_shown_within_half_a_second() -> None:
    for rate in (5.0, 10.0, 25.0, 60.0):
        tracker = Tracker()
        frames = round(2 * rate)
        watch(tracker, [row("123")] * frames, rate)
        seen = (tracker.update(row("9876", x=90), 2 + n / rate) and tracker.text for n in range(frames))
        late = next(n for n, text in enumerate(seen) if text == ("9876",)) / rate
        assert late <= 0.5, rate


def test_a_blurred_frame_that_is_read_wrongly_is_no_news() -> None:
    tracker = settled(*row("1234"))
    for _ in range(4):
        assert not watch(tracker, [row("7231"), row("1234"), row("1234"), row("1234")])
    assert tracker.text == ("1234",)


def test_halves_of_a_blurred_digit_never_appear() -> None:
    tracker = settled(digit(0, x=100), digit(5, x=200))
    halves = [Digit(1, 0.9, Box(100, 102, 5, 36)), Digit(7, 0.8, Box(112, 101, 8, 38)), digit(5, x=200)]
    assert not watch(tracker, [halves] * 6 + [[digit(0, x=100), digit(5, x=200)]] * 3)


def test_a_digit_that_cannot_be_told_settles_before_it_is_shown() -> None:
    readings = [[digit(label, confidence=0.6)] for label in (3, 8, 3, 8, 3, 3, 8, 3, 3, 3, 3, 3)]
    (change,) = watch(Tracker(), readings)
    assert (change.kind, change.digit.label) == ("appeared", 3)


@pytest.mark.parametrize("rate", [5.0, 25.0, 60.0])
def test_at_any_rate_a_digit_needs_three_frames_and_a_moment(rate: float) -> None:
    tracker = Tracker()
    shown = next(n for n in range(100) if tracker.update([digit()], n / rate))
    assert shown >= 2 and 0.07 <= shown / rate <= 0.45


@pytest.mark.parametrize("rate", [5.0, 25.0, 60.0])
def test_at_any_rate_a_third_of_a_second_of_blur_is_no_news(rate: float) -> None:
    tracker = Tracker()
    watch(tracker, [[digit()]] * 20, rate)
    start = 20 / rate
    for n in range(max(1, int(0.33 * rate))):
        assert not tracker.update([], start + n / rate)
    assert not tracker.update([digit()], start + 0.34)


def test_a_pause_of_an_hour_is_not_a_digit_missed() -> None:
    tracker = settled(digit(4))
    assert not tracker.update([], 3600.0)
    assert not tracker.update([digit(4)], 3600.04)
