"""Two Keras layers that move pixels between rows and channels: TFLite has both as operators that take any size."""

from functools import cache
from typing import Any

from mnist_edge.training_stack import load_keras, load_tensorflow


@cache
def block_layers() -> tuple[Any, Any]:
    """The classes `SpaceToDepth` and `DepthToSpace`, for blocks of 2x2 pixels.

    Keras finds them by their registered names when it loads a finder, so this must be called before.
    """
    k = load_keras()

    @k.saving.register_keras_serializable(package="mnist_edge")
    class SpaceToDepth(k.layers.Layer):  # type: ignore[misc, name-defined]
        """From shape (n, height, width, c) to (n, height / 2, width / 2, 4 * c)."""

        def call(self, inputs: Any) -> Any:
            if k.backend.backend() == "tensorflow":
                return load_tensorflow().nn.space_to_depth(inputs, 2)
            _, height, width, channels = inputs.shape
            blocks = k.ops.reshape(inputs, (-1, height // 2, 2, width // 2, 2, channels))
            blocks = k.ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
            return k.ops.reshape(blocks, (-1, height // 2, width // 2, 4 * channels))

        def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
            images, height, width, channels = shape
            return images, height and height // 2, width and width // 2, channels and 4 * channels

    @k.saving.register_keras_serializable(package="mnist_edge")
    class DepthToSpace(k.layers.Layer):  # type: ignore[misc, name-defined]
        """From shape (n, height, width, 4 * c) to (n, 2 * height, 2 * width, c)."""

        def call(self, inputs: Any) -> Any:
            if k.backend.backend() == "tensorflow":
                return load_tensorflow().nn.depth_to_space(inputs, 2)
            _, height, width, channels = inputs.shape
            blocks = k.ops.reshape(inputs, (-1, height, width, 2, 2, channels // 4))
            blocks = k.ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
            return k.ops.reshape(blocks, (-1, 2 * height, 2 * width, channels // 4))

        def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
            images, height, width, channels = shape
            return images, height and 2 * height, width and 2 * width, channels and channels // 4

    return SpaceToDepth, DepthToSpace
