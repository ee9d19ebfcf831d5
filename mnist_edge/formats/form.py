"""Bring pictures of any size, colour and polarity to the form of MNIST: 28x28, light ink on black."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError, UsageError
from mnist_edge.formats.pictures import require_pillow
from mnist_edge.formats.raw import Pictures, StoredPictures, grey
from mnist_edge.normalisation import SIDE, normalise
from mnist_edge.progress import Progress

# Pictures that are looked at to tell polarity and background, evenly spread.
LOOKED_AT = 500
# The background is plain where so much of a picture's rim is alike: within a share of its contrast.
PLAIN_SHARE, ALIKE = 0.6, 0.25
# So many pictures of a data set must have a plain background.
PLAIN_PICTURES = 0.75
# Below, both polarities are too frequent to take one for an exception.
ONE_POLARITY = 0.75
# Of ink: what the rim shows of noise counts so many times, up to a share of the contrast.
NOISE_TIMES, MOST_NOISE = 3.0, 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """What a data set looks like.

    Attributes:
        plain: Whether ink stands on a plain background, as writing does and photographs of things do not.
        light: The share of pictures whose ink is lighter than their background, 0 to 1.
    """

    plain: bool
    light: float

    @property
    def mixed(self) -> bool:
        """Whether neither polarity is the rule."""
        return 1 - ONE_POLARITY < self.light < ONE_POLARITY

    def __str__(self) -> str:
        if not self.plain:
            return "no plain background"
        if self.mixed:
            return f"light ink on dark in {self.light:.0%} of the pictures, dark ink on light in the others"
        return "light ink on a dark background" if self.light > 0.5 else "dark ink on a light background"


def look_at(parts: Mapping[str, Pictures]) -> Look:
    """Look at up to 500 pictures for their polarity and background."""
    step = max(1, sum(map(len, parts.values())) // LOOKED_AT)
    seen = [_one_look(grey(picture)) for pictures in parts.values() for _, picture in pictures.each(step)]
    plain = [light for light in seen if light is not None]
    return Look(len(plain) >= PLAIN_PICTURES * len(seen), float(np.mean(plain)) if plain else 1.0)


def _one_look(picture: NDArray[np.uint8]) -> bool | None:
    """Whether the ink is lighter than the background; None where that is not plain, or there is no ink."""
    rim = _rim(picture)
    away = picture.astype(np.int16) - np.int16(np.median(rim))
    contrast = int(np.abs(away).max())
    alike = np.abs(_rim(away)) <= ALIKE * contrast
    if not contrast or alike.mean() < PLAIN_SHARE:
        return None
    ink = away[np.abs(away) > ALIKE * contrast]
    return bool(ink.sum() > 0)


def _rim(picture: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels, or of a large picture its outermost 1/28: shape (n,) or (n, channels)."""
    wide = max(1, min(picture.shape[:2]) // SIDE)
    inner = np.zeros(picture.shape[:2], bool)
    inner[wide:-wide, wide:-wide] = True
    return np.asarray(picture[~inner])


def to_form(parts: Mapping[str, Pictures], progress: Progress) -> tuple[dict[str, NDArray[np.uint8]], str]:
    """Bring all parts to 28x28, light ink on black.

    What has 28x28 pixels already stays as it is, inverted where its ink is dark: it was made in MNIST's form, or is
    no writing. Ink on a plain background of any other size is normalised as MNIST was. What has no plain background,
    such as photographs, is resized. One rule holds for all pictures of a data set, so that none is told by its form.

    Returns:
        By part, shape (n, 28, 28); and what was found and done, for people.

    Raises:
        DataError: A picture cannot be read or has no ink, or no rule fits all.
    """
    look = look_at(parts)
    if all(isinstance(one, StoredPictures) and one.images.shape[1:3] == (SIDE, SIDE) for one in parts.values()):
        images = {role: grey_of_all(one) for role, one in parts.items() if isinstance(one, StoredPictures)}
        return _kept(images, look)
    work, done = _Work(look, sum(map(len, parts.values())), progress), {}
    for role, pictures in parts.items():
        done[role] = work.bring(pictures)
    if work.sizes == {(SIDE, SIDE)}:
        return _kept(done, look)
    if look.plain:
        return done, f"{look}; {work.said()} normalised to 28x28 as MNIST was"
    if len(work.sizes) > 1:
        raise DataError(
            f"pictures have {work.said()} and no plain background, so that nothing tells what to cut out; "
            "bring them to one size"
        )
    return done, f"{look}; {work.said()} resized to 28x28"


def grey_of_all(pictures: StoredPictures) -> NDArray[np.uint8]:
    """The images of an array, shape (n, height, width)."""
    return pictures.images if pictures.images.ndim == 3 else grey(pictures.images)


def _kept(images: dict[str, NDArray[np.uint8]], look: Look) -> tuple[dict[str, NDArray[np.uint8]], str]:
    """Keep pictures of 28x28 pixels as they are, with light ink."""
    if not look.plain:
        return images, f"{look}: pixels are kept as they are"
    if look.mixed:
        raise DataError(f"pictures of 28x28 pixels have both polarities ({look}); invert one kind")
    if look.light > 0.5:
        return images, f"{look}, as MNIST has it"
    return {role: 255 - each for role, each in images.items()}, f"{look}: inverted, since MNIST has light ink"


@dataclass(slots=True)
class _Work:
    """Bringing pictures to 28x28, one after the other."""

    look: Look
    total: int
    progress: Progress
    sizes: set[tuple[int, int]] = field(default_factory=set)
    _done: int = 0

    def bring(self, pictures: Pictures) -> NDArray[np.uint8]:
        images = np.empty((len(pictures), SIDE, SIDE), np.uint8)
        for number, picture in enumerate(self._each(pictures)):
            images[number] = picture
        return images

    def _each(self, pictures: Pictures) -> Iterator[NDArray[np.uint8]]:
        for name, picture in pictures.each():
            self.sizes.add((picture.shape[1], picture.shape[0]))
            self._done += 1
            self.progress(self._done, self.total, "pictures")
            yield self._one(name, picture)

    def _one(self, name: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if picture.shape[:2] == (SIDE, SIDE):
            return grey(picture)
        if not self.look.plain:
            return _resized(grey(picture))
        try:
            return normalise(ink_of(picture, self.look))
        except UsageError:
            raise DataError(f"{name} has no ink; take it out") from None

    def said(self) -> str:
        """The sizes, for people."""
        least, most = (f"{width}x{height}" for width, height in (min(self.sizes), max(self.sizes)))
        return f"{least} pixels" if least == most else f"{len(self.sizes)} sizes from {least} to {most} pixels"


def ink_of(picture: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """How much each pixel differs from the background, in the channel that shows most of it.

    Args:
        picture: Shape (height, width), or (height, width, 3).
        look: Of its data set.

    Returns:
        Shape (height, width): 0 = background and its noise, 255 = full ink.
    """
    channels = picture.reshape(*picture.shape[:2], -1).astype(np.float32)
    away = np.abs(channels - np.median(_background(picture, channels, look), axis=0)).max(axis=2)
    peak = float(away.max())
    noise = min(NOISE_TIMES * float(np.percentile(_rim(away), 100 * PLAIN_SHARE)), MOST_NOISE * peak)
    level = (away - noise).clip(0) * (255 / max(peak - noise, 1.0))
    return np.asarray(np.rint(level), np.uint8)


def _background(picture: NDArray[np.uint8], channels: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """Pixels of the background, shape (n, channels): the rim; where a tight crop's is ink, the pixels least like it."""
    level = grey(picture)
    if look.mixed or _one_look(level) == (look.light > 0.5):
        return _rim(channels)
    paper = level <= np.percentile(level, 10) if look.light > 0.5 else level >= np.percentile(level, 90)
    return np.asarray(channels[paper])


def _resized(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pillow, _ = require_pillow()
    return np.asarray(pillow.fromarray(picture).resize((SIDE, SIDE), pillow.Resampling.BILINEAR), np.uint8)
