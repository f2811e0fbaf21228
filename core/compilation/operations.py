"""Each kind of layer as OpenVINO operations; tensors are (n, channels, rows, columns)."""

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
from openvino import Node, Output
from openvino import opset13 as ops

from core.architecture import Layer
from core.weights import QuantisedKernel, StoredArray, unpacked

Tensor = Node | Output
LayerArrays = Sequence[StoredArray]
Operation = Callable[[Layer, list[Tensor], LayerArrays], Tensor]
NORMALIZATION_EPSILON = 1e-7  # keras.backend.epsilon()


def apply_layer(
    layer: Layer, inputs: list[Tensor], arrays: LayerArrays, operation: Operation | None = None
) -> Tensor:
    """The output of a layer.

    Args:
        layer: as data.
        inputs: outputs of the layers that it takes, in their order.
        arrays: its weights in Keras's order.
        operation: that computes it, instead of that of its kind.
    """
    operation = operation or OPERATIONS[layer.kind]
    return _activated(operation(layer, inputs, arrays), layer.activation)


def _activated(x: Tensor, activation: str) -> Tensor:
    if not activation:
        return x
    return {"relu": ops.relu, "silu": ops.swish, "sigmoid": ops.sigmoid}[activation](x)


def _rescaling(layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    return ops.multiply(inputs[0], np.float32(layer.factor))


def _normalization(_layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    mean, variance = map(unpacked, arrays[:2])
    deviation = np.maximum(np.sqrt(variance), NORMALIZATION_EPSILON)
    return ops.divide(ops.subtract(inputs[0], by_channel(mean)), by_channel(deviation))


def _zero_padding(layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    before, after = layer.border
    starts, ends = np.array([0, 0, before, before]), np.array([0, 0, after, after])
    return ops.pad(inputs[0], starts, ends, "constant", np.float32(0))


def _convolution(layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    kernel, *bias = map(unpacked, arrays)
    kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))  # HWIO -> OIHW
    x = ops.convolution(inputs[0], shared(kernel), *_window(layer, kernel.shape[2]))
    return ops.add(x, by_channel(bias[0])) if bias else x


def _depthwise_convolution(layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    kernel = unpacked(arrays[0]).transpose(2, 3, 0, 1)[:, :, np.newaxis]  # (channels, 1, 1, H, W)
    kernel = np.ascontiguousarray(kernel)
    return ops.group_convolution(inputs[0], shared(kernel), *_window(layer, kernel.shape[3]))


def _transposed_convolution(layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    kernel, bias = map(unpacked, arrays)
    kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))  # (H, W, out, in) -> (in, out, H, W)
    x = ops.convolution_backprop_data(inputs[0], shared(kernel), [layer.stride] * 2)
    return ops.add(x, by_channel(bias))


def _window(layer: Layer, size: int) -> tuple[list[int], ...]:
    """Strides, padding before and after, and dilations; the same padding here always has a stride of 1."""
    border = size // 2 if layer.padding == "same" else 0
    return [layer.stride] * 2, [border] * 2, [border] * 2, [1, 1]


def _batch_normalization(layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    gamma, beta, mean, variance = map(unpacked, arrays)
    factor = gamma / np.sqrt(variance + np.float32(layer.epsilon))
    scaled = ops.multiply(inputs[0], by_channel(factor))
    return ops.add(scaled, by_channel(beta - mean * factor))


def _identity(_layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    return inputs[0]


def _max_pool(layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    stride, size = [layer.stride] * 2, [layer.size] * 2
    return ops.max_pool(inputs[0], stride, [1, 1], [0, 0], [0, 0], size).output(0)


def _average_pool(layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    stride, size = [layer.stride] * 2, [layer.size] * 2
    return ops.avg_pool(inputs[0], stride, [0, 0], [0, 0], size, exclude_pad=True)


def _global_average_pool(_layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    return ops.reduce_mean(inputs[0], np.array([2, 3]), keep_dims=False)


def _reshape(layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    rows, columns, channels = layer.output
    return ops.reshape(inputs[0], np.array([0, channels, rows, columns]), special_zero=True)


def _flatten(_layer: Layer, inputs: list[Tensor], _arrays: LayerArrays) -> Tensor:
    x = ops.transpose(inputs[0], np.array([0, 2, 3, 1]))  # Keras flattens rows, columns, channels
    return ops.reshape(x, np.array([0, -1]), special_zero=True)


def _dense(_layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    kernel, bias = arrays
    return ops.add(_times(inputs[0], kernel), unpacked(bias).reshape(1, -1))


def _times(x: Tensor, kernel: StoredArray) -> Tensor:
    """Multiply by a kernel. A quantised one stays in eight bits: its weights take longest to be read."""
    if not isinstance(kernel, QuantisedKernel):
        return ops.matmul(x, shared(kernel), False, False)
    products = [
        ops.matmul(x, _eight_bit(part.levels, part.scale.reshape(1, -1)), False, False)
        for part in kernel.eight_bit_parts()
    ]
    return reduce(ops.add, products)


def times_transposed(x: Tensor, kernel: StoredArray) -> Tensor:
    """Multiply by a dense layer's kernel backwards: from a slope at its outputs to that at its inputs.

    Args:
        x: of shape (n, outputs).
        kernel: (inputs, outputs).

    Returns:
        Of shape (n, inputs).
    """
    if not isinstance(kernel, QuantisedKernel):
        return ops.matmul(x, shared(kernel), False, True)
    unscaled = np.ones((len(kernel.levels), 1), np.float32)  # what OpenVINO expects: a scale per output
    products = [
        ops.matmul(ops.multiply(x, part.scale.reshape(1, -1)), _eight_bit(part.levels, unscaled), False, True)
        for part in kernel.eight_bit_parts()
    ]
    return reduce(ops.add, products)


def _eight_bit(levels: np.ndarray, scale: np.ndarray) -> Node:
    """The pattern that OpenVINO recognises as compressed weights and computes with as they are."""
    return ops.multiply(ops.convert(shared(levels), np.float32), scale)


def by_channel(values: np.ndarray) -> np.ndarray:
    """A vector in a shape that broadcasts over rows and columns; other arrays as they are."""
    return values.reshape(1, -1, 1, 1) if values.ndim == 1 else values


def shared(kernel: np.ndarray) -> Node:
    """A constant that borrows the array: copying all of them takes OpenVINO three seconds."""
    return ops.constant(kernel, shared_memory=True)


OPERATIONS: dict[str, Operation] = {
    "rescaling": _rescaling,
    "normalization": _normalization,
    "zero_padding": _zero_padding,
    "convolution": _convolution,
    "depthwise_convolution": _depthwise_convolution,
    "transposed_convolution": _transposed_convolution,
    "batch_normalization": _batch_normalization,
    "activation": _identity,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "global_average_pool": _global_average_pool,
    "reshape": _reshape,
    "dropout": _identity,
    "add": lambda _layer, inputs, _arrays: ops.add(*inputs),
    "multiply": lambda _layer, inputs, _arrays: ops.multiply(*inputs),
    "concatenate": lambda _layer, inputs, _arrays: ops.concat(inputs, 1),
    "flatten": _flatten,
    "dense": _dense,
}
