"""Comparing the configuration that Keras saves with a model with the architecture that we build.

Shapes alone do not tell how a network computes: another activation, a batch normalisation or another order of
layers answers otherwise with the same arrays. Layers that change nothing when a model answers, such as
dropout, may differ. `core.weights.expected_config` says what a layer's configuration must hold.
"""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.architecture import CHANNELS, IMAGE_SIZE, SCALINGS, VGG19, Backbone, Layer
from core.weights.expected_config import KINDS, expected_values, plain_activation, plain_value
from core.weights.keras_graph import IMAGE, ConfigError, Node, layers_in_order, ordered, without

INPUT = "image"  # as the first layer of an architecture names it
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


def check_config(text: str, backbone: Backbone) -> str:
    """Compare a model's configuration with a backbone and its head.

    Args:
        text: JSON as Keras saves it.
        backbone: whose layers the arrays were read for.

    Returns:
        The input scaling that the model applies itself, one of `SCALINGS`; "" if it has none.

    Raises:
        ConfigError: what differs first.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError("its configuration cannot be read") from error
    nodes = layers_in_order(content)
    _check_input(nodes)
    scaling, nodes = _without_scaling(without(nodes, _of_classes(nodes, WITHOUT_EFFECT)), backbone)
    theirs, ours = _with_activations(nodes), _our_layers(backbone)
    layers = {layer.name: layer for layer in backbone.layers}
    names = frozenset(layer.name for layer in backbone.body)
    for their, our in zip(theirs, ours, strict=False):
        _check_layer(their, layers[our.name], names, last=our is ours[-1])
        _check_inputs(their, theirs, our, ours)
    if len(theirs) != len(ours):
        extra = f"ends with {theirs[-1]}" if len(theirs) < len(ours) else f"goes on with {theirs[len(ours)]}"
        raise ConfigError(f"it {extra}, ours ends with {ours[-1].name}")
    return scaling


def _of_classes(nodes: list[Node], classes: Collection[str]) -> set[int]:
    """Positions of the layers of some kinds."""
    return {position for position, node in enumerate(nodes) if node.keras_class in classes}


def _our_layers(backbone: Backbone) -> list[Node]:
    """The layers of a backbone and its head in the same form and order, without dropout."""
    layers = {layer.name: layer for layer in backbone.layers}
    positions, nodes = {INPUT: IMAGE}, []
    for name in ordered(backbone.layers[-1].name, lambda name: layers[name].inputs if name in layers else ()):
        if name != INPUT:
            positions[name] = len(nodes)
            inputs = tuple(positions[before] for before in layers[name].inputs)
            nodes.append(Node(name, layers[name].kind, {}, inputs))
    return without(nodes, _of_classes(nodes, ["dropout"]))


def _check_input(nodes: list[Node]) -> None:
    shape = next((node.input_shape for node in nodes if node.input_shape), None)
    expected = (IMAGE_SIZE, IMAGE_SIZE, CHANNELS)
    if shape is None:
        raise ConfigError(f"it does not say which input it takes; {_times(expected)} is expected")
    if tuple(shape) != expected:
        raise ConfigError(f"its input is {_times(shape)}, expected {_times(expected)}")


def _without_scaling(nodes: list[Node], backbone: Backbone) -> tuple[str, list[Node]]:
    """The scaling that the model applies first, and the layers after it."""
    first = [node.keras_class for node in nodes[:2]]
    needed = ["Rescaling"] * (1 + (backbone.layers[0].kind == "rescaling"))
    if first[: len(needed)] != needed:
        return "", nodes
    config = nodes[0].config
    factor, offset = _three(config.get("scale")), _three(config.get("offset"))
    if _near(factor, [1] * 3) and _near(offset, [0] * 3):
        return "", without(nodes, {0})
    for name in ("imagenet", "unit") if backbone.name == VGG19.name else (backbone.scaling,):
        scaling = SCALINGS[name]
        for brightest in (1, 255):  # of the pixels that it takes
            factors = [value / brightest for value in scaling.factor]
            if _near(factor, factors) and _near(offset, scaling.offset):
                return name, without(nodes, {0})
    raise ConfigError(f"it scales its input itself, times {config.get('scale')} plus {config.get('offset')}")


def _with_activations(nodes: list[Node]) -> list[Node]:
    """The layers with their activations, also where those are layers of their own."""
    uses = Counter(source for node in nodes for source in node.inputs)
    changed: list[Node] = []
    merged: set[int] = set()
    for position, node in enumerate(nodes):
        source, activation = node.inputs[0], _activation_layer(node)
        before = changed[source] if source != IMAGE else None
        if activation is None:
            activation = plain_activation(node.config.get("activation"))
        elif activation == "linear":
            merged.add(position)
        elif before and KINDS.get(before.keras_class) in ("convolution", "dense") and uses[source] == 1:
            if before.config["activation"] != "linear":
                raise ConfigError(f"{before} has activation {before.config['activation']}, then {activation}")
            changed[source] = replace(before, config={**before.config, "activation": activation})
            merged.add(position)
        changed.append(replace(node, config={**node.config, "activation": activation}))
    return without(changed, merged)


def _activation_layer(node: Node) -> str | None:
    """What a layer that is nothing but an activation applies; None for other layers."""
    if node.keras_class == "Activation":
        return plain_activation(node.config.get("activation"))
    if node.keras_class not in ACTIVATIONS:
        return None
    plain = not any(node.config.get(name) for name in ("max_value", "negative_slope", "threshold"))
    if plain and node.config.get("axis", -1) in (-1, 1, [-1], [1]):
        return ACTIVATIONS[node.keras_class]
    raise ConfigError(f"{node} has settings of its own")


def _check_layer(node: Node, layer: Layer, names: Collection[str], last: bool) -> None:
    """Compare a layer of theirs with ours; none may bear the name of another one of our body's `names`."""
    if KINDS.get(node.keras_class) != layer.kind:
        raise ConfigError(f"it has {node} where ours has {layer.name} ({layer.kind.replace('_', ' ')})")
    if node.name in names and node.name != layer.name:
        raise ConfigError(f"it has {node.name} where ours has {layer.name}")
    policy = json.dumps(node.config.get("dtype"))
    if any(name in policy for name in QUANTISED):
        raise ConfigError(f"{node.name} is quantised ({_policy(node.config['dtype'])})")
    for name, value in expected_values(layer, last).items():
        actual = plain_value(name, node.config.get(name, value))
        if name == "strides" and actual is None:  # of a pool: its size
            actual = plain_value(name, node.config.get("pool_size"))
        if actual != value:
            raise ConfigError(f"{node.name} has {name.replace('_', ' ')} {actual}, expected {value}")


def _check_inputs(their: Node, theirs: list[Node], our: Node, ours: list[Node]) -> None:
    if len(their.inputs) != len(our.inputs):
        raise ConfigError(f"{their} joins {len(their.inputs)} branches, ours has {len(our.inputs)}")
    if their.inputs != our.inputs:
        names = [
            " and ".join(nodes[source].name if source != IMAGE else INPUT for source in node.inputs)
            for node, nodes in ((their, theirs), (our, ours))
        ]
        raise ConfigError(f"{their} takes the output of {names[0]}, expected that of {names[1]}")


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


def _near(values: list[float] | None, expected: Sequence[float]) -> bool:
    return values is not None and len(values) == 3 and np.allclose(values, expected, rtol=1e-3, atol=1e-9)


def _times(shape: Any) -> str:
    return " x ".join("?" if side is None else str(side) for side in shape)
