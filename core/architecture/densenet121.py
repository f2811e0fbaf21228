"""DenseNet121: each block takes the outputs of all earlier blocks of its stage.

Source: Huang et al., "Densely connected convolutional networks", CVPR 2017.
"""

from core.architecture.builder import Builder
from core.architecture.layer import Layer

STAGES = (6, 12, 24, 16)  # blocks
GROWTH = 32  # channels that a block adds
BOTTLENECK = 4 * GROWTH
EPSILON = 1.001e-5


def densenet121_layers(width: float = 1.0) -> list[Layer]:
    """Its layers up to the last activation."""
    builder = Builder(width=width)
    builder.zero_padding("conv1_pad", 3, 3)
    builder.convolution("conv1_conv", builder.narrowed(64), 7, stride=2, padding="valid", bias=False)
    builder.batch_normalization("conv1_bn", EPSILON)
    builder.activation("conv1_relu", "relu")
    builder.zero_padding("pool1_pad", 1, 1)
    builder.pool("pool1", "max_pool", 3, 2)
    for stage, blocks in enumerate(STAGES, start=2):
        if stage > 2:
            _transition(builder, f"pool{stage - 1}")
        for block in range(1, blocks + 1):
            _block(builder, f"conv{stage}_block{block}")
    builder.batch_normalization("bn", EPSILON)
    builder.activation("relu", "relu")
    return builder.layers


def _block(builder: Builder, name: str) -> None:
    earlier = builder.last
    builder.batch_normalization(f"{name}_0_bn", EPSILON)
    builder.activation(f"{name}_0_relu", "relu")
    builder.convolution(f"{name}_1_conv", builder.narrowed(BOTTLENECK), 1, padding="valid", bias=False)
    builder.batch_normalization(f"{name}_1_bn", EPSILON)
    builder.activation(f"{name}_1_relu", "relu")
    builder.convolution(f"{name}_2_conv", builder.narrowed(GROWTH), 3, bias=False)
    builder.merge(f"{name}_concat", "concatenate", (earlier, builder.last))


def _transition(builder: Builder, name: str) -> None:
    """Halve the channels, the rows and the columns."""
    builder.batch_normalization(f"{name}_bn", EPSILON)
    builder.activation(f"{name}_relu", "relu")
    channels = builder.layers[-1].output[-1]
    builder.convolution(f"{name}_conv", channels // 2, 1, padding="valid", bias=False)
    builder.pool(f"{name}_pool", "average_pool", 2, 2)
