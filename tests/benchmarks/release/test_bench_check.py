import numpy as np

from mnist_edge.benchmarks.release.bench_check import (
    MAX_SLOWER,
    REFERENCE,
    actions,
    baseline_of,
    check,
    frame_of_zeros,
    measure_times,
    slower,
    worse,
)
from mnist_edge.benchmarks.suite.ratios import Ratio
from mnist_edge.camera.reader import Reader

MACHINE = {"machine": "x86_64", "features": ["avx2"], "cpu": "a processor"}
BASELINE = {
    "times": {"reading": {"median": 2.0, "low": 1.9, "high": 2.1}},
    "floors": {"accuracy": 0.995},
    "stamp": {"machine": MACHINE},
}


def test_a_figure_fails_where_its_whole_interval_is_beyond_the_bound() -> None:
    times = BASELINE["times"]
    assert isinstance(times, dict) and MAX_SLOWER == 1.15
    assert not slower({"reading": Ratio(2.5, 2.2, 2.6)}, times), "2.2 is within 15 % of 2"
    (sentence,) = slower({"reading": Ratio(2.5, 2.4, 2.6)}, times)
    assert sentence.startswith("reading is 1.25 times as slow as the baseline")
    assert not slower({"new": Ratio(9.0, 9.0, 9.0)}, times)


def test_accuracy_has_a_floor() -> None:
    assert worse({"accuracy": 0.994}, {"accuracy": 0.995}) == ["accuracy is 0.994, below 0.995"]
    assert not worse({"accuracy": 0.995}, {"accuracy": 0.995})
    floors = baseline_of({}, {"small, accuracy": 0.9955, "F1 on pages": 0.8})["floors"]
    assert floors == {"small, accuracy": 0.995, "F1 on pages": 0.77}


def test_times_are_compared_on_the_same_kind_of_processor_only() -> None:
    slow, good = {"reading": Ratio(4.0, 3.9, 4.1)}, {"accuracy": 0.996}
    failed, notes = check(slow, good, BASELINE, MACHINE)
    assert len(failed) == 1 and not notes
    failed, notes = check(slow, {"accuracy": 0.9}, BASELINE, MACHINE | {"features": ["avx2", "avx512_vnni"]})
    assert failed == ["accuracy is 0.9, below 0.995"]
    assert notes == ["the baseline's times are of another kind of processor (a processor) and were not compared"]
    assert check({"new": Ratio(1, 1, 1)}, {}, BASELINE, MACHINE) == ([], ["new has no baseline yet"])


def test_a_reader_that_was_slowed_down_is_found_out() -> None:
    """By half: what takes as long as three pages counts for two."""
    reader, frame = Reader("nano"), frame_of_zeros()
    reference = actions()[REFERENCE]

    def slowed() -> None:
        for _ in range(3):
            reader.read(frame)

    timed = {REFERENCE: reference, "reading": lambda: reader.read(frame), "slowed": slowed}
    # Enough rounds for the interval to be narrow on a busy machine too.
    found = measure_times(timed, rounds=24)
    whole = found["slowed"]
    fresh = Ratio(whole.median / 2, whole.low / 2, whole.high / 2)
    (sentence,) = slower({"reading": fresh}, {"reading": found["reading"].to_json()})
    assert sentence.startswith("reading is 1.")
    assert not slower({"reading": found["reading"]}, {"reading": found["reading"].to_json()})


def test_the_page_that_is_timed_has_ten_digits() -> None:
    frame = frame_of_zeros()
    assert frame.shape == (480, 640, 3) and frame.dtype == np.uint8
    assert [digit.label for digit in Reader("small").read(frame).digits] == [0] * 10
