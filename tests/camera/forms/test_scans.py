"""Several pages in a picture, several pictures of a page, pages of a PDF, and a form of many fields."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.release.sheets import Drawn, fill, meter, photograph
from mnist_edge.camera.forms import FormReader, load_form
from mnist_edge.camera.forms.copies import RECENT, BestPictures, alike
from mnist_edge.camera.forms.page_document import page_document
from mnist_edge.camera.forms.page_file import create_pages
from mnist_edge.camera.forms.read_page import PageReading
from mnist_edge.camera.forms.reviews import Reviews
from mnist_edge.camera.forms.scans import is_scan, read_scan
from mnist_edge.camera.forms.values import FieldReading
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Split
from mnist_edge.errors import ImageError
from mnist_edge.opencv import cv2
from tests.camera.conftest import Run
from tests.camera.forms.conftest import TRUTH

Image = NDArray[np.uint8]
OTHER = TRUTH | {"student": "918273", "q1": "4", "q2": "11", "q4": "1", "total": "47"}


@pytest.fixture(scope="module")
def photos(sheet: Drawn, hand: Split) -> list[Image]:
    """Two pictures of one page, the first worse, and one of another page."""
    rng = np.random.default_rng(11)
    first, other = fill(sheet, TRUTH, hand, rng), fill(sheet, OTHER, hand, rng)
    blurred = cv2.GaussianBlur(photograph(first, rng), (0, 0), 4)
    return [np.asarray(blurred, np.uint8), photograph(first, rng, 180), photograph(other, rng)]


def test_pages_side_by_side_are_read_each(form_reader: FormReader, photos: list[Image]) -> None:
    upright = np.ascontiguousarray(photos[1][::-1, ::-1])
    both = np.hstack([upright, photos[2]])
    pages = form_reader.read_all(both, "two.jpg")
    assert sorted(page.source for page in pages) == ["two.jpg", "two.jpg#2"]
    students = {one.value for page in pages for one in page.fields if one.name == "student"}
    assert students == {TRUTH["student"], OTHER["student"]}


def test_beside_a_page_of_another_form_there_is_one_page(form_reader: FormReader, photos: list[Image]) -> None:
    wrong = photograph(meter().picture, np.random.default_rng(12), 90, badly=False)
    assert wrong.shape == photos[2].shape
    assert [page.fits for page in form_reader.read_all(np.hstack([wrong, photos[2]]), "a")] == [True]


def test_of_several_pictures_of_a_page_the_best_counts(
    form_reader: FormReader, photos: list[Image], tmp_path: Path
) -> None:
    pages = [form_reader.read(photo, f"{number}.jpg") for number, photo in enumerate(photos)]
    prints = [page.fingerprint for page in pages]
    assert alike(prints[0], prints[1]) and not alike(prints[0], prints[2]) and not alike(prints[1], prints[2])
    assert not alike(b"", b"")
    settled = [sum(one.settled for one in page.fields) for page in pages]
    assert settled[1] > settled[0]
    with create_pages(tmp_path / "a.sqlite", form_reader.form, "small") as file:
        copies = [file.add({"source": page.source, "pages": [page_document(page)]}) for page in pages]
        counting = file.database.execute("SELECT DISTINCT source FROM answers ORDER BY source").fetchall()
        assert Reviews(file).progress()["doubtful"] == sum(len(page.unsettled) for page in pages[1:])
    assert copies == [0, 1, 0] and counting == [("1.jpg",), ("2.jpg",)]


def test_a_table_has_the_best_picture_of_each_page(
    read: Callable[..., Run], form_file: Path, form_reader: FormReader, photos: list[Image], tmp_path: Path
) -> None:
    for number, photo in enumerate(photos):
        cv2.imwrite(str(tmp_path / f"{number}.png"), photo)
    ran = read("--form", form_file, tmp_path, "--json")
    pages = list(map(json.loads, ran.out.splitlines()))
    assert [Path(page["source"]).name for page in pages] == ["1.png", "2.png"]
    assert "pictures of a page that another shows better: 1" in ran.err


def test_pages_come_in_order_and_none_is_held_back_for_ever() -> None:
    def page(number: int, trust: float = 0.99, name: str = "") -> PageReading:
        marks = np.random.default_rng(number).integers(0, 256, 100, np.uint8).tobytes()
        return PageReading(
            name or str(number), True, fields=(FieldReading("a", "1", trust, "read"),), fingerprint=marks
        )

    best = BestPictures()
    given = [one.source for number in range(2 * RECENT) for one in best.add(page(number))]
    assert given == [str(number) for number in range(RECENT)]
    worse, better = page(2 * RECENT - 1, 0.5, "worse"), page(2 * RECENT - 2, 0.999, "better")
    assert list(best.add(worse)) == list(best.add(better)) == []
    # One so long before is another page.
    (oldest,) = best.add(page(0, 0.999, "anew"))
    rest = [one.source for one in best.rest()]
    assert oldest.source == str(RECENT) and rest[-3:] == [str(2 * RECENT - 1), "better", "anew"]
    assert best.copies == 2 and len(rest) == RECENT and list(best.rest()) == []


def pdf_of(pictures: list[Image], file: Path) -> None:
    """Write pictures as the pages of a PDF, each 500 points wide."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument.new()
    for number, picture in enumerate(pictures):
        jpeg = file.with_name(f"{number}.jpg")
        cv2.imwrite(str(jpeg), picture)
        image = pdfium.PdfImage.new(document)
        image.load_jpeg(str(jpeg))
        height = 500 * picture.shape[0] / picture.shape[1]
        image.set_matrix(pdfium.PdfMatrix().scale(500, height))
        page = document.new_page(500, height)
        page.insert_obj(image)
        page.gen_content()
        jpeg.unlink()
    document.save(str(file))
    document.close()


