"""Training recipes: each a row of data that `build` and `train` carry out."""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from mnist_edge.classes import DIGITS
from mnist_edge.errors import UsageError
from mnist_edge.models.program import Program


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: the name of a class in `keras.layers` and its arguments."""

    kind: str
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What others report for this architecture: top-1 accuracy in percent, and the loss where they give it."""

    accuracy_percent: float
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is built and trained.

    Attributes:
        name: Key on the command line.
        summary: One line for people.
        layers: From the 28x28x1 input to the softmax outputs: ten, until `for_classes` says otherwise.
        epochs: How many; the learning rate falls from `learning_rate` to 0 over them along a cosine
            (Loshchilov and Hutter, "SGDR", 2017).
        batch_size: Images a step.
        validation_images: How many of the training images choose the epoch to keep.
        loss: `sparse_categorical_crossentropy`, or `categorical_crossentropy` on one-hot labels.
        monitor: Which epoch to keep: the best by `val_accuracy` (then the lower loss); the best by `val_loss`, which
            is smoother where few validation images are wrong; or the `last`, where the learning rate has come to 0.
        patience: Epochs without a better one after which training stops.
        learning_rate: Of Adam, at the start.
        weight_decay: Decoupled from the gradient (Loshchilov and Hutter, "Decoupled weight decay regularization",
            2019).
        augmentation: Key of `mnist_edge.models.augment.AUGMENTATIONS`, or None.
        gentle_share: This share of the epochs, at the end, is augmented half as much, so that the network settles on
            digits as they are (after Touvron et al., "Fixing the train-test resolution discrepancy", 2019).
        teacher: A model that ships, whose probabilities are mixed into the labels of the augmented images, or None.
        pen_digits: How often each digit of Pendigits' training part is drawn beside MNIST's, where they are here.
        found_crops: Whether what a reader cuts out of generated pages is drawn beside them, where `make crops` was run.
        published: What to compare with.
        program: Makes the network, where it is not made of `layers`.
    """

    name: str
    summary: str
    layers: tuple[Layer, ...]
    epochs: int = 12
    batch_size: int = 128
    validation_images: int = 5_000
    loss: str = "sparse_categorical_crossentropy"
    monitor: str = "val_accuracy"
    patience: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    augmentation: str | None = None
    gentle_share: float = 0.0
    teacher: str | None = None
    pen_digits: int = 0
    found_crops: bool = False
    published: Published | None = None
    program: Program | None = None

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Recipe":
        """The recipe in a run's `settings.json`; KeyError or TypeError where it is none of this version."""
        layers = tuple(Layer(one["kind"], _frozen(one["arguments"])) for one in document["layers"])
        published = Published(**document["published"]) if document["published"] else None
        # Runs of earlier versions have none.
        program = Program(**document["program"]) if document.get("program") else None
        return cls(**document | {"layers": layers, "published": published, "program": program})

    def with_overrides(self, epochs: int | None, batch_size: int | None) -> "Recipe":
        """The same recipe with another number of epochs or another batch size, where they are given."""
        return replace(self, epochs=epochs or self.epochs, batch_size=batch_size or self.batch_size)

    def for_classes(self, classes: tuple[str, ...]) -> "Recipe":
        """The same recipe for these classes: as many outputs, and for others than digits nothing that knows digits."""
        if classes == DIGITS or not self.layers:
            return self
        return replace(
            self, layers=(*self.layers[:-1], _outputs(len(classes))), teacher=None, pen_digits=0, found_crops=False
        )


def _frozen(value: Any) -> Any:
    # JSON has no tuples.
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _conv(filters: int, **more: Any) -> Layer:
    return _layer("Conv2D", filters=filters, kernel_size=3, activation="relu", **more)


def _dense(units: int) -> Layer:
    return _layer("Dense", units=units, activation="relu")


def _layer(kind: str, **arguments: Any) -> Layer:
    return Layer(kind, tuple(arguments.items()))


def _outputs(classes: int) -> Layer:
    return _layer("Dense", units=classes, activation="softmax")


def _dropout(rate: float) -> Layer:
    return _layer("Dropout", rate=rate)


def _conv_bn(filters: int, padding: str = "same", kernel_size: int = 3, strides: int = 1) -> tuple[Layer, ...]:
    # The convolution's bias would be cancelled by the normalisation, which has its own.
    return (
        _layer("Conv2D", filters=filters, kernel_size=kernel_size, strides=strides, padding=padding, use_bias=False),
        _layer("BatchNormalization"),
        _layer("ReLU"),
    )


