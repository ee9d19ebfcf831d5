"""The confidence that a finder's file carries is fitted on pages, measured on others, and told honestly."""

from pathlib import Path

import pytest

from mnist_edge.benchmarks.confidence_fit import FittedConfidence, fit_confidence
from mnist_edge.benchmarks.judged_pages import judge_pages
from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
from mnist_edge.confidence import Confidence
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


def others(pages: list[StoredPage]) -> list[StoredPage]:
    """Those that it is measured on: four pages of four kinds of every eight."""
    return [*pages[4:8], *pages[12:]]


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


def test_it_is_measured_on_pages_that_it_was_not_fitted_on(fitted: FittedConfidence, pages: list[StoredPage]) -> None:
    assert fitted.pages == 8 and fitted.digits == sum(len(page.labels) for page in others(pages))
    assert 0 < fitted.f1 <= 1 and fitted.false_digits >= 0 and 0 <= fitted.calibration_error <= 1
    assert fitted.min_confidence == MIN_CONFIDENCE
    assert "confidence" not in fitted.to_json()


def test_what_is_read_with_it_counts_as_it_says(
    fitted: FittedConfidence, pages: list[StoredPage], tmp_path: Path
) -> None:
    file = tmp_path / "finder.tflite"
    before = FinderNetwork().path.read_bytes()
    file.write_bytes(before)
    assert refit(file, lambda draft: (fitted.confidence, fitted.to_json())) == fitted.to_json()
    after = file.read_bytes()
    assert strip_metadata(after) == strip_metadata(before) and metadata_of(after, "finder")["fitted"]["pages"] == 8
    assert Confidence.from_metadata(read_metadata(file), "finder") == fitted.confidence
    # It is the figure of a reader with the very file: F1 is twice what is right over what is written and read.
    reader = Reader(finder=file)
    read = sum(len(reader.read(decode_image(page.picture, "page")).digits) for page in others(pages))
    right = fitted.f1 * (fitted.digits + read) / 2
    assert right == pytest.approx(round(right), abs=1e-6) and 0 < right <= read
