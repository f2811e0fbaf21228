"""Eight bits a weight, where they will do: a model in a quarter of its size.

`packed/LAYER/kernel`   int8, the layer's shape, compressed: the weight is this times its channel's scale;
                        or float16, the weight itself
`packed/LAYER/scale`    float32 (output channels,): the channel's largest weight / 127; only beside int8
`packed/LAYER/bias`     float32 (output channels,)

Float16 is for layers in which single weights stand out so far that eight bits would leave hardly a level to
the others (three of nineteen in our starting weights, which alone moved probabilities by up to 0.44), and for
small layers, where it costs little.

The record stands in the file's attribute as in every other. All arrays are plain; nothing is pickled.
Rounding to the nearest level, symmetric, by output channel: Krishnamoorthi, "Quantizing deep convolutional
networks for efficient inference: a whitepaper", arXiv 1806.08342, 2018.
"""

from pathlib import Path

import h5py
import numpy as np

from core import atomic
from core.architecture import WEIGHTED, Layer
from core.weights.layouts import child
from core.weights.record import ATTRIBUTE, ModelRecord

GROUP = "packed"
LEVELS = 127
SMALL = 1_000_000  # weights
OUTSTANDING = 16  # deviations from 0 of the largest weight of a channel, in the mean over channels


def write_packed(path: Path, arrays: dict, record: ModelRecord) -> None:
    """Write all weights of the network in eight bits each, with their record.

    Args:
        path: of the file.
        arrays: (kernel, bias) by layer name, as `read_model` gives them.
        record: kept with them.

    Raises:
        UserError: the disk is full or the folder not writable; an earlier file stays as it was.
    """
    with atomic.replacing(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        file.attrs[ATTRIBUTE] = record.to_text()
        for layer in WEIGHTED:
            kernel, bias = arrays[layer.name]
            group = file.create_group(f"{GROUP}/{layer.name}")
            inputs = tuple(range(kernel.ndim - 1))
            largest, deviation = np.abs(kernel).max(inputs), kernel.std(inputs)
            if kernel.size < SMALL or (largest / np.maximum(deviation, 1e-12)).mean() > OUTSTANDING:
                values = kernel.astype(np.float16)
            else:
                scale = largest / LEVELS
                values = np.rint(kernel / np.where(scale > 0, scale, 1)).astype(np.int8)
                group["scale"] = scale.astype(np.float32)
            group.create_dataset("kernel", data=values, compression="gzip", compression_opts=4)
            group["bias"] = bias.astype(np.float32)


def is_packed(file: h5py.File) -> bool:
    """Whether a file is of this layout."""
    return GROUP in file


def unpacked(file: h5py.File, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a layer, float32.

    Raises:
        ValueError: they are missing, of another shape or kind, or stand outside the file.
        KeyError: there is no such layer.
    """
    group = child(child(file, GROUP), layer.name)
    channels = layer.kernel[-1:]
    kernel = _plain(group, "kernel", layer.kernel, np.int8, np.float16).astype(np.float32)
    if "scale" in group:
        kernel *= _plain(group, "scale", channels, np.float32)
    return kernel, _plain(group, "bias", channels, np.float32)


def _plain(group: h5py.Group, name: str, shape: tuple[int, ...], *kinds: type) -> np.ndarray:
    found = child(group, name)
    if not isinstance(found, h5py.Dataset) or found.shape != shape or found.dtype not in kinds:
        raise ValueError("not the array that belongs here")
    if found.external or found.is_virtual:
        raise ValueError("an array that leaves the file")
    return found[()]
