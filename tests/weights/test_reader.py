import shutil

import h5py
import numpy as np
import pytest
from short_runs import NARROW

from core.architecture import BACKBONES, VGG19
from core.weights import ModelRecord, WeightsError, read_backbone, read_model, read_record


@pytest.fixture
def model_file(trained, tmp_path):
    return shutil.copy(trained.weights_path(1), tmp_path / "model.h5")


@pytest.fixture
def backbone_file(tmp_path):
    """A file in Keras's no-top layout, with weights that tell their layer."""
    path = tmp_path / "notop.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name for layer in VGG19.weighted_body]
        for number, layer in enumerate(VGG19.weighted_body):
            group = file.create_group(layer.name)
            group[f"{layer.name}_W_1:0"] = np.full(layer.kernel, number, np.float32)
            group[f"{layer.name}_b_1:0"] = np.full(layer.kernel[-1:], -number, np.float32)
    return path


def test_a_trained_file_gives_every_layer_and_its_provenance(model_file):
    arrays, record = read_model(model_file)
    assert {name: kernel.shape for name, (kernel, _) in arrays.items()} == {
        layer.name: layer.kernel for layer in NARROW.weighted
    }
    assert record == read_record(model_file)
    assert (record.stage, record.run, record.synthetic) == (1, "trained", True)
    assert record.evaluation["test"]["n"] == 15


def test_the_layout_of_kerass_own_backbone_is_read(backbone_file):
    arrays = read_backbone(backbone_file)
    kernel, bias = arrays["block5_conv4"]
    assert kernel.shape == (3, 3, 512, 512) and (kernel == 15).all() and (bias == -15).all()


def test_layers_that_keras_named_differently_are_told_apart_by_their_order(tmp_path):
    """Keras's own DenseNet121 file has `conv1/conv` and `conv1/bn`; `bn` is another layer."""
    backbone, path = BACKBONES["densenet121"].at_width(1 / 8), tmp_path / "notop.h5"
    names = {layer.name: layer.name for layer in backbone.weighted_body}
    names |= {"conv1_conv": "conv1/conv", "conv1_bn": "conv1/bn"}
    with h5py.File(path, "w") as file:
        listed = [names.get(layer.name, layer.name).encode() for layer in backbone.body]
        file.attrs["layer_names"] = np.array(listed)  # those without weights, too
        for number, layer in enumerate(backbone.weighted_body):
            group = file.create_group(f"{names[layer.name]}/{names[layer.name]}")
            for weight in layer.weights:
                group[f"{weight.name}:0"] = np.full(weight.shape, number, np.float32)
    arrays = read_backbone(path, backbone)
    assert [values[0].flat[0] for values in arrays.values()] == list(range(len(backbone.weighted_body)))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="The weights file .* does not exist"):
        read_model(tmp_path / "none.h5")


@pytest.mark.parametrize("size", [0, 100, 1_000_000])
def test_a_file_cut_short_is_refused(model_file, size):
    with open(model_file, "r+b") as file:
        file.truncate(size)
    with pytest.raises(WeightsError, match="model.h5 is not a Keras HDF5 weights file, or is damaged"):
        read_model(model_file)


def test_text_is_refused(tmp_path):
    (tmp_path / "model.h5").write_text("weights")
    with pytest.raises(WeightsError, match="damaged or cut short"):
        read_model(tmp_path / "model.h5")


def test_another_architecture_is_refused_with_what_differs(model_file, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["conv2d/kernel"] = np.zeros((3, 3), np.float32)
    with pytest.raises(WeightsError, match="no layer block1_conv1 .it has conv2d"):
        read_model(tmp_path / "other.h5")
    with h5py.File(model_file, "r+") as file:
        del file["model_weights/fc2"]
        file["model_weights/fc2/kernel"] = np.zeros((576, 10), np.float32)
        file["model_weights/fc2/bias"] = np.zeros(10, np.float32)
    with pytest.raises(WeightsError, match=r"fc2 has weights of shape .*\(576, 10\).*expected \(576, 144\)"):
        read_model(model_file)


def test_numbers_that_are_none_are_refused(model_file):
    with h5py.File(model_file, "r+") as file:
        group = file["model_weights/fc1"]
        names = []
        group.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        group[names[0]][0] = np.nan
    with pytest.raises(WeightsError, match="fc1 contains values that are not numbers"):
        read_model(model_file)


def test_links_out_of_the_file_are_refused(model_file, backbone_file):
    with h5py.File(model_file, "r+") as file:
        del file["model_weights/fc1"]
        file["model_weights/fc1"] = h5py.ExternalLink(str(backbone_file), "/block1_conv1")
    with pytest.raises(WeightsError, match="damaged"):
        read_model(model_file)


def test_a_record_of_a_later_version_is_understood():
    assert ModelRecord.from_text('{"stage": 2, "colour": "blue"}').stage == 2
