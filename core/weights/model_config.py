"""Comparing the configuration that Keras saves with a model with the architecture that we build.

Shapes alone do not tell how a network computes: another activation, a batch normalisation or another order of
layers answers otherwise with the same arrays. Layers that change nothing when a model answers, such as
dropout, may differ.
"""

import json
from dataclasses import dataclass
from typing import Any

from core.architecture import CHANNELS, IMAGE_SIZE, SCALINGS, Backbone, Layer
from core.weights.keras_chain import ConfigError, Node, chain

KINDS = {
    "Conv2D": "convolution",
    "Convolution2D": "convolution",
    "MaxPooling2D": "max_pool",
    "MaxPool2D": "max_pool",
    "Flatten": "flatten",
    "Dense": "dense",
}
WITHOUT_EFFECT = (  # when a model answers
    "InputLayer",
    "Dropout",
    "SpatialDropout2D",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "ActivityRegularization",
    "Identity",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "RandomContrast",
    "RandomBrightness",
)
ACTIVATIONS = {"Softmax": "softmax", "ReLU": "relu"}
QUANTISED = ("int8", "int4", "float8", "gptq", "awq")


@dataclass(frozen=True)
class Computation:
    """A layer of the file as it computes: its kind and name, and what differs from kind to kind."""

    name: str
    keras_class: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name} ({self.keras_class})"


def check_config(text: str, backbone: Backbone) -> str:
    """Compare a model's configuration with a backbone and its head.

    Args:
        text: JSON as Keras saves it.
        backbone: whose layers the arrays were read for.

    Returns:
        The input scaling that the model applies itself: `imagenet`, `unit`, or "" if it has none.

    Raises:
        ConfigError: what differs first.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError("its configuration cannot be read") from error
    nodes = chain(content)
    _check_input(nodes, backbone)
    scaling, computing = _without_scaling([node for node in nodes if node.keras_class not in WITHOUT_EFFECT])
    theirs = _computations(computing)
    expected = [layer for layer in backbone.layers if layer.kind != "dropout"]
    for layer, computation in zip(expected, theirs, strict=False):
        _check_layer(computation, layer, backbone)
    if len(theirs) != len(expected):
        extra = (
            f"ends with {theirs[-1]}"
            if len(theirs) < len(expected)
            else f"goes on with {theirs[len(expected)]}"
        )
        raise ConfigError(f"it {extra}, ours ends with {expected[-1].name}")
    return scaling


def _check_input(nodes: list[Node], backbone: Backbone) -> None:
    shape = next((node.input_shape for node in nodes if node.input_shape), None)
    expected = (IMAGE_SIZE, IMAGE_SIZE, CHANNELS)
    if shape is None:
        raise ConfigError(f"it does not say which input it takes; {_times(expected)} is expected")
    if tuple(shape) != expected:
        raise ConfigError(f"its input is {_times(shape)}, expected {_times(expected)}")


def _without_scaling(nodes: list[Node]) -> tuple[str, list[Node]]:
    """The scaling that the model applies first, and the layers after it."""
    if not nodes or nodes[0].keras_class != "Rescaling":
        return "", nodes
    config = nodes[0].config
    factor, offset = _three(config.get("scale")), _three(config.get("offset"))
    imagenet = SCALINGS["imagenet"]
    if _near(factor, imagenet.factor) and _near(offset, imagenet.offset):
        return "imagenet", nodes[1:]
    if _near(factor, [1 / 255] * 3) and _near(offset, [0] * 3):
        return "unit", nodes[1:]
    raise ConfigError(f"it scales its input itself, times {config.get('scale')} plus {config.get('offset')}")


def _computations(nodes: list[Node]) -> list[Computation]:
    """The layers with their activations, also where those are layers of their own."""
    computations: list[Computation] = []
    for node in nodes:
        activation = _activation_layer(node)
        if activation is None:
            values = {**node.config, "activation": _activation_name(node.config.get("activation"))}
            computations.append(Computation(node.name, node.keras_class, values))
        elif activation != "linear":
            before = computations[-1] if computations else None
            if before is None or KINDS.get(before.keras_class) not in ("convolution", "dense"):
                raise ConfigError(f"{node.name} ({node.keras_class}) follows {before or 'its input'}")
            if before.values["activation"] != "linear":
                raise ConfigError(f"{before} has activation {before.values['activation']}, then {activation}")
            computations[-1] = Computation(
                before.name, before.keras_class, {**before.values, "activation": activation}
            )
    return computations


def _activation_layer(node: Node) -> str | None:
    """What a layer that is nothing but an activation applies; None for other layers."""
    if node.keras_class == "Activation":
        return _activation_name(node.config.get("activation"))
    if node.keras_class not in ACTIVATIONS:
        return None
    plain = not any(node.config.get(name) for name in ("max_value", "negative_slope", "threshold"))
    if plain and node.config.get("axis", -1) in (-1, 1, [-1], [1]):
        return ACTIVATIONS[node.keras_class]
    raise ConfigError(f"{node.name} ({node.keras_class}) has settings of its own")


def _activation_name(value: Any) -> str:
    """An activation's name, also of one that was saved as an object."""
    if isinstance(value, dict):
        value = value.get("config") if value.get("class_name") == "function" else value.get("class_name")
    return "linear" if value is None else str(value).lower()


