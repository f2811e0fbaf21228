"""Heat maps that compare an image with normal ones, cell by cell, and those that combine them with today's.

Where every image is framed by its lungs, a cell shows about the same part of the chest in all of them, so
that their mean is what a cell of a normal image holds.
"""

import numpy as np
from openvino import opset13 as ops

from core.compilation import compiled, layer_outputs, openvino_model
from core.config import POSITIVE
from core.weights import ModelRecord, StoredArrays
from experiments.class_maps import METHODS, TODAY, ClassMaps, Maps, geometric_mean, up_to_1

LAST, FINER, FINEST = "block5_conv4", "block4_conv4", "block3_conv4"
OCCLUDED_AFTER = "block4_pool"  # 8 x 8 cells
PATCH = 2  # cells a side
STARTS = [(row, column) for first in (0, 1) for row in range(first, 7, 2) for column in range(first, 7, 2)]
FROM_NORMAL = {layer: f"HiResCAM from normal, {layer}" for layer in (LAST, FINER)}
OCCLUDED = "features occluded"
BATCH = 20


class NormalMaps:
    """Every candidate's maps of a network.

    Args:
        arrays: its weights.
        record: of the model, a VGG19.
        precision: of the first layers; the rest is computed in float32.
        normal: images whose mean activations are the normal ones, uint8 (n, 128, 128).
    """

    def __init__(self, arrays: StoredArrays, record: ModelRecord, precision: str, normal: np.ndarray):
        self._maps = ClassMaps(arrays, record.scaling, record.architecture, precision)
        layers = record.architecture.layers
        split = record.architecture.position(OCCLUDED_AFTER) + 1
        rows, columns, channels = layers[split - 1].output
        values = ops.parameter([-1, channels, rows, columns], np.float32)
        logits = layer_outputs(layers[split:], arrays, values)[layers[-1].name]
        self._behind = compiled(openvino_model([logits], [values], "behind"), "float32", 0)
        self._normal = self._means(normal)

    def of(self, pixels: np.ndarray, slow: bool = True) -> Maps:
        """Of images, uint8 (n, 128, 128): float32 (n, rows, columns) by candidate, each up to 1.

        Args:
            slow: whether with those by occlusion.
        """
        parts = [self._of(pixels[start : start + BATCH], slow) for start in range(0, len(pixels), BATCH)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _of(self, pixels: np.ndarray, slow: bool) -> Maps:
        layers = self._maps.layers_of(pixels)
        today = up_to_1(METHODS["Grad-CAM"](*layers[LAST]))
        fine = {
            f"{method}, {layer}": up_to_1(METHODS[method](*layers[layer]))
            for layer in (FINER, FINEST)
            for method in ("LayerCAM", "HiResCAM")
        }
        from_normal = {
            name: up_to_1(METHODS["HiResCAM"](layers[layer][0] - self._normal[layer], layers[layer][1]))
            for layer, name in FROM_NORMAL.items()
        }
        finer = from_normal[FROM_NORMAL[FINER]]
        maps = {
            TODAY: today,
            **{f"today's x {name}": geometric_mean(today, each) for name, each in fine.items()},
            **from_normal,
            f"today's x {FROM_NORMAL[FINER]}": geometric_mean(today, finer),
        }
        if not slow:
            return maps
        occluded = up_to_1(self._occluded(layers[FINER][0]))
        by_both = geometric_mean(occluded, finer)
        return {**maps, OCCLUDED: occluded, f"{OCCLUDED} x {FROM_NORMAL[FINER]}": by_both}

    def _means(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Mean activations of images by layer, (channels, rows, columns) each."""
        sums: dict[str, np.ndarray] = {}
        for start in range(0, len(pixels), BATCH):
            layers = self._maps.layers_of(pixels[start : start + BATCH])
            batch = {layer: layers[layer][0] for layer in FROM_NORMAL}
            batch[OCCLUDED_AFTER] = _pooled(batch[FINER])
            for name, values in batch.items():
                sums[name] = sums.get(name, 0) + values.sum(axis=0)
        return {name: total / len(pixels) for name, total in sums.items()}

    def _occluded(self, values: np.ndarray) -> np.ndarray:
        """How far the log-odds fall where cells become normal, not below 0: mean over patches, (n, 8, 8)."""
        return np.stack([self._falls(cells) for cells in _pooled(values)])

    def _falls(self, cells: np.ndarray) -> np.ndarray:
        copies = np.repeat(cells[np.newaxis], len(STARTS) + 1, axis=0)
        for copy, (row, column) in zip(copies[1:], STARTS, strict=True):
            patch = (..., slice(row, row + PATCH), slice(column, column + PATCH))
            copy[patch] = self._normal[OCCLUDED_AFTER][patch]
        (logits,) = self._behind([copies]).values()
        odds = logits[:, POSITIVE] - logits[:, 1 - POSITIVE]
        total, count = np.zeros(cells.shape[1:], np.float32), np.zeros(cells.shape[1:], np.float32)
        for fall, (row, column) in zip(np.maximum(odds[0] - odds[1:], 0), STARTS, strict=True):
            total[row : row + PATCH, column : column + PATCH] += fall
            count[row : row + PATCH, column : column + PATCH] += 1
        return total / count


def _pooled(values: np.ndarray) -> np.ndarray:
    """The maximum of each 2 x 2 cells."""
    number, channels, rows, columns = values.shape
    return values.reshape(number, channels, rows // 2, 2, columns // 2, 2).max(axis=(3, 5))
