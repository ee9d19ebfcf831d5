"""The form in which a network takes an image: its size, its channels, and the order of its axes."""

from collections.abc import Sequence
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.normalisation import SIDE

# Of our own networks.
IMAGE = (SIDE, SIDE, 1)
# Pixels. Smaller images show no digit, larger ones no more of it, and a batch of them fills a small device's memory.
SIDES = range(8, 513)
COLOURS = 3


class ImageForm(NamedTuple):
    """A shape of one image, understood.

    Attributes:
        shape: Of the tensor, without the batch.
        side: Rows, and columns, in pixels.
        channels: 1, or 3 that are equal.
        channels_first: Whether the three stand before rows and columns, as PyTorch has them.
    """

    shape: tuple[int, ...]
    side: int = SIDE
    channels: int = 1
    channels_first: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is the form of our own networks."""
        return self.shape == IMAGE

    def resize(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale images to the side, bilinearly, as `tf.image.resize` does, so that a digit fills the same share of it.

        Args:
            images: Shape (n, 28, 28, 1).

        Returns:
            Shape (n, side, side, 1).
        """
        if self.side == SIDE:
            return images
        centres = ((np.arange(self.side) + 0.5) * SIDE / self.side - 0.5).clip(0, SIDE - 1)
        weights = np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(SIDE))).astype(np.float32)
        return np.asarray((weights @ images[..., 0] @ weights.T)[..., None])

    def arrange(self, images: NDArray[Any]) -> NDArray[Any]:
        """Give images of shape (n, side, side, 1) the channels and the shape; returns (n, *shape)."""
        if self.channels > 1:
            images = images.repeat(self.channels, axis=3)
        if self.channels_first:
            images = images.transpose(0, 3, 1, 2)
        return images.reshape(len(images), *self.shape)

    def layers(self, keras: Any, image: Any) -> Any:
        """Do in the graph of Keras what `resize` and `arrange` do; `image` is symbolic, shape (n, 28, 28, 1)."""
        if self.side != SIDE:
            image = keras.layers.Resizing(self.side, self.side, data_format="channels_last")(image)
        if self.channels > 1:
            image = keras.layers.Concatenate()([image] * self.channels)
        if self.channels_first:
            image = keras.layers.Permute((3, 1, 2))(image)
        return image if tuple(image.shape[1:]) == self.shape else keras.layers.Reshape(self.shape)(image)


def image_form(shape: Sequence[int | None]) -> ImageForm | None:
    """Understand the shape of one image, without the batch; None if it is none of a digit.

    Rows and columns, or all pixels in one axis, with one channel or three anywhere among them: (28, 28), (784,),
    (1, 784), (1, 28, 28), (32, 32, 3), (3, 32, 32). A free size, None or -1, is taken for 28.
    """
    known = tuple(SIDE if size is None or size < 0 else int(size) for size in shape)
    sizes = [size for size in known if size != 1]
    colours_first, colours_last = sizes[:1] == [COLOURS], sizes[-1:] == [COLOURS]
    channels = COLOURS if len(sizes) == 3 and (colours_first or colours_last) else 1
    if channels > 1:
        sizes = sizes[:2] if colours_last else sizes[1:]
    if len(sizes) == 1:
        sizes = [isqrt(sizes[0])] * 2 if isqrt(sizes[0]) ** 2 == sizes[0] else []
    if len(sizes) != 2 or sizes[0] != sizes[1] or sizes[0] not in SIDES:
        return None
    return ImageForm(known, sizes[0], channels, channels > 1 and not colours_last)


class TensorForm(NamedTuple):
    """The input of a `.tflite`, understood.

    Attributes:
        image: The form of one image.
        batch: Images in the tensor as the file has it.
        batched: Whether the tensor has an axis for them.
    """

    image: ImageForm
    batch: int
    batched: bool

    def shape(self, batch: int) -> tuple[int, ...]:
        """The tensor's shape with so many images."""
        return (batch, *self.image.shape) if self.batched else self.image.shape


def tensor_form(taken: dict[str, Any], given: dict[str, Any], classes: int) -> TensorForm | None:
    """Understand a network's input by its shape, and by that of its output, which tells the batch.

    Args:
        taken: Details of the input, as an interpreter gives them.
        given: Likewise of the output.
        classes: Outputs for one image.

    Returns:
        None if it does not map images to so many outputs.
    """
    # A free size is -1 in the signature; runtimes' shapes have 1 there.
    signature = tuple(int(size) for size in taken.get("shape_signature", taken["shape"]))
    batch, rest = divmod(int(np.prod(given["shape"])), classes)
    # The last of several axes may be the only one that is not 1, as after a global pooling.
    if rest or not batch or classes not in given["shape"]:
        return None
    batched = signature[:1] in ((-1,), (batch,)) and len(signature) > 1
    form = image_form(signature[1:] if batched else signature)
    return TensorForm(form, batch, batched) if form and (batched or batch == 1) else None
