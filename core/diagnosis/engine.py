"""The network of `core.architecture` compiled by OpenVINO from plain arrays: no TensorFlow."""

import threading

import numpy as np
import openvino
from openvino import opset13 as ops

from core.architecture import IMAGENET_MEAN_BGR, LAYERS
from core.config import IMAGE_SIZE

CHANNELS = 3


class Engine:
    """A compiled network, safe to ask from several threads.

    Args:
        arrays: (kernel, bias) by layer name, in Keras's layout.
        scaling: `imagenet` or `unit`, as in ModelRecord.
        precision: `float32` or `bfloat16`, said to OpenVINO outright: its own default is another
            one on another processor.
    """

    def __init__(self, arrays: dict, scaling: str, precision: str):
        hint = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}[precision]
        self._model = openvino.Core().compile_model(
            _graph(arrays, scaling),
            "CPU",
            {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"},
        )
        self._own = threading.local()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 (n, 2), of uint8 pixels (n, 128, 128)."""
        request = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = self._model.create_infer_request()
        return request.infer([pixels])[0].copy()


def _graph(arrays: dict, scaling: str) -> openvino.Model:
    """The same function as the Keras network, from pixels to probabilities."""
    pixels = ops.parameter([-1, IMAGE_SIZE, IMAGE_SIZE], np.uint8, name="pixels")
    x = ops.divide(ops.convert(pixels, np.float32), np.float32(255))
    x = ops.unsqueeze(x, np.int64(1))
    if scaling == "imagenet":
        x = ops.multiply(x, np.float32(255))
        means = np.array(IMAGENET_MEAN_BGR, np.float32).reshape(1, CHANNELS, 1, 1)
        x = ops.subtract(x, means)
    else:
        x = ops.concat([x] * CHANNELS, 1)
    for layer in LAYERS:
        if layer.kind == "convolution":
            kernel, bias = arrays[layer.name]
            kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))  # HWIO -> OIHW
            x = ops.convolution(x, _shared(kernel), [1, 1], [1, 1], [1, 1], [1, 1])
            x = ops.relu(ops.add(x, bias.reshape(1, -1, 1, 1)))
        elif layer.kind == "pool":
            x = ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)
        elif layer.kind == "flatten":
            x = ops.transpose(x, np.array([0, 2, 3, 1]))  # Keras flattens rows, columns, channels
            x = ops.reshape(x, np.array([0, -1]), special_zero=True)
        elif layer.kind == "dense":
            kernel, bias = arrays[layer.name]
            x = ops.add(ops.matmul(x, _shared(kernel), False, False), bias.reshape(1, -1))
            x = ops.softmax(x, 1) if layer.name == "predictions" else ops.relu(x)
    return openvino.Model([x], [pixels], "pneumonia_vgg19")


def _shared(kernel: np.ndarray) -> openvino.Node:
    """A constant that borrows the array: copying them all takes OpenVINO three seconds."""
    return ops.constant(kernel, shared_memory=True)
