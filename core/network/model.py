"""The network of `core.architecture`, built in Keras, flat: every layer by its own name."""

from collections.abc import Iterator
from math import prod

import keras

from core.architecture import DROPOUT, IMAGENET_MEAN_BGR, LAYERS, LOGITS, Layer, head_layers
from core.backbones import OTHERS, VGG19, Backbone
from core.config import IMAGE_SIZE

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of RGB in [0, 1]


def build(
    seed: int = 0, scaling: str = "imagenet", precision: str = "float32", backbone: str = VGG19
) -> keras.Model:
    """The backbone without its top, Flatten, Dense 4608, Dropout 0.2, Dense 1152, softmax over 2.

    Args:
        seed: of the first weights and of dropout.
        scaling: `imagenet` puts a first layer that turns [0, 1] into what ImageNet weights expect
            (0..255, mean subtracted, in BGR order: the three channels of a radiograph are equal, so
            only the means have an order); `unit` leaves [0, 1] as it is.
        precision: in which the convolutions compute, `float32` or `bfloat16`; all weights, the head and
            the probabilities are float32 either way.
        backbone: `vgg19`, flat; or another of `core.backbones`, which stands in the network as one layer of
            that name and has a scaling of its own.

    Returns:
        Model from (n, 128, 128, 3), float32 in [0, 1], to (n, 2) probabilities.
    """
    inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3), name="radiograph")
    if backbone != VGG19:
        return _with_head(inputs, OTHERS[backbone], seed, precision)
    x = inputs
    if scaling == "imagenet":
        offset = [-mean for mean in IMAGENET_MEAN_BGR]
        x = keras.layers.Rescaling(255.0, offset=offset, name="imagenet_scaling")(x)
    for number, layer in enumerate(LAYERS):
        spread = 255 * IMAGENET_DEVIATION[0] if number == 0 and scaling == "imagenet" else 1.0
        x = _keras_layer(layer, seed * 1000 + number, precision, spread)(x)
    return keras.Model(inputs, _probabilities(x), name="pneumonia_vgg19")


def leaf_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a model and of the models within it, in order."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaf_layers(layer)
        else:
            yield layer


def _with_head(inputs, backbone: Backbone, seed: int, precision: str) -> keras.Model:
    """A network of keras.applications, random, between its scaling and the head."""
    before = keras.config.dtype_policy()
    keras.utils.set_random_seed(seed)
    try:
        keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
        make = getattr(keras.applications, backbone.application)
        shape = (IMAGE_SIZE, IMAGE_SIZE, 3)
        body = make(include_top=False, weights=None, input_shape=shape, name=backbone.name)
    finally:
        keras.config.set_dtype_policy(before)
    x = body(_scaled(inputs, backbone.scaling))
    for number, layer in enumerate(head_layers(prod(backbone.output))):
        x = _keras_layer(layer, seed * 1000 + number, precision)(x)
    return keras.Model(inputs, _probabilities(x), name=f"pneumonia_{backbone.name}")


def _probabilities(logits):
    """A layer of its own, because training goes by the logits: see `core.training.trainee`."""
    return keras.layers.Softmax(name="probabilities")(logits)


def _scaled(inputs, scaling: str):
    """What a backbone expects, from [0, 1]; the channels of a radiograph are equal, so they need no order."""
    scale, offset = {
        "bytes": (255.0, 0.0),
        "imagenet": (255.0, [-mean for mean in IMAGENET_MEAN_BGR]),
        "unit normal": (
            [1 / deviation for deviation in IMAGENET_DEVIATION],
            [-mean / deviation for mean, deviation in zip(IMAGENET_MEAN, IMAGENET_DEVIATION, strict=True)],
        ),
    }[scaling]
    return keras.layers.Rescaling(scale, offset=offset, name="scaling")(inputs)


def _keras_layer(layer: Layer, seed: int, precision: str, spread: float = 1.0) -> keras.layers.Layer:
    """A layer with its first weights; `spread`: the deviation of what a convolution sees."""
    layers = keras.layers
    policy = "mixed_bfloat16" if precision == "bfloat16" and layer.block else "float32"
    if layer.kind == "convolution":
        # He et al. 2015: without it a VGG19 from random weights hardly starts to learn; without the spread it
        # answers 0 or 1 before it has learnt anything.
        first = keras.initializers.VarianceScaling(2 / spread**2, "fan_in", "truncated_normal", seed)
        filters = layer.kernel[-1]
        return layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=first,
            dtype=policy,
            name=layer.name,
        )
    if layer.kind == "pool":
        return layers.MaxPooling2D(2, dtype=policy, name=layer.name)
    if layer.kind == "flatten":
        return layers.Flatten(name=layer.name)
    if layer.kind == "dropout":
        return layers.Dropout(DROPOUT, seed=seed, name=layer.name)
    activation = None if layer.name == LOGITS else "relu"
    first = keras.initializers.GlorotUniform(seed)
    return layers.Dense(layer.kernel[-1], activation, kernel_initializer=first, name=layer.name)
