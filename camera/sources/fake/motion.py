"""What a hand does to a sheet that it holds before a camera, and what light and camera do: functions of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

Matrix = NDArray[np.float64]

# Seconds that a jerk takes.
JERK_SECONDS = 0.3
# Different jerks, before they repeat.
JERKS = 97
# What sways: x, y, turn, zoom, brightness, and the x and y of a shadow.
CHANNELS, WAVES = 7, 3
# Share of the picture by which the shadow may lie off.
SHADOW = 0.5


@dataclass(frozen=True, slots=True)
class CameraShake:
    """How unsteady camera, hand and light are.

    Attributes:
        drift: How far the sheet sways, as a share of the picture's width.
        jerk: How far it is jerked, in addition; the same share.
        calm_seconds: From one jerk to the next.
        turn: Degrees to each side.
        zoom: Share by which it comes nearer and goes farther.
        tremble: Of a hand, as a share of the picture's width.
        exposure: Seconds; what moves meanwhile is blurred.
        defocus: The worst that the camera's focus is off, standard deviation in pixels.
        dimmest: Brightness at its least, 0 to 1.
        shadow: Depth of a soft shadow that wanders about, 0 to 1.
        noise: Of the camera's sensor, standard deviation in grey levels.
    """

    drift: float = 0.015
    jerk: float = 0.01
    calm_seconds: float = 2.5
    turn: float = 2.0
    zoom: float = 0.02
    tremble: float = 0.0007
    exposure: float = 0.012
    defocus: float = 0.0
    dimmest: float = 0.75
    shadow: float = 0.25
    noise: float = 2.0


class Hand:
    """One hand, in one light, before one camera."""

    def __init__(self, shake: CameraShake, width: int, height: int, seed: int) -> None:
        """Fix all that will happen.

        Args:
            shake: How unsteady it is.
            width: Of the picture, pixels.
            height: Of the picture, pixels.
            seed: The same seed gives the same motion.
        """
        rng = np.random.default_rng(seed)
        self.shake, self.width, self.height = shake, width, height
        self._speeds = 2 * np.pi * rng.uniform(0.08, 0.5, (CHANNELS, WAVES))
        self._phases = rng.uniform(0, 2 * np.pi, (CHANNELS, WAVES))
        self._jerks = rng.uniform(-1, 1, (JERKS, 2))
        self._noise = np.clip(rng.normal(128, shake.noise, (height + 64, width + 64, 3)), 0, 255).astype(np.uint8)
        self._light = _soft_shadow(width, height, shake.shadow)

    def pose(self, seconds: float) -> tuple[float, float, float, float]:
        """Where the sheet is: x and y in pixels off the middle, the turn in degrees, the zoom as a factor."""
        shake = self.shake
        x, y, turn, zoom = self._sway(seconds)[:4].tolist()
        jerk_x, jerk_y = self._jerked(seconds)
        tremble = 2 * np.pi * 7 * seconds
        x, y = (
            self.width * (shake.drift * sway + shake.jerk * jerk + shake.tremble * tremor)
            for sway, jerk, tremor in ((x, jerk_x, np.sin(tremble)), (y, jerk_y, np.cos(1.3 * tremble)))
        )
        return x, y, shake.turn * turn, 1 + shake.zoom * zoom

    def matrix(self, seconds: float, sheet: tuple[int, ...], slide: float = 0.0) -> Matrix:
        """From pixels of the sheet to pixels of the picture, shape (2, 3).

        Args:
            seconds: Since the beginning.
            sheet: The sheet's height and width, pixels.
            slide: How far it is pushed aside, in widths of the picture.
        """
        x, y, turn, zoom = self.pose(seconds)
        matrix: Matrix = cv2.getRotationMatrix2D((sheet[1] / 2, sheet[0] / 2), -turn, zoom)
        matrix[:, 2] += (
            (self.width - sheet[1]) / 2 + x + slide * self.width,
            (self.height - sheet[0]) / 2 + y,
        )
        return matrix

    def blur(self, seconds: float) -> tuple[float, float]:
        """How far the middle of the sheet moves while the shutter is open, x and y in pixels."""
        now, before = self.pose(seconds), self.pose(seconds - self.shake.exposure)
        return now[0] - before[0], now[1] - before[1]

    def photograph(
        self, sheet: NDArray[np.uint8], matrix: Matrix, blur: tuple[float, float], seconds: float
    ) -> NDArray[np.uint8]:
        """The picture that the camera takes.

        Args:
            sheet: Shape (height, width, 3), BGR.
            matrix: From `matrix`.
            blur: As from `blur`.
            seconds: When.

        Returns:
            Shape (height, width, 3), uint8, BGR.
        """
        table = (96, 120, 140)
        picture = cv2.warpAffine(
            sheet, matrix, (self.width, self.height), borderMode=cv2.BORDER_CONSTANT, borderValue=table
        )
        if max(map(abs, blur)) > 0.8:
            picture = cv2.filter2D(picture, -1, _line(*blur))
        _, _, focus, _, bright, x, y = self._sway(seconds).tolist()
        if (sigma := self.shake.defocus * (abs(focus) - 0.3)) > 0.3:
            picture = cv2.GaussianBlur(picture, (0, 0), sigma)
        brightness = 1 - (1 - self.shake.dimmest) * (0.5 + 0.5 * bright)
        left, top = (round(SHADOW * side * (0.5 + 0.5 * at)) for side, at in ((self.width, x), (self.height, y)))
        light = self._light[top : top + self.height, left : left + self.width]
        picture = cv2.multiply(picture, light, scale=brightness / 255)
        # The grain of the sensor is another in each picture.
        dx, dy = (int(seconds * speed) % 64 for speed in (7919, 6271))
        noise = self._noise[dy : dy + self.height, dx : dx + self.width]
        return np.asarray(cv2.addWeighted(picture, 1, noise, 1, -128), np.uint8)

    def _sway(self, seconds: float) -> NDArray[np.float64]:
        return np.asarray(np.sin(self._speeds * seconds + self._phases).mean(axis=1))

    def _jerked(self, seconds: float) -> tuple[float, float]:
        count, since = divmod(max(seconds, 0.0), self.shake.calm_seconds)
        before, after = self._jerks[int(count) % JERKS], self._jerks[(int(count) + 1) % JERKS]
        share = min(since / JERK_SECONDS, 1.0)
        share = share * share * (3 - 2 * share)
        x, y = (before + share * (after - before)).tolist()
        return x, y


def _line(x: float, y: float) -> NDArray[np.float32]:
    """The kernel of a motion by so many pixels."""
    reach = int(np.ceil(max(abs(x), abs(y)) / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for share in np.linspace(-0.5, 0.5, 4 * reach + 1):
        at_x, at_y = reach + share * x, reach + share * y
        left, top = int(at_x), int(at_y)
        for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if row <= 2 * reach and column <= 2 * reach:
                kernel[row, column] += (1 - abs(row - at_y)) * (1 - abs(column - at_x))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _soft_shadow(width: int, height: int, depth: float) -> NDArray[np.uint8]:
    """Light on a field larger than the picture: full at one end, `depth` less at the other."""
    across = np.linspace(-3, 3, width + round(SHADOW * width) + 1)[None]
    down = np.linspace(-2, 2, height + round(SHADOW * height) + 1)[:, None]
    light = 1 - depth / (1 + np.exp(2 * (across + 0.4 * down)))
    return np.repeat(np.round(255 * light).astype(np.uint8)[..., None], 3, axis=2)