_POOL = _layer("MaxPooling2D")
_FLATTEN = _layer("Flatten")
DIGIT_OUTPUTS = _outputs(len(DIGITS))
_THREE_CONV = (_conv(32), _POOL, _conv(64), _POOL, _conv(64), _FLATTEN, _dense(64), DIGIT_OUTPUTS)
_AVERAGE = _layer("GlobalAveragePooling2D")
_ONE_HOT = "categorical_crossentropy"
# Exported as a convolution of blocks of 2x2 pixels, which is exact and much cheaper: one channel costs a processor as
# much as four. Widths are multiples of 8, since the runtime's kernels compute eight channels at a time.
_BLOCKS: dict[str, Any] = {"padding": "valid", "kernel_size": 6, "strides": 2}
# How the models that ship are trained: nobody teaches them.
_ALONE: dict[str, Any] = {
    "monitor": "last",
    "weight_decay": 0.05,
    "augmentation": "box",
    "gentle_share": 0.25,
    "pen_digits": 2,
    "loss": _ONE_HOT,
}

_ROWS = (
    Recipe(
        "mlp",
        "flatten, dense 128: the baseline",
        (_FLATTEN, _dense(128), DIGIT_OUTPUTS),
        epochs=10,
        published=Published(97.0),
    ),
    Recipe(
        "two-conv-dropout",
        "conv 32, pool, conv 64, pool, dropout 0.25, dense 128",
        (_conv(32), _POOL, _conv(64), _POOL, _FLATTEN, _dropout(0.25), _dense(128), DIGIT_OUTPUTS),
        published=Published(99.18, loss=0.0330),
    ),
    Recipe(
        "three-conv",
        "conv 32, pool, conv 64, pool, conv 64, dense 64; batch 64, 80/20 split, one-hot labels",
        _THREE_CONV,
        batch_size=64,
        validation_images=12_000,
        loss=_ONE_HOT,
        published=Published(99.0),
    ),
    Recipe(
        "three-conv-128",
        "the same network, batch 128",
        _THREE_CONV,
        validation_images=12_000,
        loss=_ONE_HOT,
        published=Published(99.00),
    ),
    Recipe(
        "custom",
        "conv 32, conv 32, pool, dropout, conv 64, pool, dropout, dense 128, dropout",
        (
            *(_conv(32), _conv(32), _POOL, _dropout(0.25)),
            *(_conv(64), _POOL, _dropout(0.25), _FLATTEN, _dense(128), _dropout(0.25), DIGIT_OUTPUTS),
        ),
        published=Published(99.19),
    ),
    Recipe(
        "two-conv",
        "conv 32, pool, conv 64, pool, dense 128",
        (_conv(32), _POOL, _conv(64), _POOL, _FLATTEN, _dense(128), DIGIT_OUTPUTS),
        published=Published(99.0),
    ),
    Recipe(
        "nano",
        "six convolutions of 16, 16, 16, 24, 24: the smallest that is worth having",
        (
            *_conv_bn(16, **_BLOCKS),
            *(*_conv_bn(16), *_conv_bn(16, "valid"), _POOL),
            *(*_conv_bn(24), *_conv_bn(24)),
            *(_AVERAGE, DIGIT_OUTPUTS),
        ),
        epochs=120,
        learning_rate=4e-3,
        **_ALONE,
    ),
    Recipe(
        "small",
        "six convolutions of 16, 32, 32, 32, 48, 40: the default, for the camera",
        (
            *_conv_bn(16, **_BLOCKS),
            *(*_conv_bn(32), *_conv_bn(32, "valid"), *_conv_bn(32), _POOL),
            *(*_conv_bn(48), *_conv_bn(40, "valid")),
            *(_AVERAGE, DIGIT_OUTPUTS),
        ),
        epochs=48,
        learning_rate=3e-3,
        found_crops=True,
        **_ALONE,
    ),
    Recipe(
        "large",
        "seven convolutions of 32, 64, 64, 64, 128, 128, 128: where accuracy is all",
        (
            *_conv_bn(32, **_BLOCKS),
            *(*_conv_bn(64), *_conv_bn(64, "valid"), *_conv_bn(64), _POOL),
            *(*_conv_bn(128), *_conv_bn(128), *_conv_bn(128)),
            *(_AVERAGE, _dropout(0.3), DIGIT_OUTPUTS),
        ),
        epochs=36,
        learning_rate=2e-3,
        **_ALONE,
    ),
)

RECIPES = MappingProxyType({recipe.name: recipe for recipe in _ROWS})
# Not a classifier: `mnist_edge.models.finder` builds and trains it.
FINDER = Recipe(
    "finder",
    "finds digits on pages of handwriting, and tells which they are",
    layers=(),
    epochs=32,
    batch_size=32,
    loss="detection",
    monitor="last",
    learning_rate=4e-3,
    weight_decay=0.01,
)
CLASSIC = tuple(recipe.name for recipe in _ROWS if recipe.published)


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        UsageError: There is none.
    """
    known = {**RECIPES, FINDER.name: FINDER}
    if name not in known:
        raise UsageError(f"there is no recipe {name!r}; choose one of: {', '.join(known)}; or give a .toml or .py file")
    return known[name]
