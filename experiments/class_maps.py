"""Heat maps of a VGG19 by several methods at several layers, from one pass forwards and one backwards.

Sources: Selvaraju et al., "Grad-CAM", ICCV 2017; Draelos and Carin, "Use HiResCAM instead of Grad-CAM for
faithful explanations of convolutional neural networks", 2020; Jiang et al., "LayerCAM: exploring hierarchical
class activation maps for localization", IEEE TIP 2021.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import openvino
from openvino import opset13 as ops
from PIL import Image

from core.architecture import CHANNELS, IMAGE_SIZE, POSITIVE, SCALINGS, Backbone
from core.compilation import LayerArrays, compiled, gradients, layer_outputs, openvino_model

LAYERS = ("block5_conv4", "block4_conv4", "block3_conv4")
TODAY = "Grad-CAM, block5_conv4"
THREE_PASSES = f"{TODAY}, three passes"
SHIFT = 8  # pixels of the input: half a cell of the last convolution
Maps = dict[str, np.ndarray]
Method = Callable[[np.ndarray, np.ndarray], np.ndarray]


def grad_cam(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return np.maximum((values * slopes.mean(axis=(2, 3), keepdims=True)).sum(axis=1), 0)


def hires_cam(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return np.maximum((values * slopes).sum(axis=1), 0)


def layer_cam(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return (values * np.maximum(slopes, 0)).sum(axis=1)


METHODS: dict[str, Method] = {"Grad-CAM": grad_cam, "HiResCAM": hires_cam, "LayerCAM": layer_cam}


class ClassMaps:
    """Every candidate's maps of a network: its first layers in the given precision, the rest in float32.

    Args:
        arrays: weights by layer name, in Keras's layout.
        scaling: of the input.
        backbone: a VGG19.
        precision: `float32` or `bfloat16`.
    """

    def __init__(self, arrays: Mapping[str, LayerArrays], scaling: str, backbone: Backbone, precision: str):
        self._scaling = SCALINGS[scaling]
        split = backbone.position(LAYERS[-1]) + 1
        first, behind = backbone.layers[:split], backbone.layers[split:]
        image = ops.parameter([-1, CHANNELS, IMAGE_SIZE, IMAGE_SIZE], np.float32)
        begun = layer_outputs(first, arrays, image)[LAYERS[-1]]
        self._first = compiled(openvino_model([begun], [image], "first layers"), precision, 0)
        rows, columns, channels = first[-1].output
        values = ops.parameter([-1, channels, rows, columns], np.float32)
        outputs = layer_outputs(behind, arrays, values)
        sign = np.array([[1 if number == POSITIVE else -1 for number in range(2)]], np.float32)
        logits = outputs[behind[-1].name]
        slopes = gradients(behind, arrays, outputs, ops.add(ops.multiply(logits, np.float32(0)), sign))
        results = [[outputs[layer], slopes[layer]] for layer in LAYERS]
        self._rest = compiled(openvino_model(sum(results, []), [values], "rest"), "float32", 0)
        self._last = compiled(openvino_model(results[0], [values], "last"), "float32", 0)

    def of(self, pixels: np.ndarray) -> Maps:
        """Of some images, float32 (n, rows, columns), each up to 1.

        Args:
            pixels: that the network sees, uint8 (n, 128, 128).
        """
        by_layer = self.layers_of(pixels)
        maps = {
            f"{name}, {layer}": method(*by_layer[layer])
            for layer in LAYERS
            for name, method in METHODS.items()
        }
        shifted = [self._infer(self._last, _shifted(pixels, by)) for by in (SHIFT, -SHIFT)]
        maps[THREE_PASSES] = _mean_of_shifted(maps[TODAY], *(grad_cam(*each) for each in shifted))
        maps = {name: up_to_1(each) for name, each in maps.items()}
        coarse = maps[TODAY]
        finer = [name for name, each in maps.items() if each.shape > coarse.shape and name != THREE_PASSES]
        return maps | {f"{TODAY} x {name}": geometric_mean(coarse, maps[name]) for name in finer}

    def layers_of(self, pixels: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """By layer, activations and gradient of the log-odds by them, (n, channels, rows, columns) each."""
        results = self._infer(self._rest, pixels)
        return dict(zip(LAYERS, zip(results[::2], results[1::2], strict=True), strict=True))

    def _infer(self, rest: openvino.CompiledModel, pixels: np.ndarray) -> list[np.ndarray]:
        """What the layers behind the first ones give for images."""
        factor, offset = map(_by_channel, (self._scaling.factor, self._scaling.offset))
        image = (pixels[:, np.newaxis] / 255 * factor + offset).astype(np.float32)
        return list(rest(list(self._first([image]).values())).values())


def _by_channel(values: Sequence[float]) -> np.ndarray:
    return np.array(values).reshape(-1, 1, 1)


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


def geometric_mean(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    rows, columns = fine.shape[1:]
    enlarged = [Image.fromarray(each).resize((columns, rows), Image.Resampling.BILINEAR) for each in coarse]
    return up_to_1(np.sqrt(np.stack([np.asarray(each) for each in enlarged]) * fine))


def up_to_1(maps: np.ndarray) -> np.ndarray:
    top = maps.max(axis=(1, 2), keepdims=True)
    return (maps / np.where(top > 0, top, 1)).astype(np.float32)
