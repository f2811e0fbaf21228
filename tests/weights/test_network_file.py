import h5py
import numpy as np
import pytest

from core.architecture import LUNG_LAYERS
from core.errors import UserError
from core.weights import read_network, write_network


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    return {
        layer.name: tuple(random.normal(size=weight.shape).astype(np.float32) for weight in layer.weights)
        for layer in LUNG_LAYERS
        if layer.weights
    }


def test_arrays_and_facts_come_back_and_a_second_time_unchanged(arrays, tmp_path):
    write_network(tmp_path / "one.h5", LUNG_LAYERS, arrays, {"dice": 0.9})
    once, facts = read_network(tmp_path / "one.h5", LUNG_LAYERS)
    assert facts == {"dice": 0.9}
    for name, parts in arrays.items():
        assert all(np.allclose(*pair, rtol=1e-3, atol=1e-4) for pair in zip(once[name], parts, strict=True))
    write_network(tmp_path / "two.h5", LUNG_LAYERS, once, facts)
    twice, _ = read_network(tmp_path / "two.h5", LUNG_LAYERS)
    assert all(np.array_equal(*pair) for name in once for pair in zip(once[name], twice[name], strict=True))


def test_other_files_are_refused(arrays, tmp_path):
    path = tmp_path / "lungs.h5"
    write_network(path, LUNG_LAYERS, arrays, {})
    with h5py.File(path, "r+") as file:
        del file["packed/stem_conv/kernel"]
        file["packed/stem_conv/kernel"] = np.zeros((3, 3, 1, 8), np.float16)
    with pytest.raises(UserError, match=r"lungs\.h5"):
        read_network(path, LUNG_LAYERS)
    write_network(path, LUNG_LAYERS, arrays, {})
    with h5py.File(path, "r+") as file:
        file["packed/stem_bn/gamma"][...] = np.nan
    with pytest.raises(UserError, match="not numbers"):
        read_network(path, LUNG_LAYERS)
