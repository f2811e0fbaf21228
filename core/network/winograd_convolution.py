"""3 x 3 convolution with a quarter of the multiplications, for TensorFlow in float32 on a processor.

The algorithm and its source: `core.architecture.winograd`. Positions are multiplied as 36 products of
matrices (tiles, channels) and (channels, filters). The gradient takes the same steps in reverse.
"""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import tensorflow as tf

from core.architecture import winograd

Gradient = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

STEP, TILE = winograd.STEP, winograd.TILE
INTO_TILES, OUT_OF_TILES = winograd.INTO_TILES, winograd.OUT_OF_TILES
OF_KERNEL_IN_BOTH_DIRECTIONS = np.kron(winograd.OF_KERNEL, winograd.OF_KERNEL).astype(np.float32)  # (36, 9)


def convolution(images: tf.Tensor, kernel: tf.Tensor | tf.Variable) -> tf.Tensor:
    """The convolution with zero padding and stride 1.

    Args:
        images: (n, height, width, channels), float32; height and width known multiples of 4.
        kernel: (3, 3, channels, filters), float32.

    Returns:
        (n, height, width, filters), within about 1e-5 of the largest output of the direct convolution.
    """
    return cast(tf.Tensor, _convolution(images, tf.convert_to_tensor(kernel)))  # its gradient is split off


@tf.custom_gradient
def _convolution(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
    channels, filters = cast(Sequence[int], kernel.shape[2:])
    weights = tf.matmul(OF_KERNEL_IN_BOTH_DIRECTIONS, tf.reshape(kernel, [9, channels * filters]))
    weights = tf.reshape(weights, [TILE**2, channels, filters])
    tiles = _into_tiles(images)
    outputs = _out_of_tiles(tf.matmul(tiles, weights), images)

    def gradient(of_outputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_products = _gradient_of_products(of_outputs)
        of_weights = tf.matmul(tiles, of_products, transpose_a=True)
        of_weights = tf.reshape(of_weights, [TILE**2, channels * filters])
        of_kernel = tf.matmul(OF_KERNEL_IN_BOTH_DIRECTIONS, of_weights, transpose_a=True)
        of_tiles = tf.matmul(of_products, weights, transpose_b=True)
        return _gradient_of_images(of_tiles, images), tf.reshape(of_kernel, kernel.shape)

    return outputs, gradient


@tf.function(jit_compile=True)
def _into_tiles(images: tf.Tensor) -> tf.Tensor:
    """Transformed tiles (36, n * rows * columns, channels)."""
    n, rows, columns, channels = _tile_counts(images)
    padded = tf.pad(images, [[0, 0], [1, 3], [1, 3], [0, 0]])
    split = tf.reshape(padded, [n, rows + 1, STEP, columns + 1, STEP, channels])
    lines = [split[:, i // STEP : rows + i // STEP, i % STEP] for i in range(TILE)]
    split = tf.stack(_combined(INTO_TILES, lines))
    lines = [split[:, :, :, i // STEP : columns + i // STEP, i % STEP] for i in range(TILE)]
    return tf.reshape(tf.stack(_combined(INTO_TILES, lines), 1), [TILE**2, -1, channels])


@tf.function(jit_compile=True)
def _gradient_of_images(of_tiles: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """The gradient of `_into_tiles`: where tiles overlap it is a sum."""
    n, rows, columns, channels = _tile_counts(images)
    of_tiles = tf.reshape(of_tiles, [TILE, TILE, n, rows, columns, channels])
    backwards = tuple(zip(*INTO_TILES, strict=True))
    of_lines = _overlapping(_combined(backwards, tf.unstack(of_tiles, axis=1)), 3)
    padded = _overlapping(_combined(backwards, tf.unstack(of_lines)), 1)
    padded = tf.reshape(padded, [n, (rows + 1) * STEP, (columns + 1) * STEP, channels])
    return padded[:, 1 : rows * STEP + 1, 1 : columns * STEP + 1]


@tf.function(jit_compile=True)
def _out_of_tiles(products: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Outputs of the size of `images`, from products (36, n * rows * columns, filters)."""
    n, rows, columns, _ = _tile_counts(images)
    products = tf.reshape(products, [TILE, TILE, n, rows, columns, products.shape[-1]])
    lines = tf.stack(_combined(OUT_OF_TILES, tf.unstack(products)), 3)
    outputs = tf.stack(_combined(OUT_OF_TILES, tf.unstack(lines)), 4)
    return tf.reshape(outputs, [n, rows * STEP, columns * STEP, products.shape[-1]])


@tf.function(jit_compile=True)
def _gradient_of_products(of_outputs: tf.Tensor) -> tf.Tensor:
    """The gradient of `_out_of_tiles`."""
    n, rows, columns, filters = _tile_counts(of_outputs)
    of_outputs = tf.reshape(of_outputs, [n, rows, STEP, columns, STEP, filters])
    backwards = tuple(zip(*OUT_OF_TILES, strict=True))
    of_lines = tf.stack(_combined(backwards, tf.unstack(of_outputs, axis=2)))
    of_products = tf.stack(_combined(backwards, tf.unstack(of_lines, axis=4)), 1)
    return tf.reshape(of_products, [TILE**2, -1, filters])


def _tile_counts(images: tf.Tensor) -> tuple:
    """Number of images, of tiles in a column and in a row, channels."""
    n, (height, width, channels) = tf.shape(images)[0], cast(Sequence[int], images.shape[1:])
    return n, height // STEP, width // STEP, channels


def _combined(matrix: Sequence[Sequence[int]], parts: list[tf.Tensor]) -> list[tf.Tensor]:
    """The matrix times the parts."""
    return [
        cast(tf.Tensor, sum(float(factor) * part for factor, part in zip(row, parts, strict=True) if factor))
        for row in matrix
    ]


def _overlapping(lines: list[tf.Tensor], axis: int) -> tf.Tensor:
    """The six lines of each tile, summed where the last two lie on the first two of the next tile.

    Tiles count along `axis`; the result has one more there, and four lines each along `axis` + 1.
    """
    around = [[0, 0] for _ in range(lines[0].shape.rank + 1)]
    own, reaching = ([list(pair) for pair in around] for _ in range(2))
    own[axis], reaching[axis], reaching[axis + 1] = [0, 1], [1, 0], [0, 2 * STEP - TILE]
    return tf.pad(tf.stack(lines[:STEP], axis + 1), own) + tf.pad(tf.stack(lines[STEP:], axis + 1), reaching)
