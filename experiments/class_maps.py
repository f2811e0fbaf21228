"""Heat maps of a VGG19 by several methods at several layers, in Keras: what an engine would be written for.

Sources: Selvaraju et al., "Grad-CAM", ICCV 2017; Draelos and Carin, "Use HiResCAM instead of Grad-CAM for
faithful explanations of convolutional neural networks", 2020; Jiang et al., "LayerCAM: exploring hierarchical
class activation maps for localization", IEEE TIP 2021.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from core.config import POSITIVE
from core.images import network_input

LAYERS = ("block5_conv4", "block4_conv4", "block3_conv4")
TODAY = "Grad-CAM, block5_conv4"
THREE_PASSES = f"{TODAY}, three passes"
SHIFT = 8  # pixels of the input: half a cell of the last convolution
Maps = dict[str, np.ndarray]
Method = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _grad_cam(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return np.maximum((values * slopes.mean(axis=(1, 2), keepdims=True)).sum(axis=-1), 0)


def _hires_cam(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return np.maximum((values * slopes).sum(axis=-1), 0)


def _layer_cam(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return (values * np.maximum(slopes, 0)).sum(axis=-1)


METHODS: dict[str, Method] = {"Grad-CAM": _grad_cam, "HiResCAM": _hires_cam, "LayerCAM": _layer_cam}


def class_maps(network: keras.Model, pixels: np.ndarray) -> Maps:
    """Every candidate's maps of some images, float32 (n, rows, columns), each up to 1.

    Args:
        network: a VGG19 with its head, from `core.network.build`.
        pixels: that it sees, uint8 (n, 128, 128).
    """
    activations = _with_slopes(network, pixels)
    maps = {
        f"{name}, {layer}": method(*activations[layer])
        for layer in LAYERS
        for name, method in METHODS.items()
    }
    shifted = [_grad_cam(*_with_slopes(network, _shifted(pixels, by))[LAYERS[0]]) for by in (SHIFT, -SHIFT)]
    maps[THREE_PASSES] = _mean_of_shifted(maps[TODAY], *shifted)
    maps = {name: _up_to_1(each) for name, each in maps.items()}
    coarse = maps[TODAY]
    finer = [name for name, each in maps.items() if each.shape > coarse.shape and name != THREE_PASSES]
    return maps | {f"{TODAY} x {name}": _geometric_mean(coarse, maps[name]) for name in finer}


def _with_slopes(network: keras.Model, pixels: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By layer, activations and the gradient of the log-odds by them, (n, rows, columns, channels) each."""
    logits = network.get_layer("predictions").output
    outputs = [network.get_layer(layer).output for layer in LAYERS]
    parts: Any = keras.Model(network.input, [*outputs, logits])
    with tf.GradientTape() as tape:
        *values, scores = parts(network_input(pixels))
        odds = scores[:, POSITIVE] - scores[:, 1 - POSITIVE]
    slopes: Any = tape.gradient(odds, values)
    return {
        layer: (value.numpy(), slope.numpy())
        for layer, value, slope in zip(LAYERS, values, slopes, strict=True)
    }


def _shifted(pixels: np.ndarray, by: int) -> np.ndarray:
    """Images moved down and right by some pixels, or up and left; their edges are repeated."""
    padded = np.pad(pixels, [(0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)], mode="edge")
    return padded[:, SHIFT - by :, SHIFT - by :][:, : pixels.shape[1], : pixels.shape[2]]


def _mean_of_shifted(still: np.ndarray, down: np.ndarray, up: np.ndarray) -> np.ndarray:
    """The mean in half cells, each map moved back; at an edge, of those that reach it."""
    halves = [each.repeat(2, axis=1).repeat(2, axis=2) for each in (still, down, up)]
    moved = np.full((3, *halves[0].shape), np.nan, np.float32)
    moved[0] = halves[0]
    moved[1, :, :-1, :-1] = halves[1][:, 1:, 1:]
    moved[2, :, 1:, 1:] = halves[2][:, :-1, :-1]
    return np.nanmean(moved, axis=0)


def _geometric_mean(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    rows, columns = fine.shape[1:]
    enlarged = [Image.fromarray(each).resize((columns, rows), Image.Resampling.BILINEAR) for each in coarse]
    return _up_to_1(np.sqrt(np.stack([np.asarray(each) for each in enlarged]) * fine))


def _up_to_1(maps: np.ndarray) -> np.ndarray:
    top = maps.max(axis=(1, 2), keepdims=True)
    return (maps / np.where(top > 0, top, 1)).astype(np.float32)
