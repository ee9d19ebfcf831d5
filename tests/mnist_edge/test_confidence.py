"""One confidence of all that is known of a place: fitted, calibrated, and doubtful among the doubtful."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.confidence import (
    ADDED,
    FEATURES,
    KEY,
    KNOWN,
    UNFITTED,
    Confidence,
    Evidence,
    InkEvidence,
    Places,
    Step,
    mix,
)
from mnist_edge.errors import ModelError
from mnist_edge.models.finder.confidence import fit

A_PAGE = 20
# A grid of digits, five in a row.
BOXES = [(25.0 * (k % 5), 30.0 * (k // 5), 20.0, 24.0) for k in range(A_PAGE)]
Page = tuple[list[Evidence], NDArray[np.bool_]]


def sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def evidence(rng: np.random.Generator, right: bool) -> Evidence:
    """What speaks for a digit that is right or not; each part of it errs by itself."""
    towards = 0.6 if right else -0.6
    score, named, seen, digit, ink = (sigmoid(rng.normal(towards, 1.5)) for _ in range(5))
    connected = InkEvidence(bool(rng.random() < (0.9 if right else 0.5)), ink, digit, 0.1)
    # Now and then a finder is nearly blind.
    score = score if rng.random() < (0.95 if right else 0.7) else 0.03
    return Evidence(3, score, named, seen, digit, ink=connected if rng.random() < 0.6 else None)


def drawn(count: int, seed: int = 0) -> list[Page]:
    """Pages of places and whether each is right: every other one is of words, where hardly any is; some have one."""
    rng = np.random.default_rng(seed)
    pages = []
    for page in range(count):
        right = rng.random(A_PAGE) < (0.02, 0.9)[page % 2] if page % 10 < 9 else rng.random(1) < 0.5
        pages.append(([evidence(rng, bool(one)) for one in right], right))
    return pages


def fitted(pages: list[Page]) -> Confidence:
    return fit([Places.of(page, BOXES[: len(page)]) for page, _ in pages], [right for _, right in pages])


def judged(confidence: Confidence, pages: list[Page]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How sure it is of each place, and whether it is right."""
    sure = [confidence.of(Places.of(page, BOXES[: len(page)])) for page, _ in pages]
    return np.concatenate(sure), np.concatenate([right for _, right in pages])


