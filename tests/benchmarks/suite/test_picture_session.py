import json
from pathlib import Path

import pytest

from mnist_edge.benchmarks.suite.picture_engines import OURS
from mnist_edge.benchmarks.suite.picture_session import PicturePlan, run_pictures
from mnist_edge.dataset import Dataset
from mnist_edge.errors import OutputError, UsageError

LOOP, ABSENT = "webcam, Otsu", "rapidocr-onnxruntime"


@pytest.mark.slow
def test_a_session_reads_in_parts_and_writes_its_report(digits: Dataset, tmp_path: Path) -> None:
    folder, engines = tmp_path / "session", (OURS, LOOP, ABSENT)
    run_pictures(folder, digits, PicturePlan(pages=1, engines=engines))
    lines = (folder / "reading.jsonl").read_text().splitlines()
    results = run_pictures(folder, digits, PicturePlan(pages=2, engines=engines))
    # What was read before was not read again.
    assert (folder / "reading.jsonl").read_text().splitlines()[:2] == lines
    document = json.loads((folder / "reading.json").read_text())
    assert document == json.loads(json.dumps(results.to_json()))
    assert {(row["engine"], row["score"]["photos"] + row["score"]["negatives"]) for row in document["rows"]} == {
        (OURS, 2), (LOOP, 2),
    }  # fmt: skip
    page, text = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    assert page.count("<img ") == 1 and "width=device-width" in page
    assert "# Reading generated pages" in text and f"| {ABSENT} | not installed; pip |" in text
    with pytest.raises(OutputError, match="--force"):
        run_pictures(folder, digits, PicturePlan(pages=2, engines=engines))
    # Other models are not mixed with what those of before have read.
    first, *rest = (folder / "reading.jsonl").read_text().splitlines()
    other = json.dumps(json.loads(first) | {"models": "0"})
    (folder / "reading.jsonl").write_text("\n".join([other, *rest, ""]))
    with pytest.raises(UsageError, match="other engines, versions or models"):
        run_pictures(folder, digits, PicturePlan(pages=3, engines=engines))


def test_nothing_to_read_is_one_line(digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to read"):
        run_pictures(tmp_path / "session", digits, PicturePlan(pages=0))
    assert not (tmp_path / "session").exists()
