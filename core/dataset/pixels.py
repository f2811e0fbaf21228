"""Decoding many files into one memory-mapped array."""

import mmap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.config import IMAGE_SIZE, processor
from core.disk import new_array
from core.images import ImageError, network_pixels, patient_pseudonym, read_image

Progress = Callable[[int, int], object]  # called with (done, total)
BLOCK = 2048  # images in memory at once


@dataclass(frozen=True)
class Decoded:
    """A decoded file: its pixels, or the problem that it has."""

    pixels: np.ndarray | None
    width: int = 0
    height: int = 0
    sha256: str = ""
    problem: str = ""
    coloured: bool = False
    pseudonym: str = ""  # of a DICOM file's patient


def decode_files(paths: list[Path], progress: Progress | None = None) -> Iterator[Decoded]:
    """Decode `paths` in order, on as many threads as there are cores (Pillow releases the GIL).

    Args:
        paths: of the files.
        progress: called with (done, total) every 50 files.
    """
    with ThreadPoolExecutor(processor.cores()) as pool:
        for done, decoded in enumerate(pool.map(_decode, paths), start=1):
            if progress and (done % 50 == 0 or done == len(paths)):
                progress(done, len(paths))
            yield decoded


def _decode(path: Path) -> Decoded:
    try:
        image = read_image(path)
    except ImageError as error:
        return Decoded(None, problem=str(error))
    return Decoded(
        network_pixels(image),
        image.width,
        image.height,
        image.sha256,
        coloured=image.coloured,
        pseudonym=patient_pseudonym(image.patient_digest),
    )


def create(path: Path, count: int) -> np.memmap:
    """Create a uint8 array of shape (count, 128, 128) on disk at `path`; UserError if it has no room."""
    return new_array(path, np.uint8, (count, IMAGE_SIZE, IMAGE_SIZE))


def load(path: Path) -> np.ndarray:
    """Map the array at `path` into memory, read-only."""
    return np.load(path, mmap_mode="r")


def blocks(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the images in blocks, releasing the pages of a mapped file, so that memory use stays flat."""
    for start in range(0, len(pixels), BLOCK):
        yield np.array(pixels[start : start + BLOCK])
        _release_pages(pixels)


def _release_pages(pixels: np.ndarray) -> None:
    base = pixels
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap):
        base.madvise(mmap.MADV_DONTNEED)  # the pages are read from the file again when needed


def block_means(pixels: np.ndarray, side: int) -> np.ndarray:
    """Reduce images to the means of squares of `side` pixels: float32 (n, 128 / side, 128 / side)."""
    squares_a_side = pixels.shape[1] // side
    parts = []
    for block in blocks(pixels):
        squares = block.astype(np.float32).reshape(-1, squares_a_side, side, squares_a_side, side)
        parts.append(squares.mean(axis=(2, 4)))
    return np.concatenate(parts)
