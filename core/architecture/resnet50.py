"""ResNet50: blocks of three convolutions whose input is added to their output.

Source: He et al., "Deep residual learning for image recognition", CVPR 2016.
"""

from core.architecture.builder import Builder
from core.architecture.layer import Layer

STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))  # (blocks, filters)
EXPANSION = 4  # filters of a block's last convolution for each of its first
EPSILON = 1.001e-5


def resnet50_layers(width: float = 1.0) -> list[Layer]:
    """Its layers up to the last block's output."""
    builder = Builder(width=width)
    builder.zero_padding("conv1_pad", 3, 3)
    builder.convolution("conv1_conv", builder.narrowed(64), 7, stride=2, padding="valid")
    builder.batch_normalization("conv1_bn", EPSILON)
    builder.activation("conv1_relu", "relu")
    builder.zero_padding("pool1_pad", 1, 1)
    builder.pool("pool1_pool", "max_pool", 3, 2)
    for stage, (blocks, filters) in enumerate(STAGES, start=2):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            _block(builder, f"conv{stage}_block{block}", builder.narrowed(filters), stride, block == 1)
    return builder.layers


def _block(builder: Builder, name: str, filters: int, stride: int, projected: bool) -> None:
    """1 x 1, 3 x 3, 1 x 1; a first block of a stage projects its input to the output's shape."""
    shortcut = builder.last
    builder.convolution(f"{name}_1_conv", filters, 1, stride, padding="valid")
    builder.batch_normalization(f"{name}_1_bn", EPSILON)
    builder.activation(f"{name}_1_relu", "relu")
    builder.convolution(f"{name}_2_conv", filters, 3)
    builder.batch_normalization(f"{name}_2_bn", EPSILON)
    builder.activation(f"{name}_2_relu", "relu")
    main, wide = f"{name}_2_relu", EXPANSION * filters
    # Keras lists the layers of the shortcut between those of the main path.
    if projected:
        builder.convolution(f"{name}_0_conv", wide, 1, stride, padding="valid", after=shortcut)
    builder.convolution(f"{name}_3_conv", wide, 1, padding="valid", after=main)
    if projected:
        builder.batch_normalization(f"{name}_0_bn", EPSILON, after=f"{name}_0_conv")
        shortcut = f"{name}_0_bn"
    builder.batch_normalization(f"{name}_3_bn", EPSILON, after=f"{name}_3_conv")
    builder.merge(f"{name}_add", "add", (shortcut, f"{name}_3_bn"))
    builder.activation(f"{name}_out", "relu")
