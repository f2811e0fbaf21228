"""The classification head, the same for every backbone: Flatten, Dense 4608, Dropout, Dense 1152, Dense 2."""

from collections.abc import Sequence

from core.architecture.builder import Builder
from core.architecture.interface import CLASS_NAMES
from core.architecture.layer import Layer

DENSE_UNITS = (4608, 1152)
DROPOUT = 0.2
HIDDEN = "fc2"  # the last hidden layer
LOGITS = "predictions"  # softmax turns its output into probabilities
DENSE_LAYERS = ("fc1", HIDDEN, LOGITS)


def head_layers(body: Sequence[Layer], width: float = 1.0) -> list[Layer]:
    """The head behind the layers of a backbone of the same width."""
    builder = Builder(body[-1].output, body[-1].name, width)
    builder.flatten("flatten")
    builder.dense("fc1", builder.narrowed(DENSE_UNITS[0]), "relu")
    builder.dropout("dropout", DROPOUT)
    builder.dense(HIDDEN, builder.narrowed(DENSE_UNITS[1]), "relu")
    builder.dense(LOGITS, len(CLASS_NAMES))
    return builder.layers
