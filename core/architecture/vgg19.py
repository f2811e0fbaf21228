"""VGG19, the method's backbone.

Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
ICLR 2015.
"""

from core.architecture.builder import Builder
from core.architecture.layer import Layer

BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))  # (convolutions, filters)


def vgg19_layers(width: float = 1.0) -> list[Layer]:
    """Its layers up to the last pool."""
    builder = Builder(width=width)
    for block, (convolutions, filters) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            builder.convolution(name, builder.narrowed(filters), 3, activation="relu")
        builder.pool(f"block{block}_pool", "max_pool", 2, 2)
    return builder.layers
