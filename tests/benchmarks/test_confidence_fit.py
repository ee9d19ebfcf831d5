"""The confidence that a finder's file carries is fitted on pages, measured on others, and told honestly."""

from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks import confidence_fit
from mnist_edge.benchmarks.confidence_fit import FittedConfidence, fit_confidence
from mnist_edge.benchmarks.judged_pages import JudgedPage, judge_pages
from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
from mnist_edge.confidence import FEATURES, Confidence
from mnist_edge.converters.finder import refit
from mnist_edge.dataset import Dataset
from mnist_edge.finder_network import FinderNetwork
from mnist_edge.metadata import metadata_of, read_metadata, strip_metadata
from mnist_edge.models.finder.levels import plain_pages
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.shipped_models import FINDER

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(digits: Dataset) -> list[StoredPage]:
    return plain_pages(digits, 16, seed=3)


@pytest.fixture(scope="module")
def fitted(pages: list[StoredPage]) -> FittedConfidence:
    return fit_confidence(FINDER, pages)


def test_a_page_is_judged_by_its_truth(pages: list[StoredPage]) -> None:
    reader = Reader()
    for page, judged in zip(pages[:6], judge_pages(reader, pages[:6]), strict=True):
        assert len(judged.right) == len(judged.labels) == len(judged.places.boxes) == len(judged.places.features)
        assert judged.truth.tolist() == page.labels.tolist()
        # No more of the written labels can be right than are written.
        for label in range(10):
            assert not judged.right[judged.labels == label].any() or label in page.labels
    nothing = StoredPage(pages[0].picture, pages[0].boxes[:0], pages[0].labels[:0], False)
    (judged,) = judge_pages(reader, [nothing])
    assert not judged.right.any()


def test_each_half_is_measured_with_what_was_fitted_on_the_other(
    pages: list[StoredPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted_on: list[list[int]] = []
    measured: list[tuple[int, int]] = []
    fit, shown = confidence_fit._fit, confidence_fit._shown
    number = {page.picture: index for index, page in enumerate(pages)}
    judged = judge_pages(Reader(), pages)
    monkeypatch.setattr(confidence_fit, "judge_pages", lambda *given: judged)
    numbers = {id(page): number[pages[index].picture] for index, page in enumerate(judged)}

    def fit_noted(some: list[JudgedPage]) -> Confidence:
        fitted_on.append(sorted(numbers[id(page)] for page in some))
        return fit(some)._replace(weights=(float(len(fitted_on)), *[0.0] * (FEATURES - 1)))

    def shown_noted(page: JudgedPage, confidence: Confidence) -> Any:
        measured.append((numbers[id(page)], int(confidence.weights[0])))
        return shown(page, confidence)

    monkeypatch.setattr(confidence_fit, "_fit", fit_noted)
    monkeypatch.setattr(confidence_fit, "_shown", shown_noted)
    confidence = fit_confidence(FINDER, pages).confidence
    # Four pages of four kinds of every eight, the others, and all, which is what ships.
    first = [*range(4), *range(8, 12)]
    second = [*range(4, 8), *range(12, 16)]
    assert fitted_on == [first, second, list(range(16))] and confidence.weights[0] == 3
    assert sorted(measured) == sorted([*((page, 2) for page in first), *((page, 1) for page in second)])


def test_its_figures_are_of_all_pages(fitted: FittedConfidence, pages: list[StoredPage]) -> None:
    assert fitted.pages == 16 and fitted.digits == sum(len(page.labels) for page in pages)
    assert 0 < fitted.f1 <= 1 and fitted.false_digits >= 0 and 0 <= fitted.calibration_error <= 1
    assert fitted.min_confidence == MIN_CONFIDENCE
    assert "confidence" not in fitted.to_json()


def test_what_is_read_with_it_counts_as_it_says(
    fitted: FittedConfidence, pages: list[StoredPage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "finder.tflite"
    before = FinderNetwork().path.read_bytes()
    file.write_bytes(before)
    assert refit(file, lambda draft: (fitted.confidence, fitted.to_json())) == fitted.to_json()
    after = file.read_bytes()
    assert strip_metadata(after) == strip_metadata(before) and metadata_of(after, "finder")["fitted"]["pages"] == 16
    assert Confidence.from_metadata(read_metadata(file), "finder") == fitted.confidence
    # The figure of a reader with this very file, where each half has its confidence: F1 is twice what is right over
    # what is written and read.
    monkeypatch.setattr(confidence_fit, "_fit", lambda some: fitted.confidence)
    reader, same = Reader(finder=file), fit_confidence(file, pages)
    read = sum(len(reader.read(decode_image(page.picture, "page")).digits) for page in pages)
    right = same.f1 * (same.digits + read) / 2
    assert right == pytest.approx(round(right), abs=1e-6) and 0 < right <= read
