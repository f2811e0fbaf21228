"""The parts of a network as OpenVINO models, for the engine; and the whole of it, for other programs."""

from collections.abc import Callable, Mapping

import numpy as np
import openvino
from openvino import opset13 as ops

from core.architecture import (
    CHANNELS,
    DENSE_LAYERS,
    IMAGE_SIZE,
    SCALINGS,
    VGG19,
    Backbone,
    Layer,
)
from core.compilation import (
    LayerArrays,
    Tensor,
    by_channel,
    layer_outputs,
    openvino_model,
    times_transposed,
)
from core.config import POSITIVE, processor
from core.weights import QuantisedKernel, StoredArray, StoredArrays, finely_quantised, unpacked

LARGE = 1_000_000  # weights of a kernel


def engine_parts(
    arrays: StoredArrays, scaling: str, backbone: Backbone = VGG19, winograd: bool = False
) -> dict[str, Callable[[], openvino.Model]]:
    """What makes body, head and slope of a network, each with copies of its weights.

    Args:
        arrays: weights by layer name, in Keras's layout.
        scaling: of the input, one of `SCALINGS`.
        backbone: whose layers the arrays belong to.
        winograd: whether the body is for float32 alone, where Winograd's algorithm may be faster.
    """
    split = backbone.position(backbone.heat_map_layer) + 1
    last = backbone.layer(backbone.heat_map_layer)
    smaller = compact(arrays, backbone)
    return {
        "body": lambda: body_part(smaller, scaling, backbone.layers[:split], winograd),
        "head": lambda: _head(smaller, last, backbone.layers[split:]),
        "slope": lambda: _slope(smaller, last.output[2]),
    }


def whole_model(arrays: StoredArrays, scaling: str, backbone: Backbone = VGG19) -> openvino.Model:
    """The whole network for other programs, with Keras's input and output.

    Returns:
        Model from `radiograph`, float32 (n, 128, 128, 3) in [0, 1], to `probabilities`, float32 (n, 2).
    """
    radiograph = ops.parameter([-1, IMAGE_SIZE, IMAGE_SIZE, CHANNELS], np.float32, name="radiograph")
    radiograph.output(0).set_names({"radiograph"})
    pixels = ops.multiply(ops.transpose(radiograph, np.array([0, 3, 1, 2])), np.float32(255))
    outputs = layer_outputs(backbone.layers, arrays, _scaled(pixels, scaling))
    probabilities = ops.softmax(outputs[backbone.layers[-1].name], 1)
    probabilities.output(0).set_names({"probabilities"})
    return openvino_model([probabilities], [radiograph], backbone.name)


def compact(arrays: StoredArrays, backbone: Backbone) -> StoredArrays:
    """The arrays with large kernels of the head in sixteen bits, which moves log-odds by less than 0.001.

    Where OpenVINO computes with eight-bit weights as they are, two of them take half the memory of one in
    float32 and three quarters of the time; elsewhere it would unpack both.
    """
    if not processor.is_x86():
        return arrays
    large = {
        layer.name: (finely_quantised(kernel), bias)
        for layer in backbone.weighted_head
        for kernel, bias in [arrays[layer.name]]
        if isinstance(kernel, np.ndarray) and kernel.size >= LARGE
    }
    return {**arrays, **large}


def body_part(
    arrays: StoredArrays, scaling: str, layers: tuple[Layer, ...], winograd: bool
) -> openvino.Model:
    """From pixels to the last of some layers.

    If the first layer is a convolution, the scaling is folded into it, so that its input is whole numbers
    below 256, which bfloat16 represents exactly.
    """
    pixels = ops.parameter([-1, IMAGE_SIZE, IMAGE_SIZE], np.uint8, name="pixels")
    x = ops.unsqueeze(ops.convert(pixels, np.float32), np.int64(1))
    weights: Mapping[str, LayerArrays] = arrays
    if layers[0].kind == "convolution":
        centre, first = _fold_scaling(arrays[layers[0].name], scaling, layers[0])
        x = ops.concat([ops.subtract(x, np.float32(centre))] * CHANNELS, 1)
        weights = {**arrays, layers[0].name: first}
    else:
        x = _scaled(ops.concat([x] * CHANNELS, 1), scaling)
    outputs = layer_outputs(layers, weights, x, winograd)
    return openvino_model([outputs[layers[-1].name]], [pixels], "body")


