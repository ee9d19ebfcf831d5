"""The pictures of forms in the documents: a generated sheet is drawn on and reviewed in a headless Chromium.

Run as `make form-pictures`; writes `docs/forms-*.jpg`.
"""

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mnist_edge.benchmarks.harness.browser import PATIENCE_SECONDS, Tab, new_tab, started
from mnist_edge.benchmarks.harness.tool import ROOT, run_tool, tool_parser
from mnist_edge.benchmarks.release.sheets import Drawn, fill, marks, marks_truth, photograph
from mnist_edge.camera.forms import FormReader, load_form
from mnist_edge.camera.forms.page_document import page_document
from mnist_edge.camera.forms.page_file import create_pages
from mnist_edge.camera.forms.web import drawing_server, review_server
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Split, load
from mnist_edge.opencv import cv2

SIZE, WIDTH, QUALITY, PAGES = (1280, 800), 900, 85, 6
# So sure must a value be here that the review has something to show.
MIN_TRUST = 0.99


def picture_drawing(tab: Tab, sheet: Drawn, folder: Path) -> None:
    """Picture the page on which fields are drawn, with those of the sheet."""
    groups = [
        {"name": name, "box": list(box), "pattern": "##?", "min": "", "max": "20", "check": "", "empty": "0"}
        | {"rows": 1, "columns": 1, "gapX": 0, "gapY": 0}
        for name, box in sheet.boxes.items()
    ]
    cv2.imwrite(str(folder / "marks.png"), sheet.picture)
    with drawing_server(folder / "marks.png", folder / "marks.toml", "127.0.0.1:0", None) as server:
        tab.open(server.url, *SIZE)
        wait(tab, "typeof groups === 'object' && !!sheet.getScreenCTM()")
        tab.run(f"groups = {json.dumps(groups)}; choose(1); 0")
        _keep(tab, "forms-draw")


def picture_review(tab: Tab, sheet: Drawn, digits: Split, folder: Path) -> None:
    """Picture the review of some photographs, at its least sure value."""
    form = load_form(sheet.save(folder))
    reader = FormReader(form, Reader(), MIN_TRUST)
    with create_pages(folder / "marks.sqlite", form, "small", MIN_TRUST) as pages:
        for number in range(PAGES):
            rng = np.random.default_rng([1802, number])
            photo = photograph(fill(sheet, marks_truth(rng), digits, rng), rng)
            name = f"scans/{number + 1}.jpg"
            pages.add({"source": name, "pages": [page_document(reader.read(photo, name))]})
        with review_server(pages, "127.0.0.1:0", None) as server:
            tab.open(server.url, *SIZE)
            wait(tab, "!!document.querySelector('#crop')?.naturalWidth")
            _keep(tab, "forms-review")


def wait(tab: Tab, condition: str) -> None:
    """Wait until an expression holds in the page."""
    tab.run(
        f"""new Promise((done, fail) => {{ const look = () => ({condition}) ? done() : setTimeout(look, 50);
        setTimeout(() => fail(new Error("in vain")), {1000 * PATIENCE_SECONDS}); look(); }})"""
    )


def _keep(tab: Tab, name: str) -> None:
    """Write what the tab shows into the documents."""
    with TemporaryDirectory() as folder:
        picture = cv2.imread(str(tab.screenshot(Path(folder) / "page.png")))
    size = WIDTH, round(WIDTH * picture.shape[0] / picture.shape[1])
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(ROOT / "docs" / f"{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the pictures."""
    return run_tool(tool_parser(__name__, __doc__), _draw, arguments)


def _draw(_: Namespace) -> None:
    sheet = marks()
    with (
        TemporaryDirectory() as folder,
        TemporaryDirectory() as home,
        started(Path(home)) as port,
        new_tab(port) as tab,
    ):
        picture_drawing(tab, sheet, Path(folder))
        picture_review(tab, sheet, load().test, Path(folder))
