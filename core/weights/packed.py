"""Packed weights: each rounded to a step that suits its channel, then entropy-coded.

`packed/LAYER/kernel`   int8 or int16, of the layer's shape, compressed: the weight divided by its channel's
                        scale; or float16, the weight itself
`packed/LAYER/scale`    float32 (output channels,): the channel's step; not beside float16
`packed/LAYER/bias`     float32 (output channels,); the arrays of a normalisation likewise

The step is a fraction of the channel's typical weight, not of its largest: behind an entropy code, a rare
large weight costs a few more bits and leaves the step of the others as it is. The typical weight is the
median of the absolute values over 0.6745, which estimates the standard deviation whatever the outliers
(Rousseeuw and Croux, "Alternatives to the median absolute deviation", JASA 1993). A uniform step with an
entropy code needs at most a quarter of a bit more than the best possible code (Gish and Pierce,
"Asymptotically efficient quantizing", IEEE Transactions on Information Theory, 1968). Small layers stay
float16: they cost little.

Files of earlier versions hold 127 levels a side in int8, in float16 where outliers would have taken them up.
The record is stored in the file's attribute, as in every weights file. All arrays are plain; nothing is
pickled.
"""

from pathlib import Path

import h5py
import numpy as np

from core import atomic
from core.architecture import Layer
from core.weights.chunks import read_chunks, write_chunks
from core.weights.layouts import child
from core.weights.quantised_kernel import QuantisedKernel, StoredArray
from core.weights.record import ATTRIBUTE, ModelRecord

GROUP = "packed"
SMALL_LAYER = 1_000_000  # weights
CONVOLUTION_STEPS = 4.0  # per typical weight of a channel
DENSE_STEPS = 2.0
NORMAL_QUARTILE = 0.6745  # median absolute value of a normal distribution of deviation 1
MAX_LEVEL = np.iinfo(np.int16).max


def write_packed(
    path: Path,
    arrays: dict[str, tuple[np.ndarray, ...]],
    record: ModelRecord,
    convolution_steps: float = CONVOLUTION_STEPS,
    dense_steps: float = DENSE_STEPS,
) -> None:
    """Write all weights of the network in packed form, with their record.

    Args:
        path: of the file.
        arrays: by layer name, as `read_model` gives them.
        record: stored with them.
        convolution_steps, dense_steps: steps per typical weight of a channel, by kind of layer.

    Raises:
        UserError: the disk is full or the folder is not writable; an earlier file stays as it was.
    """
    with atomic.replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        file.attrs[ATTRIBUTE] = record.to_text()
        for layer in record.architecture.weighted:
            steps = dense_steps if layer.kind == "dense" else convolution_steps
            write_layer(file, layer, arrays[layer.name], steps)


def write_layer(
    file: h5py.File, layer: Layer, arrays: tuple[np.ndarray, ...], steps: float = CONVOLUTION_STEPS
) -> None:
    """Write the weights of a layer, given in Keras's order.

    Args:
        file: open for writing.
        layer: its shapes.
        arrays: its weights.
        steps: per typical weight of a channel.
    """
    group = file.create_group(f"{GROUP}/{layer.name}")
    for weight, values in zip(layer.weights, arrays, strict=True):
        if weight.name == "kernel":
            _write_kernel(group, values, steps)
        else:
            group[weight.name] = values.astype(np.float32)


def _write_kernel(group: h5py.Group, kernel: np.ndarray, steps: float) -> None:
    if kernel.size < SMALL_LAYER:
        write_chunks(group, "kernel", kernel.astype(np.float16))
        return
    rounded = quantised(kernel, steps)
    group["scale"] = rounded.scale
    write_chunks(group, "kernel", rounded.levels)


def quantised(kernel: np.ndarray, steps: float) -> QuantisedKernel:
    """Round a kernel to whole multiples of a step for each output channel.

    Args:
        kernel: float32 (..., output channels).
        steps: per typical weight of a channel.

    Returns:
        Levels that are int8 where they fit and int16 elsewhere.
    """
    magnitude = np.abs(kernel.reshape(-1, kernel.shape[-1]))
    scale = np.median(magnitude, 0) / NORMAL_QUARTILE / steps
    scale = np.maximum(scale, magnitude.max(0) / MAX_LEVEL)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    levels = np.rint(kernel / scale)
    fits = np.abs(levels).max() <= np.iinfo(np.int8).max
    return QuantisedKernel(levels.astype(np.int8 if fits else np.int16), scale)


def is_packed(file: h5py.File) -> bool:
    """Whether a file is in packed form."""
    return GROUP in file


def stored_layer(file: h5py.File, layer: Layer) -> tuple[StoredArray, ...]:
    """Read the weights of a layer, in Keras's order: kernels as they are stored, other arrays as float32.

    Raises:
        ValueError: an array is missing, has another shape or type, or is stored in another file.
        KeyError: the file has no such layer.
    """
    group = child(child(file, GROUP), layer.name)
    return tuple(
        _read_kernel(group, weight.shape)
        if weight.name == "kernel"
        else _read_array(group, weight.name, weight.shape, np.float32)
        for weight in layer.weights
    )


def _read_kernel(group: h5py.Group, shape: tuple[int, ...]) -> StoredArray:
    kernel = _read_array(group, "kernel", shape, np.int8, np.int16, np.float16)
    if "scale" not in group:
        return kernel.astype(np.float32)
    return QuantisedKernel(kernel, _read_array(group, "scale", shape[-1:], np.float32))


def _read_array(group: h5py.Group, name: str, shape: tuple[int, ...], *types: type) -> np.ndarray:
    array = child(group, name)
    if not isinstance(array, h5py.Dataset) or array.shape != shape or array.dtype not in types:
        raise ValueError("not the expected array")
    if array.external or array.is_virtual:
        raise ValueError("an array that is stored in another file")
    return read_chunks(array)