def _head(arrays: StoredArrays, before: Layer, layers: tuple[Layer, ...]) -> openvino.Model:
    """From the layer of the heat map to the probabilities and the hidden layers."""
    rows, columns, channels = before.output
    activations = ops.parameter([-1, channels, rows, columns], np.float32, name="activations")
    outputs = layer_outputs(layers, arrays, activations)
    probabilities = ops.softmax(outputs[layers[-1].name], 1)
    hidden = [outputs[name] for name in DENSE_LAYERS[:-1]]
    return openvino_model([probabilities, *hidden], [activations], "head")


def _slope(arrays: StoredArrays, channels: int) -> openvino.Model:
    """From the hidden layers' outputs back to the gradient of the log-odds by channel of the head's input."""
    *hidden, (last, _) = (arrays[name] for name in DENSE_LAYERS)
    last = unpacked(last)
    slope = ops.constant((last[:, POSITIVE] - last[:, 1 - POSITIVE]).reshape(1, -1))
    outputs = [ops.parameter([-1, len(unpacked(bias))], np.float32) for _, bias in hidden]
    kernels = [_mean_over_cells(hidden[0][0], channels), *(kernel for kernel, _ in hidden[1:])]
    for output, kernel in reversed(list(zip(outputs, kernels, strict=True))):
        passes = ops.convert(
            ops.greater(output, np.float32(0)), np.float32
        )  # relu lets no other slope through
        slope = times_transposed(ops.multiply(slope, passes), kernel)
    return openvino_model([slope], outputs, "slope")


def _mean_over_cells(kernel: StoredArray, channels: int) -> np.ndarray:
    """The mean over cells of a kernel whose rows are cells x channels: float32 (channels, units)."""
    is_quantised = isinstance(kernel, QuantisedKernel)  # levels are averaged, not a copy of all in float32
    rows = kernel.levels if is_quantised else kernel
    means = rows.reshape(-1, channels, rows.shape[1]).mean(axis=0, dtype=np.float32)
    return means * kernel.scale if is_quantised else means


def _scaled(x: Tensor, scaling: str) -> Tensor:
    """What the body expects, from pixels in 0..255."""
    factor = np.array(SCALINGS[scaling].factor, np.float32) / 255
    offset = np.array(SCALINGS[scaling].offset, np.float32)
    return ops.add(ops.multiply(x, by_channel(factor)), by_channel(offset))


def _fold_scaling(arrays: LayerArrays, scaling: str, layer: Layer) -> tuple[int, LayerArrays]:
    """Fold the scaling of the input into the first convolution.

    The factor goes into the kernel and the offset into the bias, which then differs at the border, where the
    zero padding has no offset.

    Returns:
        What to subtract from the pixels, a whole number; and the kernel and the bias, (1, filters, rows,
        columns), to use then.
    """
    kernel, bias = map(unpacked, arrays)
    if scaling == "unit":
        centre, factor, offsets = 0, 1 / 255, np.zeros(CHANNELS, np.float32)
    else:  # a factor of 1 on pixels in 0..255, and one offset per channel
        means = -np.array(SCALINGS[scaling].offset, np.float32)
        centre, factor = round(float(means.mean())), 1.0
        offsets = centre - means
    bias = by_channel(bias) + _border_aware(kernel, offsets, layer)
    return centre, (kernel * np.float32(factor), bias)


def _border_aware(kernel: np.ndarray, offsets: np.ndarray, layer: Layer) -> np.ndarray:
    """Output of a 3 x 3 convolution with zero padding for an input of one constant per channel.

    Returns:
        float32 (1, filters, rows, columns).
    """
    rows, columns, filters = layer.output
    result = np.zeros((1, filters, rows, columns), np.float32)
    share = np.einsum("oihw,i->ohw", kernel.transpose(3, 2, 0, 1), offsets)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            inside = (
                ...,
                slice(max(0, -down), rows - max(0, down)),
                slice(max(0, -right), columns - max(0, right)),
            )
            result[inside] += share[:, down + 1, right + 1][:, np.newaxis, np.newaxis]
    return result
