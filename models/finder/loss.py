"""What a finder's training minimises."""

from typing import Any

from mnist_edge.detection import CHANNELS
from mnist_edge.models.finder import targets
from mnist_edge.training_stack import load_keras

# Weight of the box's error beside the score's and the label's.
BOX_WEIGHT = 2.0


def detection_loss(target: Any, output: Any) -> Any:
    """The loss of a batch: focal on the score, cross-entropy on the label, and Huber's on the box.

    The score's is that of Zhou et al., "Objects as points", 2019: near a digit's middle a high score costs little.

    Args:
        target: Of `make_targets`, shape (n, rows, columns, 4 * 8).
        output: Of the network, shape (n, rows, columns, 4 * 15).
    """
    ops = load_keras().ops
    target = ops.reshape(target, (-1, targets.CHANNELS))
    output = ops.reshape(ops.cast(output, "float32"), (-1, CHANNELS))
    score, weight = target[:, targets.SCORE], target[:, targets.WEIGHT]
    logit = output[:, 0]
    found = ops.cast(score >= 1, "float32")
    probability = ops.sigmoid(logit)
    # softplus is the logarithm of a sigmoid, without its overflow.
    missed = ops.softplus(-logit) * ops.square(1 - probability) * found
    false = ops.softplus(logit) * ops.square(probability) * ops.power(1 - score, 4.0) * (1 - found)
    count = ops.maximum(ops.sum(found), 1.0)
    score_loss = ops.sum((missed + false) * weight) / count

    sure = target[:, targets.SURE]
    cells = ops.maximum(ops.sum(sure), 1.0)
    label = ops.cast(target[:, targets.LABEL], "int32")
    logs = ops.log_softmax(output[:, 1:11], axis=-1)
    label_loss = -ops.sum(ops.sum(ops.one_hot(label, 10) * logs, axis=-1) * sure) / cells
    error = ops.abs(output[:, 11:] - target[:, targets.BOX])
    # Quadratic within a tenth of a unit: less is beyond what a box can tell.
    huber = ops.where(error < 0.1, 5.0 * ops.square(error), error - 0.05)
    box_loss = ops.sum(ops.sum(huber, axis=-1) * sure) / cells
    return score_loss + label_loss + BOX_WEIGHT * box_loss
