"""The layers of a saved Keras model in the order in which its image passes through them.

Sequential and functional models, one within the other, are read as plain JSON. A model that branches, joins
or uses a layer twice is no chain, and none of ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

MAX_LAYERS = 2000
MAX_DEPTH = 5  # of models within models
MODELS = ("Functional", "Model", "Sequential")


class ConfigError(ValueError):
    """How a model differs from ours; the message continues a sentence."""


@dataclass(frozen=True)
class Node:
    """A layer of a saved model.

    Attributes:
        name: of the layer.
        keras_class: such as `Conv2D`.
        config: its configuration as plain values.
        input_shape: rows, columns and channels that it takes, where it says so.
    """

    name: str
    keras_class: str
    config: dict[str, Any]
    input_shape: tuple[int | None, ...] | None = None


def chain(model: Any, depth: int = 0) -> list[Node]:
    """The layers of a model, those of models within it in their place.

    Raises:
        ConfigError: it is no chain, or not a model of Keras's own kinds.
    """
    try:
        nodes = list(_chain(model, depth))
    except (AttributeError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise ConfigError("its configuration cannot be understood") from error
    if len(nodes) > MAX_LAYERS:
        raise ConfigError(f"it has more than {MAX_LAYERS:,} layers")
    return nodes


def _chain(model: dict, depth: int) -> Iterator[Node]:
    kind, config = model["class_name"], model["config"]
    if kind not in MODELS or not isinstance(config, dict | list) or depth > MAX_DEPTH:
        raise ConfigError(f"it is a model of the class {str(kind)[:60]}, whose layers cannot be read")
    if isinstance(config, list):  # a Sequential of the first versions
        config = {"layers": config}
    layers = config["layers"]
    if len(layers) > MAX_LAYERS:
        raise ConfigError(f"it has more than {MAX_LAYERS:,} layers")
    if kind != "Sequential":
        layers = _in_order(config)
    build_shape = config.get("build_input_shape")
    for position, layer in enumerate(layers):
        keras_class = str(layer["class_name"])
        if keras_class in MODELS:
            yield from chain(layer, depth + 1)
            continue
        settings = layer["config"]
        shape = settings.get("batch_shape") or settings.get("batch_input_shape")
        if shape is None and position == 0:
            shape = build_shape
        node = Node(str(settings.get("name", layer.get("name", "?")))[:60], keras_class, settings)
        yield replace(node, input_shape=tuple(shape[1:])) if shape else node


def _in_order(config: dict) -> list[dict]:
    """The layers of a functional model from its input to its output."""
    by_name = {layer.get("name", layer["config"].get("name")): layer for layer in config["layers"]}
    inputs, outputs = _ends(config["input_layers"]), _ends(config["output_layers"])
    if len(inputs) != 1 or len(outputs) != 1:
        raise ConfigError(f"it has {len(inputs)} inputs and {len(outputs)} outputs, expected one of each")
    order, name = [], outputs[0]
    while True:
        layer = by_name[name]
        if layer in order:
            raise ConfigError("its layers form a circle")
        order.append(layer)
        if name == inputs[0]:
            return order[::-1]
        calls = layer.get("inbound_nodes", [])
        if len(calls) != 1:
            raise ConfigError(f"{name} is used {len(calls)} times, expected once")
        sources = list(_sources(calls[0]))
        if len(sources) != 1:
            raise ConfigError(f"{name} ({layer['class_name']}) joins {len(sources)} branches, ours has none")
        name = sources[0]


def _ends(value: list) -> list[str]:
    """Names of a model's input or output layers: one, or a list of them."""
    return [value[0]] if value and isinstance(value[0], str) else [item[0] for item in value]


def _sources(value: Any) -> Iterator[str]:
    """Names of the layers that a call takes, in the notation of Keras 2 and 3."""
    if isinstance(value, dict):
        if "keras_history" in value:
            yield value["keras_history"][0]
            return
        for item in value.values():
            yield from _sources(item)
    elif isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0]
            return
        for item in value:
            yield from _sources(item)