def test_a_pdf_is_read_page_by_page(
    read: Callable[..., Run], form_file: Path, photos: list[Image], tmp_path: Path
) -> None:
    pdf_of(photos[1:], tmp_path / "scans.pdf")
    ran = read("--form", form_file, tmp_path / "scans.pdf", "--csv")
    assert ran.code == 0, ran.err
    rows = ran.out.splitlines()
    assert len(rows) == 3 and TRUTH["student"] in rows[1] and OTHER["student"] in rows[2]
    assert rows[2].startswith(f"{tmp_path / 'scans.pdf'}#2,read")


def test_a_pdf_that_is_none_or_too_large_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 nothing more")
    with pytest.raises(ImageError, match="is damaged"):
        list(read_scan(str(tmp_path / "a.pdf"), 10**8))
    with pytest.raises(ImageError, match="cannot be read"):
        list(read_scan(str(tmp_path / "missing.pdf"), 10**8))
    pdf_of([np.full((100, 100, 3), 255, np.uint8)], tmp_path / "b.pdf")
    with pytest.raises(ImageError, match="#1 has 1389x1389 pixels"):
        list(read_scan(str(tmp_path / "b.pdf"), 10**6))
    assert is_scan("a.PDF") and is_scan("a.jpg") and not is_scan(".a.pdf") and not is_scan("a.txt")


def test_a_form_of_two_hundred_fields(tmp_path: Path, hand: Split) -> None:
    drawn = Drawn(np.full((1414, 1000, 3), 255, np.uint8))
    cv2.putText(drawn.picture, "Two hundred fields", (70, 70), cv2.FONT_HERSHEY_SIMPLEX, 1, (20, 20, 20), 2)
    for number in range(200):
        box = (60 + 90 * (number % 10), 110 + 62 * (number // 10), 74, 46)
        drawn.add(f"f{number}", "", box, 'pattern = "##?"; empty = "blank"')
    truth = {f"f{number}": str(number % 100) if number % 7 else "" for number in range(200)}
    rng = np.random.default_rng(13)
    page = FormReader(load_form(drawn.save(tmp_path)), Reader()).read(
        photograph(fill(drawn, truth, hand, rng), rng, side=2400, badly=False), "a photograph"
    )
    assert page.fits and len(page.fields) == 200
    right = sum(one.value == truth[one.name] for one in page.fields)
    assert right >= 190
    assert sum(one.settled and one.value != truth[one.name] for one in page.fields) <= 1
