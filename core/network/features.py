"""Cached activations: the output of frozen layers, computed once per image and view and stored on disk.

A frozen layer has the same output for the same image in every epoch. Its activations are written to a
memory-mapped file whose name is a digest of everything that they depend on, so a stale file is never used.
The file is renamed when complete, so a partial one is never read.

No precision is lost: activations computed in bfloat16 (8 significant bits) are stored in half precision (11
bits), those computed in float32 in float32. Half precision for the latter changes losses by 1e-4 in the first
step, and by per cents after a few steps at a high rate.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np

from core import atomic
from core.disk import new_array

VERSION = 2
BATCH = 32  # images in a pass of Keras's frozen layers
STORED_AS = {"bfloat16": np.float16, "float32": np.float32}


def segment(model: keras.Model, after: str | None, until: str | None = None) -> keras.Model:
    """The layers of `model` after `after` up to and including `until`, sharing its weights.

    Args:
        after: the only layer before these whose output they take; None starts at the input.
        until: None goes to the output.
    """
    names = [layer.name for layer in model.layers]
    first = names.index(after) + 1 if after else 1
    last = names.index(until) + 1 if until else len(names)
    start: Any = model.layers[first - 1].output
    inputs = x = keras.Input(start.shape[1:])
    outputs = {start: inputs}  # by what is in their place in the model
    for layer in model.layers[first:last]:
        tensors = [outputs[tensor] for tensor in keras.tree.flatten(layer.input)]
        x = outputs[layer.output] = layer(tensors if len(tensors) > 1 else tensors[0])
    return keras.Model(inputs, x)


def in_batches(
    model: keras.Model, source: Callable[[np.ndarray], np.ndarray], count: int
) -> Iterator[np.ndarray]:
    """Outputs of `model` for `count` images in order, a batch at a time.

    Every batch has the same size, so that the model is compiled once; the last one wraps around.

    Args:
        source: returns the input of some positions.
    """
    size = min(BATCH, count)
    for start in range(0, count, BATCH):
        positions = np.arange(start, start + size) % count
        outputs: Any = keras.ops.convert_to_numpy(model.predict_on_batch(source(positions)))
        yield outputs[: count - start]


def weights_digest(*parts: keras.Layer) -> str:
    """SHA-256 over the weights of models or layers, in order."""
    digest = hashlib.sha256()
    for array in (array for part in parts for array in part.get_weights()):
        # NumPy's stubs declare the buffer protocol from Python 3.12 on; arrays have had it all along.
        digest.update(np.ascontiguousarray(array))  # pyright: ignore[reportArgumentType]
    return digest.hexdigest()


@dataclass(frozen=True)
class FeatureStore:
    """A folder of cached activations."""

    folder: Path

    def get(
        self,
        part: keras.Model,
        depends_on: dict,
        count: int,
        source: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Activations of `part` for `count` images: from disk, or computed and stored.

        Args:
            part: frozen layers, from `segment`.
            depends_on: plain values that determine the result: pixels, augmentation, seed, view, and the
                digest of all weights involved.
            count: number of images.
            source: returns the input of some positions; not called if the file exists.

        Returns:
            float16 or float32 array of shape (count, ...), memory-mapped, read-only.

        Raises:
            UserError: the disk is full; nothing is left of the file.
        """
        path = self._path(part, depends_on)
        if not path.exists():
            with atomic.replacing(path) as temporary:
                shape = (count, *cast(keras.KerasTensor, part.output).shape[1:])
                kind = STORED_AS[part.layers[-1].compute_dtype]
                array = new_array(temporary, kind, shape)
                done = 0
                for output in in_batches(part, source, count):
                    array[done : done + len(output)] = output
                    done += len(output)
                array.flush()
                del array
        return np.load(path, mmap_mode="r")

    def has_room_for(self, size: int) -> bool:
        """Whether the disk has room for `size` bytes and a tenth more."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free > 1.1 * size

    def _path(self, part: keras.Model, depends_on: dict) -> Path:
        shapes = [list(cast(keras.KerasTensor, end).shape[1:]) for end in (part.input, part.output)]
        text = json.dumps({"version": VERSION, "shapes": shapes, **depends_on}, sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npy"
