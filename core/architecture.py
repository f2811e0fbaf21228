"""The network as data: its layers in order, their shapes, and what each stage trains.

Whoever must know the network without building it (pages, the weights reader, the compiled engine)
reads it here. Source: Simonyan and Zisserman, "Very Deep Convolutional Networks", ICLR 2015.
"""

from dataclasses import dataclass
from math import prod

from core.config import CLASS_NAMES, IMAGE_SIZE, Stage

BACKBONE_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))  # (convolutions, filters)
DENSE_UNITS = (4608, 1152)
DROPOUT = 0.2
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)  # of pixels in 0..255, as in keras.applications
CHANNELS = 3
LAST_CONVOLUTION = "block5_conv4"
CUT = "block5_conv2"  # the deepest layer that stages 1 and 2 leave frozen
BACKBONE_END = "block5_pool"  # behind it the head begins
LOGITS = "predictions"  # what it gives is what softmax makes probabilities of


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: as in Keras's VGG19; the head uses `fc1`, `fc2` and `predictions`.
        kind: `convolution`, `pool`, `flatten`, `dropout` or `dense`.
        output: shape of its output for one image.
        kernel: shape of its kernel; () for a layer without weights.
        block: 1 to 5 for the backbone, 0 for the head.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    kernel: tuple[int, ...] = ()
    block: int = 0

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return prod(self.kernel) + self.kernel[-1] if self.kernel else 0

    @property
    def multiply_adds(self) -> int:
        """Multiplications of one image's forward pass."""
        places = prod(self.output[:2]) if self.kind == "convolution" else 1
        return prod(self.kernel) * places if self.kernel else 0


def _layers() -> tuple[Layer, ...]:
    layers, side, channels = [], IMAGE_SIZE, CHANNELS
    for block, (convolutions, filters) in enumerate(BACKBONE_BLOCKS, start=1):
        for index in range(1, convolutions + 1):
            name, output = f"block{block}_conv{index}", (side, side, filters)
            layers.append(Layer(name, "convolution", output, (3, 3, channels, filters), block))
            channels = filters
        side //= 2
        layers.append(Layer(f"block{block}_pool", "pool", (side, side, channels), block=block))
    return (*layers, *head_layers(side * side * channels))


def head_layers(size: int) -> tuple[Layer, ...]:
    """The head behind a backbone that gives `size` numbers for an image."""
    first, second = DENSE_UNITS
    return (
        Layer("flatten", "flatten", (size,)),
        Layer("fc1", "dense", (first,), (size, first)),
        Layer("dropout", "dropout", (first,)),
        Layer("fc2", "dense", (second,), (first, second)),
        Layer(LOGITS, "dense", (len(CLASS_NAMES),), (second, len(CLASS_NAMES))),
    )


LAYERS = _layers()
WEIGHTED = tuple(layer for layer in LAYERS if layer.kernel)
BACKBONE = tuple(layer for layer in WEIGHTED if layer.block)
HEAD = tuple(layer for layer in WEIGHTED if not layer.block)


def is_trained(layer: Layer, stage: Stage) -> bool:
    """Whether `stage` changes the weights of `layer`."""
    return bool(layer.kernel) and (not layer.block or layer.name in stage.trains)


def frozen_until_cut(stage: Stage) -> bool:
    """Whether `stage` leaves all layers up to `CUT` as they are, so that their output can be kept.

    Of another backbone, which has no cut within, whether it trains the head alone.
    """
    convolutions = [layer.name for layer in BACKBONE]
    return set(stage.trains) <= set(convolutions[convolutions.index(CUT) + 1 :])


def parameter_counts(stage: Stage) -> tuple[int, int]:
    """Numbers of parameters that the stage trains and that it leaves frozen."""
    trained = sum(layer.parameters for layer in WEIGHTED if is_trained(layer, stage))
    return trained, sum(layer.parameters for layer in WEIGHTED) - trained
