"""Lay a photograph on its form: by what is printed on the empty sheet, else by the corners of the page."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.form import NARROWEST, Form
from mnist_edge.camera.forms.page_corners import find_page
from mnist_edge.camera.forms.printed import PRINT, Image, agreement, ink_levels, paper_beside
from mnist_edge.errors import UsageError
from mnist_edge.opencv import cv2

# Longer side of the form when it is read, pixels: digits of a hundredth of it are readable.
WORKING_SIDE = 1600
# Features that are looked for, and how many must agree on one view.
FEATURES, LEAST_MATCHES = 4000, 12
# The second nearest feature must be farther than the nearest by this ratio (Lowe, 2004, section 7.1).
RATIO = 0.8
# Pixels of the working size that a feature may be off.
TOLERANCE = 4.0
# Corners of the print that are followed to make a view exact, and the side of what is compared around each, pixels.
FOLLOWED, WINDOW = 800, 31
# What lies far off is found only once the rest is in its place; corners that would move by less pixels are there.
PASSES, NEAR_ENOUGH = 3, 0.5
# At first one of so many of the sheet's features is looked for.
FEW = 3
# Least share of the sheet's print that must be seen in its place, and of the sheet that the photograph must show.
LEAST_FIT, LEAST_SEEN = 0.6, 0.3
# With so much in its place no other view is tried.
GOOD_FIT = 0.85
# Of a page without print: how much its sides may differ from the form's, as a ratio.
ASPECT_RATIO = 1.25
# Least side of a photograph, pixels.
LEAST_SIDE = 64

Matrix = NDArray[np.float64]


class DoesNotFit(Exception):
    """The photograph does not show this form; says what is seen instead. It never leaves the room."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A photograph laid on the form.

    Attributes:
        ink: Levels of ink, shape (height, width), uint8, 0 = paper, at the form's working size.
        seen: Same shape: 255 where the photograph shows the form.
        picture: The photograph as the form lies, same height and width, BGR.
        to_photo: Brings points of the working size to the photograph, shape (3, 3).
        fit: How well it fits, 0 to 1.
    """

    ink: Image
    seen: Image
    picture: Image
    to_photo: Matrix
    fit: float


class Sheet:
    """The empty sheet, ready to have photographs laid on it.

    Attributes:
        scale: Pixels of the working size for one of the form's units.
        printed: Shape (height, width) of the working size, uint8: not 0 where something is printed; None where only
            the size of the page is known.
    """

    def __init__(self, form: Form) -> None:
        """Find the features of the empty sheet; raises `UsageError` where it has too few."""
        self.scale = WORKING_SIDE / max(form.size)
        self.size = (round(form.size[0] * self.scale), round(form.size[1] * self.scale))
        self.printed: Image | None = None
        if form.blank is not None:
            shrinks = self.scale < 1
            blank = cv2.resize(form.blank, self.size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
            self._print_levels = ink_levels(blank)
            self._followed = cv2.goodFeaturesToTrack(self._print_levels, FOLLOWED, 0.05, 8)
            self.printed = (self._print_levels > PRINT).astype(np.uint8) * 255
            self._beside = paper_beside(self.printed)
            self._points, self._described = _features(blank)
            if min(len(self._points), 0 if self._followed is None else len(self._followed)) < LEAST_MATCHES:
                raise UsageError(
                    "the empty sheet has too little print to find it by; give page = [width, height] instead"
                )

    def lay(self, photo: Image) -> Laid:
        """Lay a photograph on the sheet.

        Args:
            photo: Shape (height, width, 3), BGR.

        Raises:
            DoesNotFit: It shows no such form, or too little of it.
        """
        height, width = photo.shape[:2]
        if min(height, width) < LEAST_SIDE or max(height, width) > NARROWEST * min(height, width):
            raise DoesNotFit(f"{width}x{height} pixels show no form")
        if self.printed is None:
            return self._laid(photo, self._by_corners(photo))
        laid: Laid | None = None
        # A page that is a small part of a large photograph shows its features only there.
        for side in (WORKING_SIDE, 2 * WORKING_SIDE):
            if side == WORKING_SIDE or max(photo.shape) > WORKING_SIDE:
                laid = self._better(laid, self._by_features(photo, side))
            if side == WORKING_SIDE and (laid is None or laid.fit < GOOD_FIT):
                # Of a table of equal cells, features cannot tell which is which.
                laid = self._better(laid, self._by_page(photo))
            if laid is not None and laid.fit >= LEAST_FIT:
                break
        if laid is None:
            raise DoesNotFit("nothing of the form's print is found in it")
        if laid.fit < LEAST_FIT:
            raise DoesNotFit(f"only {laid.fit:.0%} of the form's print is in its place, and {LEAST_FIT:.0%} must be")
        if (share := float(np.mean(laid.seen > 0))) < LEAST_SEEN:
            raise DoesNotFit(f"it shows {share:.0%} of the form, and {LEAST_SEEN:.0%} must be seen")
        return laid

    def outline(self, laid: Laid) -> NDArray[np.float32]:
        """Return where the sheet's corners are in a photograph, shape (4, 2)."""
        corners = cv2.perspectiveTransform(_corners(self.size)[None], laid.to_photo)[0]
        return np.asarray(corners, np.float32)

    def _laid(self, photo: Image, to_photo: Matrix) -> Laid:
        picture, seen = self._warped(photo, to_photo)
        ink = np.where(seen == 255, ink_levels(picture), np.uint8(0))
        fit = 1.0 if self.printed is None else agreement(ink, self.printed, self._beside, seen)
        return Laid(ink, seen, picture, to_photo, fit)

    def _warped(self, photo: Image, to_photo: Matrix) -> tuple[Image, Image]:
        """Return the photograph as the sheet lies, and where it shows it."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        # The photograph is made smaller first, as a warp alone would skip pixels.
        smaller, factor = _reduced(photo, to_photo)
        view = np.diag([factor, factor, 1.0]) @ to_photo
        picture = cv2.warpPerspective(smaller, view, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        corners = cv2.perspectiveTransform(_corners(self.size)[None], view)[0]
        if (corners >= 0).all() and (corners <= np.array(smaller.shape[1::-1]) - 1).all():
            return picture, np.full(picture.shape[:2], 255, np.uint8)
        whole = np.full(smaller.shape[:2], 255, np.uint8)
        return picture, cv2.warpPerspective(whole, view, self.size, flags=flags)

    @staticmethod
    def _better(one: Laid | None, other: Laid | None) -> Laid | None:
        return max((laid for laid in (one, other) if laid), key=lambda laid: laid.fit, default=None)

    def _by_features(self, photo: Image, side: int) -> Laid | None:
        factor = min(1.0, side / max(photo.shape[:2]))
        small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        points, described = _features(small)
        # Comparing all features takes as long as reading the page does, and a part of them nearly always suffices.
        few = self._by_matches(photo, points, described, factor, FEW)
        if few is not None and few.fit >= GOOD_FIT:
            return few
        return self._better(few, self._by_matches(photo, points, described, factor, 1))

    def _by_matches(
        self, photo: Image, points: NDArray[np.float32], described: Any, factor: float, every: int
    ) -> Laid | None:
        """Lay it by its features, which are like those of the sheet, of which one of so many is looked for."""
        if self._described is None:
            return None
        pairs = _matches(self._described[::every], described)
        if len(pairs) < LEAST_MATCHES:
            return None
        ours, theirs = self._points[::every][pairs[:, 0]], points[pairs[:, 1]] / factor
        best: Laid | None = None
        # Where all matches lie in one corner, a perspective from them is wild elsewhere, and an affine view is not.
        for fitted in (_perspective, _affine):
            view = fitted(ours, theirs, TOLERANCE / factor)
            if view is None or not self._sane(view):
                continue
            laid = self._refined(photo, view)
            if best is None or laid.fit > best.fit:
                best = laid
            if best.fit >= GOOD_FIT:
                break
        return best

    def _refined(self, photo: Image, view: Matrix) -> Laid:
        """Follow corners of the print from their place to where they are, so that the view is exact all over."""
        laid = self._laid(photo, view)
        for _ in range(PASSES):
            nearer = self._offset(laid.ink)
            if nearer is None or not self._sane(laid.to_photo @ nearer) or self._is_still(nearer):
                break
            refined = self._laid(photo, laid.to_photo @ nearer)
            if refined.fit < laid.fit:
                break
            laid = refined
        return laid

    def _is_still(self, offset: Matrix) -> bool:
        """Whether a correction moves no corner of the sheet by more than is worth another look."""
        corners = _corners(self.size)[None]
        return bool(np.abs(cv2.perspectiveTransform(corners, offset) - corners).max() < NEAR_ENOUGH)

    def _offset(self, ink: Image) -> Matrix | None:
        """Return where the print of the sheet is in a photograph that is nearly in its place."""
        moved, found, _ = cv2.calcOpticalFlowPyrLK(
            self._print_levels, ink, self._followed, None, winSize=(WINDOW, WINDOW), maxLevel=2
        )
        there = found[:, 0] > 0
        if there.sum() < LEAST_MATCHES:
            return None
        return _perspective(self._followed[there, 0], moved[there, 0], TOLERANCE / 2)

    def _sane(self, view: Matrix) -> bool:
        """Whether a view shows the sheet as a camera can: from the front, and not folded over."""
        corners = cv2.perspectiveTransform(_corners(self.size)[None], view)[0]
        return bool(cv2.isContourConvex(corners) and cv2.contourArea(corners, oriented=True) > 0)

    def _by_page(self, photo: Image) -> Laid | None:
        """Lay the page by its corners, the way round that fits best."""
        page = find_page(photo)
        if page is None:
            return None
        turned = [self._laid(photo, self._view(np.roll(page, turn, axis=0))) for turn in range(4)]
        nearest = sorted(turned, key=lambda one: -one.fit)[:2]
        return max((self._refined(photo, one.to_photo) for one in nearest), key=lambda one: one.fit)

    def _by_corners(self, photo: Image) -> Matrix:
        page = find_page(photo)
        if page is None:
            # A scan shows the page and nothing around it.
            page = _corners((photo.shape[1], photo.shape[0]))
        for turn in (0, 1):
            corners = np.roll(page, turn, axis=0)
            sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
            across, down = sides[0] + sides[2], sides[1] + sides[3]
            ratio = across * self.size[1] / (down * self.size[0])
            if 1 / ASPECT_RATIO < ratio < ASPECT_RATIO:
                return self._view(corners)
        raise DoesNotFit("no page of the form's proportions is found in it; show all four corners on a darker table")

    def _view(self, page: NDArray[np.float32]) -> Matrix:
        return np.asarray(cv2.getPerspectiveTransform(_corners(self.size), page))


def _features(picture: Image) -> tuple[NDArray[np.float32], Any]:
    grey = cv2.createCLAHE(2.0, (8, 8)).apply(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    points, described = cv2.ORB_create(FEATURES, fastThreshold=10).detectAndCompute(grey, None)
    return np.array([point.pt for point in points], np.float32).reshape(-1, 2), described


def _matches(ours: Any, theirs: Any) -> NDArray[np.intp]:
    """Return pairs of features, shape (n, 2), that are far more alike than any others."""
    if ours is None or theirs is None or min(len(ours), len(theirs)) < 2:
        return np.empty((0, 2), np.intp)
    found = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(ours, theirs, k=2)
    pairs = [(one.queryIdx, one.trainIdx) for one, two in found if one.distance < RATIO * two.distance]
    return np.array(pairs, np.intp).reshape(-1, 2)


def _perspective(ours: NDArray[np.float32], theirs: NDArray[np.float32], tolerance: float) -> Matrix | None:
    view, agreeing = cv2.findHomography(ours, theirs, cv2.USAC_MAGSAC, tolerance, maxIters=5000)
    return None if view is None or agreeing.sum() < LEAST_MATCHES else np.asarray(view)


def _affine(ours: NDArray[np.float32], theirs: NDArray[np.float32], tolerance: float) -> Matrix | None:
    # Wider, as a view in perspective is affine in no more than a part of the sheet.
    view, agreeing = cv2.estimateAffine2D(ours, theirs, ransacReprojThreshold=3 * tolerance)
    if view is None or agreeing.sum() < LEAST_MATCHES:
        return None
    return np.vstack([view, (0.0, 0.0, 1.0)])


def _corners(size: tuple[int, int]) -> NDArray[np.float32]:
    width, height = size
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)


def _reduced(photo: Image, to_photo: Matrix) -> tuple[Image, float]:
    """Shrink a photograph that has far more pixels than the form's working size; returns it and the factor."""
    # Pixels of the photograph for one of the form, in the middle of it.
    density = float(np.sqrt(abs(np.linalg.det(to_photo[:2, :2])))) / abs(float(to_photo[2, 2]))
    if density < 1.5:
        return photo, 1.0
    factor = 1 / density
    return np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)), factor
