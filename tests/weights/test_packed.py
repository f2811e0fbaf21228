import shutil

import h5py
import numpy as np
import pytest

from core.architecture import WEIGHTED
from core.weights import WeightsError, read_model, read_record, write_packed


@pytest.fixture(scope="module")
def packed_file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "packed.h5"
    arrays, record = read_model(trained.weights_path(3))
    write_packed(path, outstanding(arrays), record)
    return path


def outstanding(arrays: dict) -> dict:
    """The weights with a spike in each channel of one layer."""
    kernel, bias = arrays["block4_conv4"]
    kernel = kernel.copy()
    kernel[1, 1, 0] = 40 * kernel.std()
    return {**arrays, "block4_conv4": (kernel, bias)}


@pytest.fixture
def broken_file(packed_file, tmp_path):
    return shutil.copy(packed_file, tmp_path / "broken.h5")


def test_every_weight_comes_back_within_half_a_level_and_the_record_unchanged(trained, packed_file):
    arrays, record = read_model(trained.weights_path(3))
    whole = outstanding(arrays)
    packed, packed_record = read_model(packed_file)
    assert packed_record == record == read_record(packed_file)
    assert packed_file.stat().st_size < 70e6
    for layer in WEIGHTED:
        (kernel, bias), (found, found_bias) = whole[layer.name], packed[layer.name]
        level = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))) / 127
        half = layer.name == "block4_conv4" or kernel.size < 1_000_000
        allowed = np.abs(kernel) * 2**-11 if half else 0.5001 * level
        assert (np.abs(kernel - found) <= allowed + 1e-7).all(), layer.name
        assert np.array_equal(bias, found_bias)


def change(path, name, **options):
    with h5py.File(path, "r+") as file:
        del file[name]
        if options:
            file.create_dataset(name, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("packed/fc1/kernel", {}),
        ("packed/fc1", {}),
        ("packed/fc1/scale", {"data": np.ones(3, np.float32)}),
        ("packed/fc1/bias", {"data": np.ones(4608)}),
        ("packed/block1_conv1/kernel", {"data": np.zeros((3, 3, 3, 64), np.float32)}),
        ("packed/block1_conv1/kernel", {"data": np.zeros((3, 3, 3, 64), np.int32)}),
        ("packed/fc1/bias", {"data": np.full(4608, np.nan, np.float32)}),
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
        file.truncate(5_000_000)
    with pytest.raises(WeightsError, match="cut short"):
        read_model(broken_file)
