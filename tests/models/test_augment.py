"""Each augmentation changes what it says, within its limits, and leaves the rest as it was."""

from collections.abc import Callable

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models import augment
from mnist_edge.models.augment import Batch, box, camera, found_box, pen, thicken, thin, warp
from mnist_edge.tensors import as_input

COUNT = 1000


@pytest.fixture
def images(digits: Dataset) -> Batch:
    return as_input(digits.training.images[:64])[..., 0]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def squares(low: int = 8, high: int = 20, count: int = COUNT) -> Batch:
    """Images of a filled square of ink from `low` to before `high`."""
    images = np.zeros((count, 28, 28), np.float32)
    images[:, low:high, low:high] = 1
    return images


def test_augmented_digits_stay_in_range_and_differ(images: Batch, rng: np.random.Generator) -> None:
    before = images.copy()
    changed = pen(images, rng)
    assert changed.shape == images.shape and changed.dtype == np.float32
    assert changed.min() >= 0 and changed.max() <= 1
    assert np.abs(changed - images).mean(axis=(1, 2)).min() > 0.005
    assert np.array_equal(images, before)


def test_the_same_generator_gives_the_same_pictures(images: Batch) -> None:
    first, second, other = (pen(images, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_at_half_strength_digits_stay_nearer_to_themselves(images: Batch) -> None:
    def moved(strength: float) -> float:
        return float(np.abs(pen(images, np.random.default_rng(0), strength) - images).mean())

    assert np.allclose(pen(images, np.random.default_rng(0), 0), images, atol=1e-5)
    assert 0 < moved(0.5) < 0.8 * moved(1)


def test_three_of_five_digits_stay_as_clean_as_the_data(images: Batch) -> None:
    many = np.tile(images, (20, 1, 1))
    for strength in (1.0, 0.5):
        warped = warp(many, np.random.default_rng(2), strength)
        seen = pen(many, np.random.default_rng(2), strength)
        damaged = np.mean((warped != seen).any(axis=(1, 2)))
        assert damaged == pytest.approx(0.4 * strength, abs=0.05)


def line_fits(images: Batch, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Angle, curvature, length and middle of a bar that lies along an axis, shapes (n,).

    The angle is in radians, positive where the bar goes to higher indices of the other axis; the curvature is the
    deviation from a straight line in pixels; the length is in pixels.
    """
    at = np.arange(28.0)
    other = 3 - axis
    ink = images.sum(axis=other)
    centre = (images * (at[:, None] if other == 1 else at)).sum(axis=other) / np.maximum(ink, 1e-6)
    fits = []
    for weight, line in zip(ink, centre, strict=True):
        inside = weight > 0.6 * weight.max()
        slope, start = np.polyfit(at[inside], line[inside], 1)
        off = line[inside] - slope * at[inside] - start
        middle = (weight * at).sum() / weight.sum()
        fits.append((np.arctan(slope), off.std(), weight.sum() / np.median(weight[inside]), middle))
    angle, curvature, length, middle = np.array(fits).T
    return angle, curvature, length, middle


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_warp_turns_slants_scales_shifts_and_bends_within_its_limits(strength: float) -> None:
    lying = np.zeros((COUNT, 28, 28), np.float32)
    lying[:, 12:16, 6:22] = 1
    (turn, bend, width, x), (lean, _, height, y) = (
        line_fits(warp(bars, np.random.default_rng(1), strength), axis)
        for bars, axis in ((lying, 2), (lying.transpose(0, 2, 1), 1))
    )
    # A triangular distribution of a limit has that over the root of six as its standard deviation; rotation turns both
    # bars, to opposite sides of their axes, and shear slants the upright one alone.
    degrees = np.rad2deg(turn)
    assert degrees.std() == pytest.approx(strength * 17 / 6**0.5, rel=0.2)
    assert np.abs(degrees).max() < strength * 24
    slant = np.tan(lean) + np.tan(turn)
    assert slant.std() == pytest.approx(strength * 0.25 / 6**0.5, rel=0.35)
    assert abs(degrees.mean()) < 1 and abs(slant.mean()) < 0.03
    for length in (width, height):
        assert (length / 16).std() == pytest.approx(strength * 0.15 / 6**0.5, rel=0.35)
        assert 1 - 0.3 * strength < (length / 16).min() < 1 - 0.08 * strength
        assert 1 + 0.08 * strength < (length / 16).max() < 1 + 0.35 * strength
    assert abs(np.corrcoef(width, height)[0, 1]) < 0.3
    for middle in (x, y):
        assert (middle - 13.5).std() == pytest.approx(strength * 2 / 6**0.5, rel=0.25)
        assert 1.2 * strength < np.abs(middle - 13.5).max() < 3 * strength
    assert 0.05 * strength < np.median(bend) < 0.5 * strength


def test_warping_moves_ink_but_hardly_loses_it(images: Batch, rng: np.random.Generator) -> None:
    ratio = warp(images, rng).sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    assert ratio.min() > 0.6 and ratio.max() < 1.6
    # Nothing comes in from beyond the frame.
    assert warp(np.ones((COUNT, 28, 28), np.float32), rng)[:, 0].min() < 0.01


def test_thicker_adds_and_thinner_takes_half_a_pixel() -> None:
    (square,) = squares(count=1)
    (thick,), (slim,) = thicken(square[None]), thin(square[None])
    assert (thick[8:20, 8:20] == 1).all() and (slim[9:19, 9:19] == 1).all()
    assert (thick[7, 8:20] == 0.5).all() and (thick[8:20, 20] == 0.5).all() and thick[7, 7] == 0
    assert (slim[8, 8:20] == 0.5).all() and (slim[8:20, 19] == 0.5).all()
    assert thick.sum() == 144 + 4 * 12 * 0.5 and slim.sum() == 144 - 44 * 0.5


def test_blur_spreads_a_point_binomially() -> None:
    point = np.zeros((1, 28, 28), np.float32)
    point[0, 10, 20] = 1
    expected = np.outer([1, 2, 1], [1, 2, 1]) / 16
    assert np.allclose(augment.blur(point)[0, 9:12, 19:22], expected)
    assert augment.blur(point).sum() == pytest.approx(1)


def test_half_the_size_loses_all_detail_within_two_pixels(images: Batch) -> None:
    blocks = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    assert np.abs(augment.halve(images) - augment.blur(blocks)).max() < 1e-6
    assert np.abs(augment.halve(images) - augment.blur(images)).max() > 0.1


def gaps(images: Batch) -> tuple[list[int], list[int], int]:
    """Thickness and position of the whole rows or columns without ink; how many of the gaps are rows."""
    thickness, position, rows = [], [], 0
    for image in images:
        lying, upright = np.flatnonzero(image.max(axis=1) == 0), np.flatnonzero(image.max(axis=0) == 0)
        found = lying if len(lying) else upright
        assert (len(lying) == 0) != (len(upright) == 0)
        assert image.sum() == 28 * (28 - len(found)) and len(found) == np.ptp(found) + 1
        thickness.append(len(found))
        position.append(int(found[0]))
        rows += len(lying) > 0
    return thickness, position, rows


def test_a_break_is_one_or_two_rows_or_columns_without_ink(rng: np.random.Generator) -> None:
    thickness, position, rows = gaps(augment.break_strokes(np.ones((COUNT, 28, 28), np.float32), rng))
    assert set(thickness) == {1, 2} and set(position) == set(range(6, 22))
    assert 0.4 * COUNT < rows < 0.6 * COUNT and 0.4 * COUNT < thickness.count(1) < 0.6 * COUNT


def test_clipping_takes_one_or_two_pixels_off_one_side(rng: np.random.Generator) -> None:
    before = squares()
    after = augment.clip_side(before, rng)
    cuts = []
    for image in after:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        cuts.append((int(rows[0]) - 8, 19 - int(rows[-1]), int(columns[0]) - 8, 19 - int(columns[-1])))
        assert image.sum() == len(rows) * len(columns)
    found = {cut: cuts.count(cut) / COUNT for cut in cuts}
    assert set(found) == {tuple(at * (side == k) for k in range(4)) for side in range(4) for at in (1, 2)}
    assert all(0.06 < share < 0.2 for share in found.values())
    # Grey around the ink is no ink: what is cut is counted from the darker pixels.
    grey = np.maximum(before, 0.1)
    grey[:, 7, :] = 0.2
    assert (augment.clip_side(grey, rng)[:, 8:20, 8:20].sum(axis=(1, 2)) < 144).all()


def test_a_line_is_a_fragment_of_one_or_two_pixels_beside_the_ink(rng: np.random.Generator) -> None:
    after = augment.add_line(np.zeros((COUNT, 28, 28), np.float32), rng)
    drawn = [image for image in after if image.any()]
    assert 0.5 * COUNT < len(drawn) < 0.95 * COUNT
    sides, darkness = [], []
    for image in drawn:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert (image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] == image.max()).all()
        sides.append((len(rows), len(columns)))
        darkness.append(image.max())
    assert {min(side) for side in sides} == {1, 2} and 20 < max(max(side) for side in sides) <= 23
    assert np.median([max(side) for side in sides]) > 8
    assert 0.35 < np.mean([side[0] > side[1] for side in sides]) < 0.65
    assert 0.3 <= min(darkness) < 0.4 and 0.8 < max(darkness) <= 0.9
    # The ink of the digit stays.
    inked = augment.add_line(squares(), rng)
    assert (inked >= squares()).all() and (inked[:, 8:20, 8:20] == 1).all() and (inked != squares()).any()


def test_noise_is_on_every_pixel_and_never_twice_the_same(rng: np.random.Generator) -> None:
    noise = augment.add_noise(squares(), rng) - squares()
    assert noise.std() == pytest.approx(0.04, rel=0.05) and abs(noise.mean()) < 0.001
    assert noise.std(axis=(1, 2)).min() > 0.03 and abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.2


@pytest.mark.parametrize(
    ("fault", "share"),
    [
        (augment.thicken, 0.3),
        (augment.thin, 0.3),
        (augment.halve, 0.15),
        (augment.blur, 0.25),
        (augment.break_strokes, 0.15),
        (augment.clip_side, 0.1),
        (augment.add_line, 0.12),
    ],
)
def test_the_camera_has_every_fault_at_its_share(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Batch], share: float
) -> None:
    # Without the others, and neither pale nor noisy, what the fault changes is all that differs.
    monkeypatch.setattr(augment, "FAULTS", {fault: augment.FAULTS[fault]})
    monkeypatch.setattr(augment, "PALEST", 1.0)
    monkeypatch.setattr(augment, "NOISY_SHARE", 0.0)
    before = squares(count=4 * COUNT)
    before[:, 9, 9] = 0.5
    after = camera(before, np.random.default_rng(3))
    changed = (after != before).any(axis=(1, 2)).mean()
    # Some lines fall outside, and some breaks beside the square.
    missed = {augment.add_line: 0.55, augment.break_strokes: 0.65}.get(fault, 1.0)
    assert share * missed - 0.02 < changed < share + 0.02


def test_the_camera_pales_all_and_makes_some_noisy(rng: np.random.Generator) -> None:
    seen = camera(squares(count=2 * COUNT), rng)
    assert seen.dtype == np.float32 and seen.min() >= 0 and seen.max() <= 1
    noisy = seen[:, :4, :4].std(axis=(1, 2)) > 0.01
    assert noisy.mean() == pytest.approx(0.2, abs=0.04)
    peaks = seen[~noisy].max(axis=(1, 2))
    assert 0.6 <= peaks.min() < 0.62 and 0.98 < peaks.max() <= 1
    assert np.median(peaks) == pytest.approx(0.8, abs=0.03)


def test_camera_faults_leave_ink(images: Batch) -> None:
    seen = camera(np.tile(images, (20, 1, 1)), np.random.default_rng(3))
    assert (seen.sum(axis=(1, 2)) > 5).all() and seen.max(axis=(1, 2)).min() > 0.1


def test_a_found_box_holds_a_smaller_digit_off_the_middle_and_remnants_at_its_sides(rng: np.random.Generator) -> None:
    # A bar of full height: in the middle it is the digit, at the sides it is what a neighbour left.
    bars = np.zeros((COUNT, 28, 28), np.float32)
    bars[:, 4:24, 8:20] = 1
    shown = found_box(bars, rng)
    assert shown.dtype == np.float32 and shown.min() >= 0 and shown.max() <= 1
    columns = np.arange(28) - 13.5
    ink = shown.sum(axis=1)
    middle, left, right = (ink[:, where].sum(axis=1) for where in (abs(columns) < 7, columns < -9, columns > 9))
    assert (middle > 0.6 * middle.mean()).all()
    for side in (left, right):
        assert 0.1 < (side > 1).mean() < 0.7 and side.max() < 0.8 * middle.mean()
    heights = (shown[:, :, 10:18].max(axis=2) > 0.5).sum(axis=1)
    assert heights.min() in (15, 16, 17) and heights.max() in (19, 20)
    alone = (left < 0.01) & (right < 0.01)
    centres = (ink * columns).sum(axis=1)[alone] / ink[alone].sum(axis=1)
    assert 1 < np.abs(centres).max() <= 2.1 and abs(centres.mean()) < 0.3


def test_a_box_clips_wide_digits(rng: np.random.Generator) -> None:
    lying = np.zeros((COUNT, 28, 28), np.float32)
    lying[:, 12:16, 4:24] = 1
    width = (found_box(lying, rng)[:, 13] > 0.5).sum(axis=1)
    assert width.min() < 18 and width.max() > 20


def test_box_leaves_most_digits_to_the_pen(images: Batch) -> None:
    many = np.tile(images, (20, 1, 1))
    changed = (box(many, np.random.default_rng(1)) != pen(many, np.random.default_rng(1))).any(axis=(1, 2))
    assert changed.mean() == pytest.approx(augment.BOX_SHARE, abs=0.03)
