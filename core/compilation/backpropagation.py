"""Gradients through layers as OpenVINO operations: from the last output backwards."""

from collections.abc import Mapping, Sequence

import numpy as np
from openvino import opset13 as ops

from core.architecture import Layer
from core.compilation.operations import LayerArrays, Tensor, shared, times_transposed
from core.weights import StoredArray, unpacked


def gradients(
    layers: Sequence[Layer],
    arrays: Mapping[str, LayerArrays],
    outputs: Mapping[str, Tensor],
    gradient: Tensor,
) -> dict[str, Tensor]:
    """The gradient of a number by the output of each of the layers but the first, and of that before them.

    Args:
        layers: each takes the output of the one before it: convolutions that keep rows and columns, maximum
            pools whose windows do not overlap, and the layers of the head.
        arrays: their weights by name, in Keras's layout.
        outputs: of the layers and of the one before them by name, as `layer_outputs` gives them.
        gradient: of the number by the last layer's output.
    """
    by_output, before = {layers[-1].name: gradient}, [None, *layers]
    for layer, previous in reversed(list(zip(layers, before, strict=False))):
        (name,) = layer.inputs
        by_output[name] = _by_input(layer, previous, arrays, outputs, by_output[layer.name])
    return by_output


def _by_input(
    layer: Layer,
    previous: Layer | None,
    arrays: Mapping[str, LayerArrays],
    outputs: Mapping[str, Tensor],
    gradient: Tensor,
) -> Tensor:
    output, (name,) = outputs[layer.name], layer.inputs
    if layer.activation == "relu":
        gradient = _where(ops.greater(output, np.float32(0)), gradient)
    if layer.kind == "convolution":
        return _by_input_of_convolution(layer, arrays[layer.name][0], gradient)
    if layer.kind == "max_pool":
        return _by_input_of_pool(layer, outputs[name], output, gradient)
    if layer.kind == "flatten":
        assert previous is not None  # what is flattened is an output of these layers
        rows, columns, channels = previous.output
        cells = ops.reshape(gradient, np.array([0, rows, columns, channels]), special_zero=True)
        return ops.transpose(cells, np.array([0, 3, 1, 2]))
    if layer.kind == "dense":
        return times_transposed(gradient, arrays[layer.name][0])
    assert layer.kind == "dropout"  # which changes nothing when a model answers
    return gradient


def _by_input_of_convolution(layer: Layer, kernel: StoredArray, gradient: Tensor) -> Tensor:
    """A convolution with the kernel turned by 180 degrees, inputs and outputs exchanged.

    Not OpenVINO's ConvolutionBackpropData: in a model that was saved and read again, where it shares its
    kernel with the convolution, its results are wrong (OpenVINO 2026.4).
    """
    turned = np.ascontiguousarray(unpacked(kernel)[::-1, ::-1].transpose(2, 3, 0, 1))
    border = [layer.kernel[0] // 2] * 2
    return ops.convolution(gradient, shared(turned), [1, 1], border, border, [1, 1])


def _by_input_of_pool(layer: Layer, inputs: Tensor, output: Tensor, gradient: Tensor) -> Tensor:
    """Equal parts to all values of a window that are its maximum: often several are, all of them 0."""
    side = [layer.size] * 2
    maxima = ops.convert(ops.equal(inputs, _enlarged(output, layer.size)), np.float32)
    share = ops.avg_pool(maxima, side, [0, 0], [0, 0], side, exclude_pad=True)
    parts = ops.divide(gradient, ops.multiply(share, np.float32(layer.size**2)))
    return ops.multiply(maxima, _enlarged(parts, layer.size))


def _where(mask: Tensor, values: Tensor) -> Tensor:
    return ops.multiply(values, ops.convert(mask, np.float32))


def _enlarged(x: Tensor, factor: int) -> Tensor:
    """Each cell as factor x factor cells."""
    scales, axes = np.array([factor] * 2, np.float32), np.array([2, 3])
    return ops.interpolate(
        x,
        scales,
        "nearest",
        "scales",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        axes=axes,
    )