def log_loss(sure: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    return float(-np.log(np.maximum(np.where(right, sure, 1 - sure), 1e-6)).mean())


@pytest.fixture(scope="module")
def fresh() -> list[Page]:
    return drawn(1_200, seed=1)


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    return fitted(drawn(450))


def test_it_is_calibrated(confidence: Confidence, fresh: list[Page]) -> None:
    sure, right = judged(confidence, fresh)
    assert sure.dtype == np.float32 and sure.min() >= 0 and sure.max() <= 1
    assert sure.mean() == pytest.approx(right.mean(), abs=0.01)
    bins = 0
    for low, high in pairwise(np.linspace(0, 1, 6).tolist()):
        inside = (sure >= low) & (sure <= high)
        if inside.sum() > 150:
            bins += 1
            assert right[inside].mean() == pytest.approx(sure[inside].mean(), abs=0.06)
    assert bins >= 3


def test_all_evidence_together_is_better_than_any_part(confidence: Confidence, fresh: list[Page]) -> None:
    sure, right = judged(confidence, fresh)
    parts = [
        np.array([getattr(one, name) for page, _ in fresh for one in page], np.float32)
        for name in ("score", "finder_probability", "probability", "digit_score")
    ]
    assert log_loss(sure, right) < 0.6 * min(log_loss(part, right) for part in parts)


def test_what_stands_among_doubtful_ones_is_doubted(confidence: Confidence, fresh: list[Page]) -> None:
    alone = confidence._replace(steps=())
    assert log_loss(*judged(confidence, fresh)) < 0.8 * log_loss(*judged(alone, fresh))
    page, _ = fresh[1]
    # One that is by itself neither sure nor hopeless.
    index = int(np.abs(alone.of(Places.of(page, BOXES)) - 0.5).argmin())
    hopeless = Evidence(3, 0.02, 0.1, 0.1, 0.05)
    among_words = [one if k == index else hopeless for k, one in enumerate(page)]
    far = [(100 * x, 100 * y, width, height) for x, y, width, height in BOXES]
    among = {
        "digits": Places.of(page, BOXES),
        "words": Places.of(among_words, BOXES),
        "nothing": Places.of(among_words, far),
        # Of what is ten times as large it is no neighbour.
        "posters": Places.of(among_words, [(x, y, 20, 24) if k == index else (x, y, 200, 240)
                                           for k, (x, y, _, _) in enumerate(BOXES)]),
    }  # fmt: skip
    sure = {name: float(confidence.of(places)[index]) for name, places in among.items()}
    assert sure["words"] < min(sure["digits"], sure["nothing"]) - 0.05
    assert sure["posters"] == pytest.approx(sure["nothing"], abs=0.01)


def test_what_stands_alone_is_told_from_what_has_doubtful_company() -> None:
    """A digit by itself has no neighbours; the middle of a word has many that are as doubtful as it is."""
    rng = np.random.default_rng(6)
    doubtful = Evidence(3, 0.5, 0.5, 0.9, 0.9)
    alone, company = Places.of([doubtful], BOXES[:1]), Places.of([doubtful] * A_PAGE, BOXES)
    pages = [alone if rng.random() < 0.5 else company for _ in range(400)]
    confidence = fit(pages, [np.full(len(page.boxes), page is alone) for page in pages])
    assert confidence.of(alone)[0] > 0.9 and confidence.of(company).max() < 0.1


def test_sure_neighbours_count_no_more_than_fairly_sure_ones(confidence: Confidence) -> None:
    """Lines of a table beside a digit are as sure as digits are."""
    one = Evidence(3, 0.6, 0.6, 0.6, 0.6)
    surest, fair = Evidence(3, 0.999, 0.999, 0.999, 0.999), Evidence(3, 0.9, 0.8, 0.8, 0.8)
    beside = [float(confidence.of(Places.of([one, *[other] * 19], BOXES))[0]) for other in (surest, fair)]
    assert beside[0] == pytest.approx(beside[1], abs=0.02)


def test_a_second_step_knows_what_the_neighbours_learned_of_theirs() -> None:
    """A place is a digit where its neighbour is; only the first place of a row shows what all others are."""
    rng = np.random.default_rng(7)
    row = [(25.0 * k, 0.0, 20.0, 24.0) for k in range(4)]
    clear, doubtful = (
        (Evidence(3, 0.9, 0.9, 0.9, 0.9), Evidence(3, 0.05, 0.1, 0.1, 0.1)),
        Evidence(3, 0.5, 0.5, 0.5, 0.5),
    )
    right = [np.full(4, rng.random() < 0.5) for _ in range(300)]
    pages = [Places.of([clear[0 if one[0] else 1], *[doubtful] * 3], row) for one in right]
    confidence = fit(pages, right)
    assert len(confidence.steps) == 2

    def loss_of_the_last(known: Confidence) -> float:
        return log_loss(
            np.array([known.of(page)[3] for page in pages], np.float32), np.array([one[3] for one in right])
        )

    once = confidence._replace(steps=confidence.steps[:1])
    assert loss_of_the_last(confidence) < 0.8 * loss_of_the_last(once)


def test_what_is_smaller_or_lower_than_its_neighbours_is_told_from_them() -> None:
    """A comma beside digits that the networks are as sure of, and a stroke as large as they are below their line."""
    one, row = Evidence(1, 0.7, 0.7, 0.7, 0.7), [(25.0 * k, 0.0, 20.0, 24.0) for k in range(4)]
    comma, below = [*row[:3], (75.0, 14.0, 8.0, 10.0)], [*row[:3], (75.0, 14.0, 20.0, 24.0)]
    pages = [Places.of([one] * 4, boxes) for boxes in (row, comma, row, below)] * 50
    right = [np.array([True, True, True, index % 2 == 0]) for index in range(len(pages))]
    confidence = fit(pages, right)
    sure = [float(confidence.of(page)[3]) for page in pages[:4]]
    assert min(sure[0], sure[2]) > 0.9 and max(sure[1], sure[3]) < 0.1


def test_hidden_units_know_what_no_sum_does() -> None:
    """A digit where exactly one of two witnesses is sure: any sum of the two has a log loss of ln 2 at best."""
    rng = np.random.default_rng(5)
    pages, right = [], []
    for _ in range(100):
        sure = rng.random((A_PAGE, 2)) < 0.5
        right.append(sure[:, 0] != sure[:, 1])
        pages.append([Evidence(3, 0.9 if a else 0.1, 0.5, 0.5, 0.9 if b else 0.1) for a, b in sure])
    confidence = fit([Places.of(page, BOXES) for page in pages], right)
    known = list(zip(pages, right, strict=True))
    assert log_loss(*judged(confidence, known)) < 0.5 * np.log(2)


def test_the_fitted_document_comes_back(confidence: Confidence) -> None:
    document = json.loads(json.dumps(confidence.to_metadata()))
    assert Confidence.from_metadata(document, "a.tflite") == confidence
    assert Confidence.from_metadata({"other": 1}, "a.tflite") == UNFITTED


INPUTS = KNOWN + ADDED
WEIGHTS, UNIT = [0.5] * FEATURES, [0.5] * (INPUTS + 1)
FIRST: dict[str, Any] = {"weights": [0.5] * INPUTS, "hidden": [UNIT]}
SECOND: dict[str, Any] = {"weights": [0.5] * (INPUTS + ADDED), "hidden": []}


@pytest.mark.parametrize(
    "document",
    [
        {"weights": WEIGHTS[1:], "steps": [FIRST, SECOND]},
        {"weights": WEIGHTS, "steps": [SECOND, FIRST]},
        {"weights": WEIGHTS, "steps": [FIRST, FIRST]},
        {"weights": WEIGHTS, "steps": [FIRST | {"hidden": [UNIT, UNIT[1:]]}]},
        {"weights": WEIGHTS, "steps": [FIRST | {"hidden": UNIT}]},
        {"weights": WEIGHTS, "steps": [{"weights": FIRST["weights"]}]},
        {"weights": WEIGHTS, "steps": FIRST},
        {"weights": WEIGHTS},
        {"weights": 0.5, "steps": []},
        {"weights": ["a"] * FEATURES, "steps": []},
        {"weights": [None] * FEATURES, "steps": []},
        {"weights": [float("nan")] * FEATURES, "steps": []},
        {"weights": WEIGHTS, "steps": [FIRST | {"weights": [float("inf")] * INPUTS}]},
        {"weights": WEIGHTS, "steps": [FIRST | {"hidden": [[float("-inf")] * (INPUTS + 1)]}]},
        {"weights": [10**400] * FEATURES, "steps": []},
        [WEIGHTS, [FIRST]],
        "weights",
        0,
    ],
)
def test_an_unsound_document_is_refused(document: Any) -> None:
    with pytest.raises(ModelError, match=r"^a\.tflite says nothing sound of how confidence is computed"):
        Confidence.from_metadata({KEY: document}, "a.tflite")


def test_unfitted_it_is_score_and_probability() -> None:
    apart = [(0.0, 0.0, 20.0, 24.0), (10_000.0, 0.0, 20.0, 24.0), (20_000.0, 0.0, 20.0, 24.0)]
    several = [Evidence(3, 0.9, 0.2, 1.0, 0.5), Evidence(3, 0.5, 0.2, 0.5, 0.9), Evidence(3, 0.9, 0.2, 0.1, 0.5)]
    assert UNFITTED.of(Places.of(several, apart)) == pytest.approx([0.9, 1 / 3, 0.9 / 1.9], abs=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_certainty_overflows_nothing(value: float) -> None:
    ink = InkEvidence(bool(value), value, value, 1e9)
    flags = dict.fromkeys(("cut_off", "goes_on", "bare"), True)
    extreme = Evidence(3, *(value,) * 4, **flags, overlap=value, agreement=value, other_score=value, ink=ink)
    features = Places.of([extreme], BOXES[:1]).features
    assert features.shape == (1, FEATURES) and features[0, 0] == 1 and np.isfinite(features).all()
    for sign in (-1e3, 1e3):
        steps = [Step((sign,) * inputs, ((sign,) * (inputs + 1),)) for inputs in (INPUTS, INPUTS + ADDED)]
        wild = Confidence((sign,) * FEATURES, tuple(steps))
        sure = wild.of(Places.of([extreme, extreme], BOXES[:2]))
        assert np.isfinite(sure).all() and ((sure >= 0) & (sure <= 1)).all()


def test_evidence_that_is_not_there_is_told_from_any_that_is() -> None:
    plain = Evidence(3, 0.5, 0.5, 0.5, 0.5)
    changes: list[dict[str, Any]] = [
        {"label": 5}, {"cut_off": True}, {"goes_on": True}, {"bare": True}, {"overlap": 0.5}, {"agreement": 0.5},
        {"other_score": 0.5},
        {"ink": InkEvidence(True, 0.5, 0.0, 0.0)}, {"ink": InkEvidence(False, 0.5, 0.0, 0.0)},
        {"ink": InkEvidence(True, 0.9, 0.0, 0.0)}, {"ink": InkEvidence(False, 0.9, 0.0, 0.0)},
        {"ink": InkEvidence(True, 0.5, 0.7, 0.0)}, {"ink": InkEvidence(True, 0.5, 0.0, 0.2)},
    ]  # fmt: skip
    every = [plain.features(), *(plain._replace(**change).features() for change in changes)]
    assert len(set(every)) == len(every)


def test_a_page_may_have_one_place_or_none(confidence: Confidence) -> None:
    none, one = Places.of([], []), Places.of([Evidence(3, 0.9, 0.9, 0.9, 0.9)], BOXES[:1])
    assert none.features.shape == (0, FEATURES) and none.boxes.shape == (0, 4)
    assert confidence.of(none).shape == (0,)
    assert confidence.of(one).shape == (1,)
    pages = drawn(20)
    assert fitted([([], np.zeros(0, np.bool_)), *pages]) == fitted(pages)


@pytest.mark.parametrize("right", [True, False])
def test_places_that_are_all_right_or_all_wrong_can_be_fitted(right: bool) -> None:
    pages = [(page, np.full(len(page), right)) for page, _ in drawn(20)]
    found = fitted(pages)
    assert all(np.isfinite([*found.weights, *step.weights, *step.hidden[0]]).all() for step in found.steps)
    sure, _ = judged(found, pages)
    assert np.abs(sure - right).max() < 0.1


def test_both_networks_name_a_digit_together() -> None:
    classifier, finder = np.full((2, 10), 1e-3, np.float32)
    classifier[3], classifier[8] = 0.55, 0.44
    finder[8], finder[3] = 0.9, 0.1
    mixed = mix(classifier, finder)
    assert mixed.dtype == np.float32 and mixed.sum() == pytest.approx(1)
    assert mixed.argmax() == 8
    # The finder has half a say.
    assert mixed[8] / mixed[3] == pytest.approx(0.44 / 0.55 * 3)
    # One that knows nothing changes nothing.
    assert mix(classifier, np.full(10, 0.1, np.float32)) == pytest.approx(classifier / classifier.sum())
    # A network that rules a digit out is not believed altogether.
    one, other = np.eye(10, dtype=np.float32)[[4, 9]]
    assert np.isfinite(mix(one, other)).all() and mix(one, other).argmax() == 4
