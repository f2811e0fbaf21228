"""The backbones that can be trained: VGG19, the method's, and three others for comparison."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache, cached_property

from core.architecture.densenet121 import densenet121_layers
from core.architecture.efficientnetb0 import efficientnetb0_layers
from core.architecture.head import head_layers
from core.architecture.layer import Layer
from core.architecture.resnet50 import resnet50_layers
from core.architecture.vgg19 import vgg19_layers


@dataclass(frozen=True, eq=False)
class Backbone:
    """A network of keras.applications without its top; the same head follows each of them.

    Attributes:
        name: as settings and files name it.
        application: its function in keras.applications, and its name for people.
        body_layers: gives its layers at a width, in Keras's order, without the head.
        last_convolutions: its last two, which stage 2 trains.
        cut_layer: the last layer that stages 1 and 2 leave frozen and whose activations are cached; the last
            layer of the body where only the head can train on cached activations.
        heat_map_layer: the layer whose activations the heat map weighs; between it and the head there is at
            most a pool.
        scaling: what it expects as input, one of `SCALINGS`.
        source: paper.
        sharper_map_layer: the layer whose activations the sharper heat map weighs; "" where there is none.
        width: share of the channels of its convolutions and of the units of its head, 1 in the method. The
            layers are the same at every width. A narrow network trains in seconds: for quick trials and
            tests.
    """

    name: str
    application: str
    body_layers: Callable[[float], list[Layer]]
    last_convolutions: tuple[str, str]
    cut_layer: str
    heat_map_layer: str
    scaling: str
    source: str
    sharper_map_layer: str = ""
    width: float = 1.0

    @cache  # noqa: B019 -- there are a handful of backbones, and they live as long as the process
    def at_width(self, width: float) -> "Backbone":
        """The same layers with this share of the full width's channels; the same object each time.

        Raises:
            ValueError: the width is not above 0 and at most 1.
        """
        if not 0 < width <= 1:
            raise ValueError(f"width is {width}")
        return BACKBONES[self.name] if width == 1 else replace(self, width=width)

    @property
    def title(self) -> str:
        """For people: the name, and the width of a narrow one."""
        return self.application if self.width == 1 else f"{self.application} (width {self.width:g})"

    @cached_property
    def body(self) -> tuple[Layer, ...]:
        """The layers in Keras's order, without the head."""
        return tuple(self.body_layers(self.width))

    @cached_property
    def head(self) -> tuple[Layer, ...]:
        """The layers of the classification head."""
        return tuple(head_layers(self.body, self.width))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, from the image to the logits."""
        return self.body + self.head

    @cached_property
    def weighted_body(self) -> tuple[Layer, ...]:
        """The layers of the body that have weights."""
        return tuple(layer for layer in self.body if layer.weights)

    @cached_property
    def weighted_head(self) -> tuple[Layer, ...]:
        """The layers of the head that have weights."""
        return tuple(layer for layer in self.head if layer.weights)

    @cached_property
    def weighted(self) -> tuple[Layer, ...]:
        """All layers that have weights."""
        return self.weighted_body + self.weighted_head

    @property
    def end(self) -> str:
        """Name of the body's last layer."""
        return self.body[-1].name

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the body's output for one image: rows, columns, channels."""
        return self.body[-1].output

    @cached_property
    def parameters(self) -> int:
        """Number of weights of the body."""
        return sum(layer.parameters for layer in self.body)

    @cached_property
    def gigamacs(self) -> float:
        """GMAC of one image's forward pass through the body."""
        return sum(layer.multiply_adds for layer in self.body) / 1e9

    @cached_property
    def fits_winograd(self) -> bool:
        """Whether its convolutions are all 3 x 3 with stride 1, and some gain from Winograd's algorithm."""
        sizes = {(layer.kernel[:2], layer.stride) for layer in self.weighted_body}
        return sizes == {((3, 3), 1)} and any(layer.gains_from_winograd for layer in self.body)

    def layer(self, name: str) -> Layer:
        """The layer of that name."""
        return self.layers[self.position(name)]

    def position(self, name: str) -> int:
        """Index of a layer among `layers`."""
        return [layer.name for layer in self.layers].index(name)

    def is_trained(self, layer: Layer, trained_layers: Collection[str]) -> bool:
        """Whether training the head and `trained_layers` changes the weights of `layer`."""
        return bool(layer.weights) and (layer in self.head or layer.name in trained_layers)

    def freezes_up_to_cut(self, trained_layers: Collection[str]) -> bool:
        """Whether all layers up to the cut layer stay frozen, so that its activations can be cached."""
        frozen = {layer.name for layer in self.layers[: self.position(self.cut_layer) + 1]}
        return frozen.isdisjoint(trained_layers)

    def parameter_counts(self, trained_layers: Collection[str]) -> tuple[int, int]:
        """Numbers of parameters that are trained and frozen."""
        total = sum(layer.parameters for layer in self.weighted)
        trained = sum(layer.parameters for layer in self.weighted if self.is_trained(layer, trained_layers))
        return trained, total - trained


VGG19 = Backbone(
    name="vgg19",
    application="VGG19",
    body_layers=vgg19_layers,
    last_convolutions=("block5_conv3", "block5_conv4"),
    cut_layer="block5_conv2",
    heat_map_layer="block5_conv4",
    scaling="imagenet",
    source="Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015",
    sharper_map_layer="block4_conv4",
)
RESNET50 = Backbone(
    name="resnet50",
    application="ResNet50",
    body_layers=resnet50_layers,
    last_convolutions=("conv5_block3_2_conv", "conv5_block3_3_conv"),
    cut_layer="conv5_block3_out",
    heat_map_layer="conv5_block3_out",
    scaling="imagenet",
    source="He et al., Deep residual learning for image recognition, CVPR 2016",
)
DENSENET121 = Backbone(
    name="densenet121",
    application="DenseNet121",
    body_layers=densenet121_layers,
    last_convolutions=("conv5_block16_1_conv", "conv5_block16_2_conv"),
    cut_layer="relu",
    heat_map_layer="relu",
    scaling="unit normal",
    source="Huang et al., Densely connected convolutional networks, CVPR 2017",
)
EFFICIENTNETB0 = Backbone(
    name="efficientnetb0",
    application="EfficientNetB0",
    body_layers=efficientnetb0_layers,
    last_convolutions=("block7a_project_conv", "top_conv"),
    cut_layer="top_activation",
    heat_map_layer="top_activation",
    scaling="bytes",
    source="Tan and Le, EfficientNet, ICML 2019",
)
BACKBONES = {backbone.name: backbone for backbone in (VGG19, RESNET50, DENSENET121, EFFICIENTNETB0)}
