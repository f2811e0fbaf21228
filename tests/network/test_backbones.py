import keras
import numpy as np
import pytest

from core.architecture import HEAD
from core.backbones import NAMES, OTHERS
from core.config import Strategy, preset
from core.errors import UserError
from core.network import build, freeze, leaf_layers, restore, save, start_other
from core.weights import ModelRecord, WeightsError, read_record

MODULES = {"resnet50": "resnet", "densenet121": "densenet", "efficientnetb0": "efficientnet"}


@pytest.fixture(scope="module", params=OTHERS)
def backbone(request):
    return OTHERS[request.param]


@pytest.fixture(scope="module")
def network(backbone):
    return build(seed=3, backbone=backbone.name)


def test_the_data_tell_what_keras_builds(backbone, network):
    body = network.get_layer(backbone.name)
    assert body.output.shape[1:] == backbone.output and body.count_params() == backbone.parameters
    convolutions = [layer.name for layer in body.layers if type(layer) is keras.layers.Conv2D]
    assert tuple(convolutions[-2:]) == backbone.last
    products = 0
    for layer in body.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            products += np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3])
    assert products / 1e9 == pytest.approx(backbone.gigamacs, abs=0.001)


def test_each_sees_what_it_expects(backbone, network):
    films = np.random.default_rng(0).random((2, 128, 128, 1), np.float32).repeat(3, axis=3)
    eye = keras.Model(network.input, network.get_layer("scaling").output)
    module = getattr(keras.applications, MODULES[backbone.name])
    assert eye.predict(films, verbose=0) == pytest.approx(module.preprocess_input(255 * films), abs=1e-3)


def test_stages_train_the_head_then_two_convolutions_then_all(backbone, network):
    settings = preset("seed").settings(backbone=backbone.name)
    head = {layer.name for layer in HEAD}
    for number, more in ((1, set()), (2, set(backbone.last))):
        freeze(network, settings.stage(number))
        trained = {layer.name for layer in leaf_layers(network) if layer.weights and layer.trainable}
        assert trained == head | more
    freeze(network, settings.stage(3))
    assert all(layer.trainable for layer in leaf_layers(network) if layer.weights)


def test_what_is_saved_comes_back_whatever_was_frozen(backbone, network, tmp_path):
    settings = preset("seed").settings(backbone=backbone.name)
    path = tmp_path / settings.stage(1).file
    freeze(network, settings.stage(1))
    save(network, path, ModelRecord(run="r", starting_weights="none"))
    other = build(seed=4, backbone=backbone.name)
    freeze(other, settings.stage(3))
    assert restore(other, path).run == read_record(path).run == "r"
    for one, two in zip(network.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(one, two)


def test_it_starts_from_a_file_and_refuses_one_that_does_not_fit(backbone, network, tmp_path):
    body = network.get_layer(backbone.name)
    body.save_weights(tmp_path / "body.weights.h5")
    other = build(seed=5, backbone=backbone.name)
    assert start_other(other, backbone, str(tmp_path / "body.weights.h5")) == "body.weights.h5"
    assert np.array_equal(other.get_layer(backbone.name).get_weights()[0], body.get_weights()[0])
    (tmp_path / "bad.weights.h5").write_bytes(b"no weights")
    with pytest.raises(UserError, match="does not fit"):
        start_other(other, backbone, str(tmp_path / "bad.weights.h5"))


def test_without_a_connection_it_stays_random_and_says_so(backbone, network, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    before = network.get_weights()
    assert start_other(network, backbone, "imagenet").startswith("random")
    assert all(np.array_equal(*pair) for pair in zip(before, network.get_weights(), strict=True))


def test_an_unknown_backbone_or_a_custom_stage_of_another_is_refused():
    with pytest.raises(UserError, match=f"backbone is 'vgg16'; choose from {', '.join(NAMES)}"):
        preset("seed").settings(backbone="vgg16")
    with pytest.raises(UserError, match="chooses among VGG19's layers"):
        preset("seed").settings(backbone="resnet50", stages=(1, 4), strategy=Strategy("a", ()))


def test_a_missing_file_is_said(network, tmp_path):
    with pytest.raises(WeightsError, match="There is no weights file"):
        restore(network, tmp_path / "gone.weights.h5")
