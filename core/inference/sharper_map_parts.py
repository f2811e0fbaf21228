"""The parts of a network that a sharper heat map needs besides, as OpenVINO models."""

from collections.abc import Callable

import numpy as np
import openvino
from openvino import opset13 as ops

from core.architecture import VGG19, Backbone, Layer
from core.compilation import gradients, layer_outputs, openvino_model
from core.config import POSITIVE
from core.inference.engine_parts import body_part, compact
from core.weights import StoredArrays


def sharper_map_parts(
    arrays: StoredArrays, scaling: str, backbone: Backbone = VGG19, winograd: bool = False
) -> dict[str, Callable[[], openvino.Model]]:
    """What makes them; nothing for a backbone without a sharper map.

    Args:
        arrays, scaling, backbone, winograd: as for `engine_parts`.
    """
    if not backbone.sharper_map_layer:
        return {}
    split = backbone.position(backbone.sharper_map_layer) + 1
    first, behind = backbone.layers[:split], backbone.layers[split:]
    smaller = compact(arrays, backbone)
    return {
        "beginning": lambda: body_part(smaller, scaling, first, winograd),
        "gradient": lambda: _gradient(smaller, first[-1], behind),
    }


def _gradient(arrays: StoredArrays, before: Layer, layers: tuple[Layer, ...]) -> openvino.Model:
    """From the activations of the map's layer to the gradient of the log-odds of PNEUMONIA by them."""
    rows, columns, channels = before.output
    activations = ops.parameter([-1, channels, rows, columns], np.float32, name="activations")
    outputs = layer_outputs(layers, arrays, activations)
    sign = np.array([[1 if number == POSITIVE else -1 for number in range(2)]], np.float32)
    of_each = ops.add(ops.multiply(outputs[layers[-1].name], np.float32(0)), sign)  # a row for each image
    slope = gradients(layers, arrays, outputs, of_each)[before.name]
    return openvino_model([slope], [activations], "gradient")
