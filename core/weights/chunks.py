"""Compressed arrays in HDF5: written as entropy-coded chunks, read without trusting what they expand to.

The file is ordinary HDF5 with the filters `shuffle` and `gzip`, which any HDF5 program reads. Writing uses
deflate's Huffman code alone: quantised weights are noise, and looking for repetitions in noise makes them a
tenth larger. Reading expands each chunk itself and stops at its size; HDF5 would go on, up to a thousand
times the bytes of the file.
"""

import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from math import ceil, prod

import h5py
import numpy as np

CHUNK_BYTES = 1_000_000
MAX_CHUNKS = 10_000  # of an array that is read
DEFLATE, SHUFFLE = h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE
PIPELINES = ([], [DEFLATE], [SHUFFLE], [SHUFFLE, DEFLATE])


def write_chunks(group: h5py.Group, name: str, values: np.ndarray) -> None:
    """Store an array of at least one dimension as `group[name]`, compressed without loss."""
    rows = min(len(values), max(1, CHUNK_BYTES // values[0].nbytes))
    shape = (rows, *values.shape[1:])
    dataset = group.create_dataset(
        name, values.shape, values.dtype, chunks=shape, compression="gzip", shuffle=True
    )
    for start in range(0, len(values), rows):
        chunk = np.zeros(shape, values.dtype)  # the last one extends past the end
        chunk[: len(values) - start] = values[start : start + rows]
        planes = (
            chunk.view(np.uint8).reshape(chunk.size, values.itemsize).T
        )  # all first bytes, then the second
        coder = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
        offset = (start, *[0] * (values.ndim - 1))
        dataset.id.write_direct_chunk(offset, coder.compress(planes.tobytes()) + coder.flush())


def read_chunks(dataset: h5py.Dataset) -> np.ndarray:
    """Read an array that is stored plainly, or compressed by `write_chunks` or by HDF5.

    Raises:
        ValueError: a chunk is missing, damaged or of another size, there are too many of them, or they need
            another filter than gzip and shuffle.
    """
    if dataset.chunks is None:
        return dataset[()]
    shape, parts = dataset.shape, dataset.chunks
    counts = [ceil(side / part) for side, part in zip(shape, parts, strict=True)]
    if prod(counts) > MAX_CHUNKS or any(part > side for side, part in zip(shape, parts, strict=True)):
        raise ValueError("too many chunks, or larger ones than the array")
    pipeline = _pipeline(dataset)
    values = np.empty(shape, dataset.dtype)
    size = prod(parts) * values.itemsize

    def fill(start: tuple[int, ...], stored: tuple[int, bytes]) -> None:
        inside = values[tuple(slice(first, first + part) for first, part in zip(start, parts, strict=True))]
        chunk = _expanded(*stored, pipeline, size, values.itemsize)
        chunk = np.frombuffer(chunk, values.dtype).reshape(parts)
        inside[...] = chunk[tuple(map(slice, inside.shape))]

    starts = list(product(*(range(0, side, part) for side, part in zip(shape, parts, strict=True))))
    with ThreadPoolExecutor() as pool:  # zlib lets other threads run; HDF5 is read by this one
        list(pool.map(fill, starts, (_stored(dataset, start, size) for start in starts)))
    return values


def _pipeline(dataset: h5py.Dataset) -> list[int]:
    """Codes of the filters that each chunk went through, in order."""
    properties = dataset.id.get_create_plist()
    codes = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
    if codes not in PIPELINES:
        raise ValueError("a filter other than gzip and shuffle")
    return codes


def _stored(dataset: h5py.Dataset, start: tuple[int, ...], size: int) -> tuple[int, bytes]:
    """Of the chunk at `start`: a mask of the filters that were left out, and its bytes in the file."""
    chunk = dataset.id.get_chunk_info_by_coord(start)
    if chunk.byte_offset is None or chunk.size > 2 * size + 1024:
        raise ValueError("a chunk that is missing or that compression doubles")
    return dataset.id.read_direct_chunk(start)


def _expanded(mask: int, data: bytes, pipeline: list[int], size: int, itemsize: int) -> bytes:
    """The `size` bytes of a chunk."""
    for position, code in reversed(list(enumerate(pipeline))):
        if mask >> position & 1:
            continue
        if code == DEFLATE:
            try:
                data = zlib.decompressobj().decompress(data, size + 1)
            except zlib.error as error:
                raise ValueError("a damaged chunk") from error
        elif len(data) == size:
            data = np.frombuffer(data, np.uint8).reshape(itemsize, -1).T.tobytes()
    if len(data) != size:
        raise ValueError("a chunk of another size")
    return data
