"""EfficientNetB0: inverted bottlenecks with depthwise convolutions and squeeze-and-excitation.

Source: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019.
"""

from typing import NamedTuple

from core.architecture.builder import Builder
from core.architecture.layer import Layer

EPSILON = 1e-3
SQUEEZE = 0.25  # channels of the squeeze for each of the block's input
DROP = 0.2  # rate at which the last block would be skipped in training; earlier ones proportionally less
WHOLE_SAMPLE = (None, 1, 1, 1)


class Blocks(NamedTuple):
    """Blocks in a row; the first one has the stride."""

    count: int
    size: int
    filters: int
    expansion: int
    stride: int


STAGES = (
    Blocks(1, 3, 16, 1, 1),
    Blocks(2, 3, 24, 6, 2),
    Blocks(2, 5, 40, 6, 2),
    Blocks(3, 3, 80, 6, 2),
    Blocks(3, 5, 112, 6, 1),
    Blocks(4, 5, 192, 6, 2),
    Blocks(1, 3, 320, 6, 1),
)


def efficientnetb0_layers(width: float = 1.0) -> list[Layer]:
    """Its layers up to the last activation."""
    builder = Builder(width=width)
    builder.rescaling("rescaling", 1 / 255)
    builder.normalization("normalization")
    builder.zero_padding("stem_conv_pad", 0, 1)
    builder.convolution("stem_conv", builder.narrowed(32), 3, stride=2, padding="valid", bias=False)
    builder.batch_normalization("stem_bn", EPSILON)
    builder.activation("stem_activation", "silu")
    total, done = sum(stage.count for stage in STAGES), 0
    for number, stage in enumerate(STAGES, start=1):
        for block in range(stage.count):
            shape = stage if block == 0 else stage._replace(stride=1)
            _block(builder, f"block{number}{chr(ord('a') + block)}_", shape, block > 0, DROP * done / total)
            done += 1
    builder.convolution("top_conv", builder.narrowed(1280), 1, bias=False)
    builder.batch_normalization("top_bn", EPSILON)
    builder.activation("top_activation", "silu")
    return builder.layers


def _block(builder: Builder, name: str, shape: Blocks, residual: bool, drop: float) -> None:
    """Expand, convolve each channel, weigh the channels, project; a residual block adds its input."""
    before = builder.layers[-1]
    if shape.expansion > 1:
        builder.convolution(f"{name}expand_conv", before.output[-1] * shape.expansion, 1, bias=False)
        builder.batch_normalization(f"{name}expand_bn", EPSILON)
        builder.activation(f"{name}expand_activation", "silu")
    if shape.stride == 2:
        half = shape.size // 2
        builder.zero_padding(f"{name}dwconv_pad", half - 1, half)  # for an even side
    padding = "valid" if shape.stride == 2 else "same"
    builder.depthwise_convolution(f"{name}dwconv", shape.size, shape.stride, padding)
    builder.batch_normalization(f"{name}bn", EPSILON)
    builder.activation(f"{name}activation", "silu")
    _weigh_channels(builder, name, max(1, int(before.output[-1] * SQUEEZE)))
    builder.convolution(f"{name}project_conv", builder.narrowed(shape.filters), 1, bias=False)
    builder.batch_normalization(f"{name}project_bn", EPSILON)
    if residual:
        builder.dropout(f"{name}drop", drop, WHOLE_SAMPLE)
        builder.merge(f"{name}add", "add", (builder.last, before.name))


def _weigh_channels(builder: Builder, name: str, squeezed: int) -> None:
    """Squeeze-and-excitation: a factor for each channel, from the means of all channels."""
    values = builder.layers[-1]
    channels = values.output[-1]
    builder.global_average_pool(f"{name}se_squeeze")
    builder.reshape(f"{name}se_reshape", (1, 1, channels))
    builder.convolution(f"{name}se_reduce", squeezed, 1, activation="silu")
    builder.convolution(f"{name}se_expand", channels, 1, activation="sigmoid")
    builder.merge(f"{name}se_excite", "multiply", (values.name, f"{name}se_expand"))
