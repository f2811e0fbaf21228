"""The network of `core.architecture` compiled by OpenVINO from plain arrays: no TensorFlow.

Two parts: the convolutions, in float32 or bfloat16, and the head, always in float32. In bfloat16 the
head alone would cost as much accuracy as all convolutions together, and saves 3 ms.
"""

import threading

import numpy as np
import openvino
from openvino import opset13 as ops

from core.architecture import CHANNELS, HEAD, IMAGENET_MEAN_BGR, LAST_CONVOLUTION, LAYERS, Layer
from core.config import IMAGE_SIZE

TYPES = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}


class Engine:
    """A compiled network, safe to ask from several threads.

    Args:
        arrays: (kernel, bias) by layer name, in Keras's layout.
        scaling: `imagenet` or `unit`, as in ModelRecord.
        precisions: in which the convolutions are to be compiled.
        threads: to compute with; 0 for one a core.
    """

    def __init__(self, arrays: dict, scaling: str, precisions: tuple[str, ...], threads: int = 0):
        end = [layer.name for layer in LAYERS].index(LAST_CONVOLUTION) + 1
        convolutions = {name: _convolutions(arrays, scaling, end) for name in precisions}
        self._parts = {name: _compiled(model, name, threads) for name, model in convolutions.items()}
        self._parts["head"] = _compiled(_head(arrays, end), "float32", threads)
        self._own = threading.local()

    def activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        """Output of the last convolution, float32 (n, 512, 8, 8), of uint8 pixels (n, 128, 128)."""
        return self._infer(precision, pixels)[0]

    def head(self, activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Class probabilities, float32 (n, 2), and the last hidden layer's output, float32 (n, 1152).

        Args:
            activations: what `activations` gave.
        """
        probabilities, hidden = self._infer("head", activations)
        return probabilities, hidden

    def _infer(self, part: str, inputs: np.ndarray) -> list[np.ndarray]:
        requests = self._own.__dict__  # a thread's own, made when it first asks
        if part not in requests:
            requests[part] = self._parts[part].create_infer_request()
        return [output.copy() for output in requests[part].infer([inputs]).values()]


def _compiled(model: openvino.Model, precision: str, threads: int) -> openvino.CompiledModel:
    """Compiled for the processor; the precision is said outright, as OpenVINO's default depends on it."""
    hints = {"INFERENCE_PRECISION_HINT": TYPES[precision], "PERFORMANCE_HINT": "LATENCY"}
    if threads:
        hints["INFERENCE_NUM_THREADS"] = threads
        hints["ENABLE_CPU_PINNING"] = False  # or several processes share one core and leave the others idle
    return openvino.Core().compile_model(model, "CPU", hints)


def _convolutions(arrays: dict, scaling: str, end: int) -> openvino.Model:
    """From pixels to the last convolution.

    What enters the first convolution are whole numbers below 256, which bfloat16 holds exactly. The
    scaling to what the weights expect is folded into that convolution: its factor into the kernel,
    its offset into the bias, which then differs at the border, where the padding has none.
    """
    pixels = ops.parameter([-1, IMAGE_SIZE, IMAGE_SIZE], np.uint8, name="pixels")
    centre, factor, offsets = _folded(scaling)
    x = ops.subtract(ops.unsqueeze(ops.convert(pixels, np.float32), np.int64(1)), np.float32(centre))
    x = ops.concat([x] * CHANNELS, 1)
    for number, layer in enumerate(LAYERS[:end]):
        if layer.kind == "pool":
            x = _pooled(x)
            continue
        kernel, bias = arrays[layer.name]
        kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))  # HWIO -> OIHW
        bias = bias.reshape(1, -1, 1, 1)
        if number == 0:
            bias = bias + _border_aware(kernel, offsets, layer)
            kernel = kernel * np.float32(factor)
        x = ops.convolution(x, _shared(kernel), [1, 1], [1, 1], [1, 1], [1, 1])
        x = ops.relu(ops.add(x, bias))
    return openvino.Model([x], [pixels], "convolutions")


def _folded(scaling: str) -> tuple[int, float, np.ndarray]:
    """(centre, factor, offset by channel): the network expects (pixel - centre) x factor + offset."""
    if scaling == "unit":
        return 0, 1 / 255, np.zeros(CHANNELS, np.float32)
    means = np.array(IMAGENET_MEAN_BGR, np.float32)
    centre = round(float(means.mean()))
    return centre, 1.0, centre - means


def _border_aware(kernel: np.ndarray, offsets: np.ndarray, layer: Layer) -> np.ndarray:
    """What a constant offset of each channel gives behind a 3x3 convolution padded with zeros.

    Returns:
        float32 (1, filters, rows, columns).
    """
    rows, columns, filters = layer.output
    result = np.zeros((1, filters, rows, columns), np.float32)
    share = np.einsum("oihw,i->ohw", kernel, offsets)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            inside = (
                ...,
                slice(max(0, -down), rows - max(0, down)),
                slice(max(0, -right), columns - max(0, right)),
            )
            result[inside] += share[:, down + 1, right + 1][:, np.newaxis, np.newaxis]
    return result


def _head(arrays: dict, start: int) -> openvino.Model:
    """From the last convolution to probabilities and to the last hidden layer."""
    rows, columns, channels = LAYERS[start - 1].output
    activations = x = ops.parameter([-1, channels, rows, columns], np.float32, name="activations")
    for layer in LAYERS[start:]:
        if layer.kind == "pool":
            x = _pooled(x)
        elif layer.kind == "flatten":
            x = ops.transpose(x, np.array([0, 2, 3, 1]))  # Keras flattens rows, columns, channels
            x = ops.reshape(x, np.array([0, -1]), special_zero=True)
        elif layer.kind == "dense":
            kernel, bias = arrays[layer.name]
            x = ops.add(ops.matmul(x, _shared(kernel), False, False), bias.reshape(1, -1))
            if layer.name != HEAD[-1].name:
                x = hidden = ops.relu(x)
    return openvino.Model([ops.softmax(x, 1), hidden], [activations], "head")


def _pooled(x):
    return ops.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)


def _shared(kernel: np.ndarray) -> openvino.Node:
    """A constant that borrows the array: copying them all takes OpenVINO three seconds."""
    return ops.constant(kernel, shared_memory=True)
