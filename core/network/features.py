"""Kept activations: the output of frozen layers, computed once per image and view, kept on disk.

A frozen layer gives the same output for the same picture in every epoch. Its activations are
written to a memory-mapped file whose name is a digest of everything that they depend on, so a stale
file is never used; it is renamed into place when whole, so a half-written one is never read.

Nothing is lost on the way: what was computed in bfloat16 (8 significant bits) is kept in half
precision (11 bits), what was computed in float32 in float32. Half precision for the latter changes
losses by 1e-4 in the first step and by per cents after a few at a high rate.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from core import atomic

VERSION = 2
BATCH = 32
KEPT_AS = {"bfloat16": np.float16, "float32": np.float32}


def segment(model: keras.Model, after: str | None, until: str | None = None) -> keras.Model:
    """The part of `model` behind layer `after` up to and with layer `until`, sharing its weights.

    Args:
        after: None starts at the input.
        until: None goes to the output.
    """
    names = [layer.name for layer in model.layers]
    first = names.index(after) + 1 if after else 1
    last = names.index(until) + 1 if until else len(names)
    inputs = x = keras.Input(model.layers[first - 1].output.shape[1:])
    for layer in model.layers[first:last]:
        x = layer(x)
    return keras.Model(inputs, x)


def in_batches(
    model: keras.Model, source: Callable[[np.ndarray], np.ndarray], count: int
) -> Iterator[np.ndarray]:
    """Outputs of `model` for `count` images in order, a batch at a time.

    Every batch has the same size (the last one wraps around), so that nothing is compiled twice.

    Args:
        source: gives the input of some positions.
    """
    size = min(BATCH, count)
    for start in range(0, count, BATCH):
        positions = np.arange(start, start + size) % count
        yield keras.ops.convert_to_numpy(model.predict_on_batch(source(positions)))[: count - start]


def weights_digest(*parts: keras.Layer) -> str:
    """SHA-256 over the weights of models or layers, in order."""
    digest = hashlib.sha256()
    for array in (array for part in parts for array in part.get_weights()):
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


@dataclass(frozen=True)
class FeatureStore:
    """A folder of kept activations."""

    folder: Path

    def get(
        self,
        part: keras.Model,
        depends_on: dict,
        count: int,
        source: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Activations of `part` for `count` images: from disk, or computed and kept.

        Args:
            part: frozen layers, as `segment` gives them.
            depends_on: plain values that tell the result apart: pixels, augmentation, seed, view,
                and the digest of all weights on the way.
            count: number of images.
            source: gives the input of some positions; not called when the file is there.

        Returns:
            float16 or float32 array of shape (count, ...), memory-mapped, read-only.
        """
        path = self._path(part, depends_on)
        if not path.exists():
            with atomic.replacing(path) as temporary:
                shape = (count, *part.output.shape[1:])
                kind = KEPT_AS[part.layers[-1].compute_dtype]
                array = np.lib.format.open_memmap(temporary, "w+", kind, shape)
                done = 0
                for output in in_batches(part, source, count):
                    array[done : done + len(output)] = output
                    done += len(output)
                array.flush()
                del array
        return np.load(path, mmap_mode="r")

    def has_room_for(self, size: int) -> bool:
        """Whether the disk holds `size` more bytes and a tenth to spare."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free > 1.1 * size

    def _path(self, part: keras.Model, depends_on: dict) -> Path:
        shapes = [list(part.input.shape[1:]), list(part.output.shape[1:])]
        text = json.dumps({"version": VERSION, "shapes": shapes, **depends_on}, sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npy"
