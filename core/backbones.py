"""Other backbones than the method's VGG19, for comparison: what keras.applications builds, as plain data.

They bear the same head and go through the same stages: the head alone, the last two convolutions with it,
then everything. They train and are measured like VGG19; diagnosis, heat maps and the compiled engine
know VGG19 alone.
"""

from dataclasses import dataclass

VGG19 = "vgg19"


@dataclass(frozen=True)
class Backbone:
    """A network of keras.applications without its top, at 128 x 128.

    Attributes:
        name: as settings and files name it.
        title: for people.
        application: its function in keras.applications.
        output: shape of what it gives for one image.
        last: its last two convolutions.
        parameters: number of its weights.
        gigamacs: of one image's forward pass, GMAC.
        scaling: what it expects: `imagenet` (0..255, mean subtracted, BGR), `unit normal` ([0, 1], ImageNet's
            mean subtracted, divided by its deviation, RGB) or `bytes` (0..255).
        source: paper.
    """

    name: str
    title: str
    application: str
    output: tuple[int, int, int]
    last: tuple[str, ...]
    parameters: int
    gigamacs: float
    scaling: str
    source: str


OTHERS = {
    item.name: item
    for item in (
        Backbone(
            "resnet50",
            "ResNet50",
            "ResNet50",
            (4, 4, 2048),
            ("conv5_block3_2_conv", "conv5_block3_3_conv"),
            23_587_712,
            1.259,
            "imagenet",
            "He et al., Deep residual learning for image recognition, CVPR 2016",
        ),
        Backbone(
            "densenet121",
            "DenseNet121",
            "DenseNet121",
            (4, 4, 1024),
            ("conv5_block16_1_conv", "conv5_block16_2_conv"),
            7_037_504,
            0.925,
            "unit normal",
            "Huang et al., Densely connected convolutional networks, CVPR 2017",
        ),
        Backbone(
            "efficientnetb0",
            "EfficientNetB0",
            "EfficientNetB0",
            (4, 4, 1280),
            ("block7a_project_conv", "top_conv"),
            4_049_571,
            0.126,
            "bytes",
            "Tan and Le, EfficientNet, ICML 2019",
        ),
    )
}
NAMES = (VGG19, *OTHERS)
