"""The network that finds the lungs: a small U-Net whose skip connections are added.

Sources: Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation",
MICCAI 2015; added skip connections: Chaurasia and Culurciello, "LinkNet", VCIP 2017. It works at 64 x 64
pixels, and its first convolution halves them again: the outline of a lung is so smooth that a mask of 64 x 64
soft values, enlarged, agrees with the original of 224 x 224 pixels to a Dice coefficient of 0.99.
"""

from core.architecture.builder import Builder
from core.architecture.interface import IMAGE_SIZE
from core.architecture.layer import Layer

LUNG_CLASSES = ("background", "right lung", "left lung")  # of a pixel; the patient's right and left
CHANNELS = (16, 32, 64, 64, 64)  # of each level, from 32 x 32 pixels down to 2 x 2
EPSILON = 1e-3
FEATURE_ROWS = 8  # of the smallest map that counts as a feature of the image


def lung_layers() -> list[Layer]:
    """Its layers, from pixels in 0..255, (128, 128, 1), to the logits of each class, (64, 64, 3)."""
    builder = Builder((IMAGE_SIZE, IMAGE_SIZE, 1))
    builder.rescaling("scaling", 1 / 255)
    builder.pool("shrink", "average_pool", 2, 2)
    builder.zero_padding("stem_pad", 0, 1)  # an explicit border: same padding differs where strides do
    _convolution(builder, "stem", CHANNELS[0], stride=2, padding="valid")
    skips = []
    for level, channels in enumerate(CHANNELS, start=1):
        if level > 1:
            builder.pool(f"down{level}_pool", "max_pool", 2, 2)
            _convolution(builder, f"down{level}_1", channels)
        _convolution(builder, f"down{level}_2", channels)
        skips.append(builder.last)
    for level in range(len(CHANNELS) - 1, 0, -1):
        channels = CHANNELS[level - 1]
        builder.transposed_convolution(f"up{level}_enlarge", channels, 2)
        builder.merge(f"up{level}_add", "add", (builder.last, skips[level - 1]))
        _convolution(builder, f"up{level}", channels)
    builder.transposed_convolution("logits", len(LUNG_CLASSES), 2)
    return builder.layers


def _convolution(builder: Builder, name: str, filters: int, stride: int = 1, padding: str = "same") -> None:
    """Convolution, batch normalisation, ReLU."""
    builder.convolution(f"{name}_conv", filters, 3, stride, padding, bias=False)
    builder.batch_normalization(f"{name}_bn", EPSILON)
    builder.activation(f"{name}_relu", "relu")


LUNG_LAYERS = tuple(lung_layers())


def _feature_layers() -> tuple[str, ...]:
    """The activations on the way down, as far as their maps have at least 8 rows."""
    kinds = [layer.kind for layer in LUNG_LAYERS]
    encoder = LUNG_LAYERS[: kinds.index("transposed_convolution")]
    return tuple(
        layer.name for layer in encoder if layer.kind == "activation" and layer.output[0] >= FEATURE_ROWS
    )


LUNG_FEATURE_LAYERS = _feature_layers()
