import shutil

import h5py
import numpy as np
import pytest
from short_runs import random_weights

from core.architecture import VGG19
from core.weights import (
    ModelRecord,
    WeightsError,
    packed,
    read_model,
    read_record,
    read_unpacked_model,
    write_packed,
)
from core.weights.packed import CONVOLUTION_STEPS, DENSE_STEPS, SMALL_LAYER, quantised

WIDTH = 1 / 4  # the whole width is that of the bundled model: `tests/test_bundled_model.py`
SMALL_HERE = int(SMALL_LAYER * WIDTH**2)
NETWORK = VGG19.at_width(WIDTH)
RECORD = ModelRecord(stage=3, run="a-run", preset="seed", operating_points=[], width=WIDTH)


@pytest.fixture(scope="module")
def arrays():
    """Weights of a network, with a spike in each channel of one layer."""
    arrays = random_weights(NETWORK.weighted)
    kernel, _ = arrays["block4_conv4"]
    kernel[1, 1, 0] = 40 * kernel.std()
    return arrays


@pytest.fixture(scope="module")
def packed_file(arrays, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "packed.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "SMALL_LAYER", SMALL_HERE)
        write_packed(path, arrays, RECORD)
    return path


@pytest.fixture
def broken_file(packed_file, tmp_path):
    return shutil.copy(packed_file, tmp_path / "broken.h5")


def test_every_weight_comes_back_within_half_a_step_and_the_record_unchanged(arrays, packed_file):
    unpacked, packed_record = read_model(packed_file)
    assert packed_record == RECORD == read_record(packed_file)
    for layer in NETWORK.weighted:
        (kernel, bias), (found, found_bias) = arrays[layer.name], unpacked[layer.name]
        allowed = np.abs(kernel) * 2**-11
        if kernel.size >= SMALL_HERE:
            typical = np.median(np.abs(kernel), axis=tuple(range(kernel.ndim - 1))) / 0.6745
            allowed = 0.5001 * typical / (DENSE_STEPS if layer.kind == "dense" else CONVOLUTION_STEPS)
        assert (np.abs(kernel - found) <= allowed + 1e-7).all(), layer.name
        assert np.array_equal(bias, found_bias)


def test_packed_weights_are_not_packed_again(packed_file):
    with pytest.raises(WeightsError, match="packed.h5 are packed already; .* Name the run"):
        read_unpacked_model(packed_file)


@pytest.mark.parametrize(("outlier", "dtype"), [(0, np.int8), (40, np.int8), (1000, np.int16)])
def test_an_outlier_leaves_the_step_of_other_weights_as_it_is(outlier, dtype):
    kernel = np.random.default_rng(1).normal(size=(500, 8)).astype(np.float32)
    expected = quantised(kernel, 2).scale
    kernel[0, 0] += outlier
    rounded = quantised(kernel, 2)
    assert rounded.levels.dtype == dtype and np.allclose(rounded.scale, expected, rtol=0.02)
    assert np.abs(rounded.unpacked() - kernel).max() <= 0.5001 * rounded.scale.max()


def test_a_channel_of_zeros_and_one_with_a_single_weight_come_back():
    kernel = np.zeros((500, 2), np.float32)
    kernel[7, 1] = -3
    assert np.allclose(quantised(kernel, 2).unpacked(), kernel)


def change(path, name, **options):
    with h5py.File(path, "r+") as file:
        del file[name]
        if options:
            file.create_dataset(name, **options)


def test_the_file_of_an_earlier_version_is_read_as_it_was(broken_file):
    """Its kernels are int8 with 127 levels a side, or float16, compressed by HDF5."""
    random = np.random.default_rng(0)
    levels = random.integers(-127, 128, (3, 3, 128, 128), np.int8)
    scale = random.uniform(1e-4, 1e-3, 128).astype(np.float32)
    change(broken_file, "packed/block5_conv1/kernel", data=levels, compression="gzip", shuffle=True)
    change(broken_file, "packed/block5_conv1/scale", data=scale)
    half = random.normal(0, 0.01, levels.shape).astype(np.float16)
    change(broken_file, "packed/block5_conv2/kernel", data=half, compression="gzip", shuffle=True)
    change(broken_file, "packed/block5_conv2/scale")
    arrays, _ = read_model(broken_file)
    assert np.array_equal(arrays["block5_conv1"][0], levels.astype(np.float32) * scale)
    assert np.array_equal(arrays["block5_conv2"][0], half.astype(np.float32))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("packed/fc1/kernel", {}),
        ("packed/fc1", {}),
        ("packed/fc1/scale", {"data": np.ones(3, np.float32)}),
        ("packed/fc1/bias", {"data": np.ones(1152)}),
        ("packed/block1_conv1/kernel", {"data": np.zeros((3, 3, 3, 16), np.float32)}),
        ("packed/block1_conv1/kernel", {"data": np.zeros((3, 3, 3, 16), np.int32)}),
        ("packed/fc1/bias", {"data": np.full(1152, np.nan, np.float32)}),
        ("packed/fc1/scale", {"data": np.full(1152, np.inf, np.float32)}),
    ],
)
def test_what_does_not_belong_is_refused_by_name(broken_file, name, options):
    change(broken_file, name, **options)
    with pytest.raises(WeightsError, match="broken.h5"):
        read_model(broken_file)


def test_a_link_out_of_the_file_is_refused(broken_file, packed_file):
    change(broken_file, "packed/fc1/bias")
    with h5py.File(broken_file, "r+") as file:
        file["packed/fc1/bias"] = h5py.ExternalLink(packed_file, "packed/fc1/bias")
    with pytest.raises(WeightsError, match="broken.h5"):
        read_model(broken_file)


def test_a_file_cut_short_is_refused(broken_file):
    with open(broken_file, "r+b") as file:
        file.truncate(500_000)
    with pytest.raises(WeightsError, match="cut short"):
        read_model(broken_file)
