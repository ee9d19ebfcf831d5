import json
from pathlib import Path

import pytest

from mnist_edge.benchmarks.suite.engines import COPY, DOT_PRODUCTS, OURS
from mnist_edge.benchmarks.suite.session import Plan, run_suite
from mnist_edge.dataset import Dataset
from mnist_edge.errors import OutputError, UsageError

pytestmark = pytest.mark.slow
PLAN = Plan(
    networks=["nano", "mlp"], precisions=["int8"], engines=[OURS, "opencv", DOT_PRODUCTS, COPY], threads=[1],
    images=50, rounds=3, samples=2,
)  # fmt: skip


def test_a_session_is_a_folder_with_all_that_was_measured(digits: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    results = run_suite(folder, digits, PLAN)
    document = json.loads((folder / "results.json").read_text())
    assert document == json.loads(json.dumps(results.to_json()))
    assert {row["network"] for row in document["rows"]} == {"nano", "mlp"}
    assert all(row["to_floor"] > 0 for row in document["rows"])
    assert document["environment"]["plan"]["networks"] == ["nano", "mlp"]
    assert json.loads((folder / "environment.json").read_text()) == document["environment"]
    page, text = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    assert page.count("<img ") == 2 and "data:image/png;base64," in page
    assert "| ai-edge-litert" in text and "nano, 1 thread" in text
    # What the converters of peers lack is no secret.
    for row in document["absent"]:
        assert row["what"] in page
    with pytest.raises(OutputError, match="--force"):
        run_suite(folder, digits, PLAN)


def test_one_round_tells_no_spread(digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two rounds"):
        run_suite(tmp_path / "session", digits, Plan(rounds=1))
    assert not (tmp_path / "session").exists()
