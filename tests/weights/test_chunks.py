import zlib

import h5py
import numpy as np
import pytest

from core.weights.chunks import CHUNK_BYTES, read_chunks, write_chunks

SHAPES = [(5,), (3, 3, 40, 50), (1237, 2000)]  # the last one in chunks that reach past its end


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "arrays.h5", "w") as file:
        yield file


def noise(shape, dtype):
    return (np.random.default_rng(3).normal(size=shape) * 40).astype(dtype)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float16])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_is_read_by_us_and_by_hdf5(file, shape, dtype):
    values = noise(shape, dtype)
    write_chunks(file, "values", values)
    assert np.array_equal(read_chunks(file["values"]), values)
    assert np.array_equal(file["values"][()], values)


def test_noise_takes_hardly_more_than_its_entropy(file):
    values = np.rint(np.random.default_rng(3).normal(size=(2000, 1000)) * 2).astype(np.int8)
    shares = np.unique(values, return_counts=True)[1] / values.size
    entropy = -(shares * np.log2(shares)).sum()  # 3 bits
    write_chunks(file, "values", values)
    assert entropy <= 8 * file["values"].id.get_storage_size() / values.size < entropy + 0.1


@pytest.mark.parametrize(
    "options", [{}, {"compression": "gzip"}, {"compression": "gzip", "shuffle": True}, {"chunks": (7, 9)}]
)
def test_what_hdf5_wrote_is_read(file, options):
    values = noise((100, 90), np.float32)
    file.create_dataset("values", data=values, **options)
    assert np.array_equal(read_chunks(file["values"]), values)


@pytest.mark.parametrize(
    "content",
    [
        zlib.compress(bytes(50 * CHUNK_BYTES)),  # expands to far more than the chunk
        zlib.compress(bytes(100)),
        zlib.compress(bytes(CHUNK_BYTES))[:-20],
        b"not compressed",
        bytes(3 * CHUNK_BYTES),
    ],
)
def test_a_chunk_that_does_not_expand_to_its_size_is_refused(file, content):
    values = file.create_dataset(
        "values", (1000, 1000), np.int8, chunks=(1000, 1000), compression="gzip", shuffle=True
    )
    values.id.write_direct_chunk((0, 0), content)
    with pytest.raises(ValueError, match="chunk"):
        read_chunks(values)


@pytest.mark.parametrize("options", [{"compression": "lzf"}, {"fletcher32": True}, {"scaleoffset": 3}])
def test_another_filter_is_refused(file, options):
    values = file.create_dataset("values", data=np.ones((10, 10), np.int32), chunks=(10, 10), **options)
    with pytest.raises(ValueError, match="filter"):
        read_chunks(values)


def test_a_missing_chunk_is_refused(file):
    values = file.create_dataset("values", (100, 100), np.int8, chunks=(50, 100), compression="gzip")
    values[:50] = 1
    with pytest.raises(ValueError, match="missing"):
        read_chunks(values)


def test_too_many_chunks_and_chunks_beyond_the_array_are_refused(file):
    many = file.create_dataset("many", (200, 200), np.int8, chunks=(1, 1))
    wide = file.create_dataset("wide", (2, 2), np.int8, chunks=(50_000, 50_000), maxshape=(None, None))
    for values in (many, wide):
        with pytest.raises(ValueError, match="chunks"):
            read_chunks(values)
