"""Finding the lungs of images with the trained network, compiled by OpenVINO: no TensorFlow."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from openvino import opset13 as ops

from core.anatomy.lungs import Lungs, lungs_of
from core.anatomy.quality import Limits, with_quality
from core.architecture import IMAGE_SIZE, LUNG_FEATURE_LAYERS, LUNG_LAYERS
from core.compilation import SharedPasses, compiled, layer_outputs, openvino_model
from core.config import lung_weights, processor
from core.images import Image, network_pixels
from core.weights import Arrays, file_digest, read_network

BATCH = 32  # images in a pass of the network of lungs
DIGEST = 8  # characters of the digest of the weights
VERSION = 2  # of finding: raise it when the same weights would give other lungs


class LungFinder:
    """The compiled network and the limits of plausible lungs; safe to use from several threads.

    Always in float32: the network is so small that bfloat16 would save little, and masks do not depend on the
    processor this way.

    Args:
        path: weights file.
        threads: to compute with; 0 for one per core.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """

    def __init__(self, path: Path, threads: int = 0):
        arrays, self.facts = read_network(path, LUNG_LAYERS)
        self.limits: Limits = {
            name: (low, high) for name, (low, high) in self.facts.get("limits", {}).items()
        }
        self._network = SharedPasses(compiled(_model(arrays), "float32", threads), BATCH)

    def find(self, images: Sequence[Image]) -> list[Lungs]:
        """The lungs of each image."""
        pixels = [network_pixels(image) for image in images]
        return self.find_in_pixels(np.stack(pixels)) if pixels else []

    def find_in_pixels(self, pixels: np.ndarray) -> list[Lungs]:
        """The lungs of images at the network's resolution, uint8 (n, 128, 128)."""
        return [
            replace(with_quality(lungs_of(planes), self.limits), features=features)
            for batch in self._passes(pixels)
            for planes, features in zip(*batch, strict=True)
        ]

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Probability of right and left lung in each pixel, float32 (n, 2, 64, 64).

        The mean of those of the image and of its mirror image, in which right is left.

        Args:
            pixels: uint8 (n, 128, 128).
        """
        parts = [planes for planes, _ in self._passes(pixels)]
        return np.concatenate(parts) if parts else np.empty((0, 2, 0, 0), np.float32)

    def _passes(self, pixels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Probabilities and features of each batch: means over images and their mirror images."""
        for start in range(0, len(pixels), BATCH):
            batch = pixels[start : start + BATCH]
            outputs, features = self._network.infer(np.concatenate([batch, batch[:, :, ::-1]]))
            lungs = outputs[:, 1:]
            mirrored = lungs[len(batch) :, ::-1, :, ::-1]
            yield (lungs[: len(batch)] + mirrored) / 2, (features[: len(batch)] + features[len(batch) :]) / 2


def _model(arrays: Arrays):
    """Images to the probability of each class, (n, 3, 64, 64), and the features, (n, channels)."""
    pixels = ops.parameter([-1, IMAGE_SIZE, IMAGE_SIZE], np.uint8, name="pixels")
    image = ops.unsqueeze(ops.convert(pixels, np.float32), np.int64(1))
    outputs = layer_outputs(LUNG_LAYERS, arrays, image)
    means = [ops.reduce_mean(outputs[name], np.array([2, 3])) for name in LUNG_FEATURE_LAYERS]
    probabilities = ops.softmax(outputs[LUNG_LAYERS[-1].name], 1)
    return openvino_model([probabilities, ops.concat(means, 1)], [pixels], "lungs")


def shared_lung_finder() -> LungFinder:
    """The lung finder of this process: with the user's own weights if there are any, else the bundled ones.

    Raises:
        WeightsError: the weights are missing or damaged.
    """
    path = lung_weights()
    return _loaded(path, path.stat().st_mtime_ns if path.exists() else 0)


def lung_network() -> str:
    """What finds the lungs in this process: digest of the weights and version; "" if they are missing."""
    try:
        return f"{file_digest(lung_weights())[:DIGEST]}-{VERSION}"
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _loaded(path: Path, _modified: int) -> LungFinder:
    return LungFinder(path, processor.answering_threads())
