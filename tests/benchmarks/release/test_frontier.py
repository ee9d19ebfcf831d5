from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.release.frontier import (
    CPU,
    Point,
    accuracy_axis,
    plot_frontier,
    points_by_bytes,
    points_by_instructions,
)
from mnist_edge.models.plots import new_figure
from mnist_edge.opencv import cv2

RELEASED: dict[str, Any] = {
    "tiny": {
        "files": {"int8": {"bytes": 10_000, "accuracy": 0.98}},
        "shipped_seed": 1,
        "seeds": [{"seed": 0, "int8_accuracy": 0.99}, {"seed": 1, "int8_accuracy": 0.98}],
    },
    "huge": {
        "files": {"int8": {"bytes": 500_000, "accuracy": 0.997}},
        "shipped_seed": 0,
        "seeds": [{"seed": 0, "int8_accuracy": 0.997}],
    },
}
RECIPES: dict[str, Any] = {
    "recipes": [
        {"recipe": "classic", "int8_bytes": 100_000, "runs": [{"int8_accuracy": 0.97}, {"int8_accuracy": 0.98}]},
        {"recipe": "other", "int8_bytes": 200_000, "runs": [{"int8_accuracy": 0.99}]},
    ]
}
PUBLISHED = [
    {"name": "a file", "accuracy_percent": 99.5, "bytes": 11_000, "parameters": None},
    {"name": "weights", "accuracy_percent": 99.4, "bytes": None, "parameters": 7_000},
    {"name": "no size", "accuracy_percent": 99.9, "bytes": None, "parameters": None},
]
INSTRUCTIONS = {CPU: {"tiny": 400_000, "classic": 1_500_000}, "another": {"huge": 1}}


def test_every_network_with_a_size_is_a_point() -> None:
    points = {point.name: point for point in points_by_bytes(RELEASED, RECIPES, PUBLISHED)}
    assert {name: point.cost for name, point in points.items()} == {
        "tiny": 10_000, "huge": 500_000, "classic": 100_000, "other": 200_000, "a file": 11_000, "weights": 7_000,
    }  # fmt: skip
    assert points["tiny"].accuracies == pytest.approx((98, 99))
    assert points["classic"].accuracies == pytest.approx((97.5,))
    assert points["a file"].group == "published" != points["weights"].group


def test_only_what_was_counted_on_a_pi_4_is_a_point_of_instructions() -> None:
    points = points_by_instructions(RELEASED, RECIPES, INSTRUCTIONS)
    assert [(point.name, point.cost) for point in points] == [("tiny", 400_000), ("classic", 1_500_000)]
    assert points_by_instructions(RELEASED, RECIPES, {}) == []


@pytest.mark.parametrize("instructions", [INSTRUCTIONS, {}])
def test_the_plot_is_a_picture(instructions: dict[str, Any], tmp_path: Path) -> None:
    by_bytes = points_by_bytes(RELEASED, RECIPES, PUBLISHED)
    counted = points_by_instructions(RELEASED, RECIPES, instructions)
    plot_frontier(by_bytes, counted, tmp_path / "plot.png", ("no size", 99.9))
    picture = cv2.imread(str(tmp_path / "plot.png"))
    assert picture is not None and picture.std() > 5


def test_points_in_one_place_still_have_their_names(tmp_path: Path) -> None:
    crowd = [Point(f"name {number}", "published", 10_000, (99.5,)) for number in range(12)]
    plot_frontier(crowd, crowd, tmp_path / "plot.png", ("no size", 99.9))
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_better_is_higher_and_half_the_mistakes_one_step() -> None:
    _, axis = new_figure(3, 3)
    accuracy_axis(axis, (98, 99, 99.5), 97, 99.9)
    heights = [axis.transData.transform((1, 100 - accuracy))[1] for accuracy in (98, 99, 99.5)]
    assert heights[0] < heights[1] < heights[2]
    assert heights[2] - heights[1] == pytest.approx(heights[1] - heights[0])
    assert [label.get_text() for label in axis.get_yticklabels()] == ["98", "99", "99.5"]
