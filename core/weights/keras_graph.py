"""The layers of a saved Keras model with what each of them takes, from its image to its output.

Sequential and functional models, one within the other, are read as plain JSON. A model with several inputs
or outputs, or that uses a layer twice, is none of ours.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

MAX_LAYERS = 2000
MAX_DEPTH = 5  # of models within models
MODELS = ("Functional", "Model", "Sequential")
IMAGE = -1  # the position of what the first layer takes


class ConfigError(ValueError):
    """How a model differs from ours; the message continues a sentence."""


@dataclass(frozen=True)
class Node:
    """A layer of a saved model.

    Attributes:
        name: of the layer.
        keras_class: such as `Conv2D`.
        config: its configuration as plain values.
        inputs: positions of the layers whose outputs it takes, or `IMAGE`.
        input_shape: rows, columns and channels that it takes, where it says so.
    """

    name: str
    keras_class: str
    config: dict[str, Any]
    inputs: tuple[int, ...]
    input_shape: tuple[int | None, ...] | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.keras_class})"


def layers_in_order(model: Any) -> list[Node]:
    """The layers that a model's output depends on, those of models within it in their place.

    Raises:
        ConfigError: the model is not of Keras's own kinds, or has several inputs or outputs.
    """
    nodes: list[Node] = []
    try:
        _add(nodes, model, IMAGE)
    except (AttributeError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise ConfigError("its configuration cannot be understood") from error
    return nodes


def ordered(last: str, sources: Callable[[str], Sequence[str]]) -> list[str]:
    """The names of all layers that the last one depends on, each after those whose outputs it takes.

    Raises:
        ConfigError: the layers form a circle.
    """
    order: dict[str, None] = {}
    begun: set[str] = set()
    stack = [last]
    while stack:
        name = stack[-1]
        waiting = [source for source in sources(name) if source not in order]
        if name in order or not waiting:
            order[stack.pop()] = None
        elif name in begun:
            raise ConfigError("its layers form a circle")
        else:
            begun.add(name)
            stack += reversed(waiting)
    return list(order)


def without(nodes: list[Node], left_out: Collection[int]) -> list[Node]:
    """The layers without those at some positions; what takes the output of one takes its input instead."""
    kept: list[Node] = []
    places = {IMAGE: IMAGE}  # by position in `nodes`: of the layer whose output is taken
    for position, node in enumerate(nodes):
        inputs = tuple(places[source] for source in node.inputs)
        if position in left_out and len(inputs) == 1:
            places[position] = inputs[0]
        else:
            places[position] = len(kept)
            kept.append(replace(node, inputs=inputs))
    return kept


def _add(nodes: list[Node], model: dict, source: int, depth: int = 0) -> int:
    """Append the layers of a model that takes the output of `source`; the position of its output."""
    kind, config = model["class_name"], model["config"]
    if kind not in MODELS or not isinstance(config, dict | list) or depth > MAX_DEPTH:
        raise ConfigError(f"it is a model of the class {str(kind)[:60]}, whose layers cannot be read")
    if isinstance(config, list):  # a Sequential of the first versions
        config = {"layers": config}
    if len(nodes) + len(config["layers"]) > MAX_LAYERS:
        raise ConfigError(f"it has more than {MAX_LAYERS:,} layers")
    if kind != "Sequential":
        return _add_functional(nodes, config, source, depth)
    shape = config.get("build_input_shape")
    for layer in config["layers"]:
        source, shape = _add_layer(nodes, layer, (source,), depth, shape), None
    return source


def _add_functional(nodes: list[Node], config: dict, source: int, depth: int) -> int:
    by_name = {layer.get("name", layer["config"].get("name")): layer for layer in config["layers"]}
    inputs, outputs = _ends(config["input_layers"]), _ends(config["output_layers"])
    if len(inputs) != 1 or len(outputs) != 1:
        raise ConfigError(f"it has {len(inputs)} inputs and {len(outputs)} outputs, expected one of each")

    def sources(name: str) -> list[str]:
        calls = by_name[name].get("inbound_nodes", [])
        if name == inputs[0]:
            return []
        if len(calls) != 1:
            raise ConfigError(f"{name} is used {len(calls)} times, expected once")
        if not (found := list(_sources(calls[0]))):
            raise ConfigError(f"{name} takes the output of no layer")
        return found

    positions: dict[str, int] = {}
    for name in ordered(outputs[0], sources):
        taken = tuple(positions[before] for before in sources(name)) or (source,)
        positions[name] = _add_layer(nodes, by_name[name], taken, depth)
    return positions[outputs[0]]


def _add_layer(
    nodes: list[Node], layer: dict, inputs: tuple[int, ...], depth: int, build_shape: Any = None
) -> int:
    """Append a layer, or the layers of a model in its place; the position of its output."""
    keras_class, settings = str(layer["class_name"]), layer["config"]
    if keras_class in MODELS:
        if len(inputs) != 1:
            raise ConfigError(f"it has a model within it that joins {len(inputs)} branches")
        return _add(nodes, layer, inputs[0], depth + 1)
    shape = settings.get("batch_shape") or settings.get("batch_input_shape") or build_shape
    name = str(settings.get("name", layer.get("name", "?")))[:60]
    nodes.append(Node(name, keras_class, settings, inputs, tuple(shape[1:]) if shape else None))
    return len(nodes) - 1


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
