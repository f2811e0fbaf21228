"""3 x 3 convolution with a quarter of the multiplications, as OpenVINO operations in float32.

The algorithm and its source: `core.architecture.winograd`. Cutting out tiles, both transforms and the 36
products of matrices are operations of their own, so that activations are written and read more often than by
the direct convolution: only with many channels and not too many pixels is it faster.
"""

import numpy as np
from openvino import Node
from openvino import opset13 as ops

from core.architecture import Layer, winograd
from core.compilation.operations import LayerArrays, Tensor, by_channel, shared
from core.weights import unpacked

STEP, TILE = winograd.STEP, winograd.TILE
MIN_CHANNELS, MIN_FILTERS = 128, 256
SIDES = (16, 32)  # below, the transformed kernel is too large for what it saves; above, the activations are
ONTO_TILES, ONTO_OUTPUTS, ONTO_KERNEL = (
    np.kron(matrix, matrix).astype(np.float32)
    for matrix in (winograd.INTO_TILES, winograd.OUT_OF_TILES, winograd.OF_KERNEL)
)  # in both directions: (36, 36), (16, 36), (36, 9)


def can_gain(layer: Layer) -> bool:
    """Whether the Winograd convolution may be faster for a layer; whether it is depends on the processor."""
    if not layer.gains_from_winograd or layer.padding != "same" or len(layer.weights) != 2:
        return False
    rows, columns, filters = layer.output
    in_range = rows == columns and rows % STEP == 0 and SIDES[0] <= rows <= SIDES[1]
    return in_range and layer.kernel[2] >= MIN_CHANNELS and filters >= MIN_FILTERS


def winograd_convolution(layer: Layer, inputs: list[Tensor], arrays: LayerArrays) -> Tensor:
    """The output of a layer for which `can_gain`, within about 1e-5 of the largest of the direct convolution.

    Args:
        layer, inputs, arrays: as for `apply_layer`.
    """
    kernel, bias = map(unpacked, arrays)
    side, _, filters = layer.output
    channels, tiles = kernel.shape[2], (side // STEP) ** 2
    of_kernel = (ONTO_KERNEL @ kernel.reshape(9, -1)).reshape(TILE**2, channels, filters)
    x = ops.extract_image_patches(inputs[0], [TILE] * 2, [STEP] * 2, [1, 1], "same_upper")
    x = ops.matmul(ops.constant(ONTO_TILES), _reshaped(x, TILE**2, channels * tiles), False, False)
    x = _reshaped(x, TILE**2, channels, tiles)
    x = ops.matmul(shared(np.ascontiguousarray(of_kernel.transpose(0, 2, 1))), x, False, False)
    x = ops.matmul(ops.constant(ONTO_OUTPUTS), _reshaped(x, TILE**2, filters * tiles), False, False)
    x = _reshaped(x, STEP, STEP, filters, side // STEP, side // STEP)
    x = ops.transpose(x, np.array([0, 3, 4, 1, 5, 2]))  # n, filters, rows of tiles, in them, columns, in them
    return ops.add(_reshaped(x, filters, side, side), by_channel(bias))


def _reshaped(x: Tensor, *shape: int) -> Node:
    """Each of the n images in another shape."""
    return ops.reshape(x, np.array([0, *shape]), special_zero=True)
