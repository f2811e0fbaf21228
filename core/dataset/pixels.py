"""Decoding many files at once into one memory-mapped array."""

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.config import IMAGE_SIZE
from core.images import ImageError, network_pixels, read

Progress = Callable[[int, int], None]
BLOCK = 2048  # images in memory at once


@dataclass(frozen=True)
class Decoded:
    """One file after reading: its pixels, or why there are none."""

    pixels: np.ndarray | None
    width: int = 0
    height: int = 0
    sha256: str = ""
    problem: str = ""
    coloured: bool = False


def decode_files(paths: list[Path], progress: Progress | None = None) -> Iterable[Decoded]:
    """Decode `paths` in order, on as many threads as there are cores (Pillow frees the lock).

    Args:
        progress: called with (done, total) now and then.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, decoded in enumerate(pool.map(_decode, paths), start=1):
            if progress and (done % 50 == 0 or done == len(paths)):
                progress(done, len(paths))
            yield decoded


def _decode(path: Path) -> Decoded:
    try:
        film = read(path)
    except ImageError as error:
        return Decoded(None, problem=str(error))
    return Decoded(network_pixels(film), film.width, film.height, film.sha256, coloured=film.coloured)


def create(path: Path, count: int) -> np.memmap:
    """A new array of shape (count, 128, 128), uint8, on disk at `path`."""
    shape = (count, IMAGE_SIZE, IMAGE_SIZE)
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)


def load(path: Path) -> np.ndarray:
    """The array at `path`, read-only, mapped rather than loaded."""
    return np.load(path, mmap_mode="r")


def blocks(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Images some at a time, in order. Of a mapped file, what was read is given back: memory stays flat."""
    for start in range(0, len(pixels), BLOCK):
        yield np.array(pixels[start : start + BLOCK])
        _give_back(pixels)


def _give_back(pixels: np.ndarray) -> None:
    base = pixels
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap):
        base.madvise(mmap.MADV_DONTNEED)  # of a file: its pages are read again when they are asked for


def square_means(pixels: np.ndarray, side: int) -> np.ndarray:
    """Images made smaller: means of squares of `side` pixels, float32 (n, 128 / side, 128 / side)."""
    places = pixels.shape[1] // side
    parts = []
    for block in blocks(pixels):
        squares = block.astype(np.float32).reshape(-1, places, side, places, side)
        parts.append(squares.mean(axis=(2, 4)))
    return np.concatenate(parts)