def _check_layer(computation: Computation, layer: Layer, backbone: Backbone) -> None:
    if KINDS.get(computation.keras_class) != layer.kind:
        raise ConfigError(
            f"it has {computation} where ours has {layer.name} ({layer.kind.replace('_', ' ')})"
        )
    names = {item.name for item in backbone.body}
    if computation.name in names and computation.name != layer.name:
        raise ConfigError(f"it has {computation.name} where ours has {layer.name}")
    policy = json.dumps(computation.values.get("dtype"))
    if any(name in policy for name in QUANTISED):
        raise ConfigError(f"{computation.name} is quantised ({_policy(computation.values['dtype'])})")
    for name, value in _expected(layer, layer is backbone.layers[-1]).items():
        actual = _plain(computation.values.get(name, value))
        if name == "strides" and actual is None:  # of a pool: its size
            actual = _plain(computation.values.get("pool_size"))
        if actual != value:
            raise ConfigError(f"{computation.name} has {name.replace('_', ' ')} {actual}, expected {value}")


def _expected(layer: Layer, last: bool) -> dict[str, Any]:
    """Values of Keras's configuration that decide what a layer computes."""
    if layer.kind == "convolution":
        return {
            "filters": layer.kernel[-1],
            "kernel_size": list(layer.kernel[:2]),
            "strides": [layer.stride] * 2,
            "padding": layer.padding,
            "dilation_rate": [1, 1],
            "groups": 1,
            "data_format": "channels_last",
            "use_bias": True,
            "activation": layer.activation or "linear",
        }
    if layer.kind == "max_pool":  # every side is a multiple of the window: no padding is needed
        return {
            "pool_size": [layer.size] * 2,
            "strides": [layer.stride] * 2,
            "data_format": "channels_last",
        }
    if layer.kind == "dense":
        activation = "softmax" if last else layer.activation or "linear"
        return {"units": layer.kernel[-1], "use_bias": True, "activation": activation}
    return {"data_format": "channels_last"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _policy(value: Any) -> str:
    config = value.get("config", {}) if isinstance(value, dict) else {}
    return str(config.get("mode", config.get("name", "int8"))) if config else str(value)


def _three(value: Any) -> list[float] | None:
    """A number or a list of three, as three numbers."""
    if isinstance(value, dict):  # an array
        value = value.get("config", {}).get("value")
    values = value if isinstance(value, list) else [value] * 3
    try:
        return [float(item) for item in values]
    except (TypeError, ValueError):
        return None


def _near(values: list[float] | None, expected: Any) -> bool:
    return (
        values is not None
        and len(values) == 3
        and all(abs(value - other) < 1e-4 for value, other in zip(values, expected, strict=True))
    )


def _times(shape: Any) -> str:
    return " x ".join("?" if side is None else str(side) for side in shape)
