import keras
import numpy as np
import pytest

from core.architecture import BACKBONES, DENSE_LAYERS, VGG19
from core.config import Strategy, preset
from core.errors import UserError
from core.network import (
    build,
    connected,
    freeze,
    keras_layer,
    load_starting_weights,
    restore,
    save,
    segment,
    set_arrays,
)
from core.weights import ModelRecord, WeightsError, read_record, write_record

pytestmark = pytest.mark.slow

MODULES = {"resnet50": "resnet", "densenet121": "densenet", "efficientnetb0": "efficientnet"}
IMAGES = np.random.default_rng(0).random((2, 128, 128, 3), np.float32)


@pytest.fixture(scope="module", params=[name for name in BACKBONES if name != VGG19.name])
def backbone(request):
    return BACKBONES[request.param]


@pytest.fixture(scope="module")
def narrow(backbone):
    return backbone.at_width(1 / 8)


@pytest.fixture(scope="module")
def network(narrow):
    network = build(seed=3, backbone=narrow)
    randomise_averages(network)
    return network


@pytest.fixture(scope="module")
def outputs(network):
    """What the network says of the images."""
    return np.asarray(network(IMAGES))


@pytest.fixture(scope="module")
def other(narrow):
    return build(seed=4, backbone=narrow)


@pytest.fixture
def blank(other):
    """A second network, all of whose weights are 0."""
    other.set_weights([np.zeros_like(weight) for weight in other.get_weights()])
    return other


@pytest.fixture(scope="module")
def application(backbone):
    """What keras.applications builds, with random weights."""
    keras.utils.set_random_seed(5)
    make = getattr(keras.applications, backbone.application)
    application = make(include_top=False, weights=None, input_shape=(128, 128, 3))
    randomise_averages(application)
    return application


@pytest.fixture(scope="module")
def body(backbone):
    """The body at full width."""
    inputs = keras.Input((128, 128, 3))
    end = connected(backbone.body, inputs, lambda number, layer: keras_layer(layer, number))
    return keras.Model(inputs, end)


def randomise_averages(network: keras.Model) -> None:
    """Give normalising layers the averages of a network that has seen images."""
    random = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(low, 1.5, layer.gamma.shape) for low in (0.5, -0.5, -0.5, 0.5)])
        if isinstance(layer, keras.layers.Normalization):
            layer.set_weights([random.random(3), random.uniform(0.5, 1.5, 3), np.array(0)])
            layer.finalize_state()


def same_weights(one: keras.Model, two: keras.Model) -> bool:
    pairs = zip(one.get_weights(), two.get_weights(), strict=True)
    return all(np.array_equal(*pair) for pair in pairs)


def test_layer_names_and_shapes_are_those_of_the_data(narrow, network):
    names = ["radiograph", "scaling", *(layer.name for layer in narrow.layers), "probabilities"]
    assert [layer.name for layer in network.layers] == names
    for layer in narrow.layers:
        assert network.get_layer(layer.name).output.shape[1:] == layer.output
        assert network.get_layer(layer.name).count_params() == layer.parameters


def test_with_the_weights_of_keras_applications_it_gives_the_same_output(backbone, application, body):
    weighted = [layer for layer in application.layers if layer.weights]
    pairs = zip(backbone.weighted_body, weighted, strict=True)
    set_arrays(body, {ours.name: tuple(theirs.get_weights()) for ours, theirs in pairs})
    expected = np.asarray(application(IMAGES))
    assert np.abs(expected).max() > 0.1
    assert np.abs(np.asarray(body(IMAGES)) - expected).max() <= 1e-5 * np.abs(expected).max()


def test_in_bfloat16_the_body_computes_in_it_and_the_head_in_float32(narrow):
    network = build(precision="bfloat16", backbone=narrow)
    for layer in narrow.layers:
        computes_in = "bfloat16" if layer in narrow.body else "float32"
        assert network.get_layer(layer.name).compute_dtype == computes_in
    assert {variable.dtype for variable in network.trainable_variables} == {"float32"}


def test_each_sees_what_it_expects(backbone, network):
    images = np.random.default_rng(0).random((2, 128, 128, 1), np.float32).repeat(3, axis=3)
    eye = keras.Model(network.input, network.get_layer("scaling").output)
    module = getattr(keras.applications, MODULES[backbone.name])
    assert eye.predict(images, verbose=0) == pytest.approx(module.preprocess_input(255 * images), abs=1e-3)


def test_stages_train_the_head_then_two_convolutions_then_all(backbone, network):
    settings = preset("seed").settings(backbone=backbone.name)
    for number, more in ((1, set()), (2, set(backbone.last_convolutions))):
        freeze(network, settings.stage(number))
        trained = {layer.name for layer in network.layers if layer.weights and layer.trainable}
        assert trained == {*DENSE_LAYERS} | more
    freeze(network, settings.stage(3))
    assert all(layer.trainable for layer in network.layers if layer.weights)


def test_frozen_batch_normalisation_uses_its_averages_and_keeps_them(backbone, network):
    freeze(network, preset("seed").settings(backbone=backbone.name).stage(1))
    body = segment(network, None, backbone.end)
    before = [weight.copy() for weight in body.get_weights()]
    rates = [layer.rate for layer in body.layers if isinstance(layer, keras.layers.Dropout)]
    training, predicting = body(IMAGES, training=True), body(IMAGES, training=False)
    assert bool(rates) or np.array_equal(training, predicting)
    assert all(np.array_equal(*pair) for pair in zip(before, body.get_weights(), strict=True))


def test_segments_in_a_row_are_the_network(backbone, network, outputs):
    x = IMAGES
    for ends in ((None, backbone.cut_layer), (backbone.cut_layer, "fc2"), ("fc2", None)):
        x = segment(network, *ends)(x)
    assert np.allclose(x, outputs, atol=1e-6)


def test_what_is_saved_comes_back_whatever_was_frozen(backbone, narrow, network, outputs, blank, tmp_path):
    settings = preset("seed").settings(backbone=backbone.name)
    path = tmp_path / settings.stage(1).file
    freeze(network, settings.stage(1))
    save(network, path, ModelRecord(run="r", backbone=narrow.name, width=narrow.width))
    freeze(blank, settings.stage(3))
    assert restore(blank, path).run == read_record(path).run == "r"
    assert same_weights(network, blank)
    assert np.array_equal(outputs, blank(IMAGES))
    assert np.array_equal(outputs, keras.models.load_model(path, compile=False)(IMAGES))


def test_what_0_1_0_saved_comes_back(backbone, narrow, network, outputs, blank, tmp_path):
    """It built the backbone as one layer of the network, and its record did not name the backbone."""
    inputs = keras.Input((128, 128, 3))
    body = segment(network, "scaling", narrow.end)
    x = body(network.get_layer("scaling")(inputs))
    for name in [*(layer.name for layer in narrow.head), "probabilities"]:
        x = network.get_layer(name)(x)
    path = tmp_path / f"{backbone.name}_model_01.weights.h5"
    keras.Model(inputs, x).save_weights(path)
    write_record(path, ModelRecord(run="r", backbone="", width=narrow.width))
    assert restore(blank, path).backbone == read_record(path).backbone == backbone.name
    assert same_weights(network, blank)
    assert np.array_equal(outputs, blank(IMAGES))


def test_it_starts_from_a_file_of_keras_applications(backbone, application, body, tmp_path):
    weights = application.get_weights()
    application.save_weights(tmp_path / "new.weights.h5")
    application.save(tmp_path / "old.h5")
    for path in tmp_path.iterdir():
        body.set_weights([np.zeros_like(weight) for weight in weights])
        assert load_starting_weights(body, backbone, str(path)) == path.name
        assert all(np.array_equal(*pair) for pair in zip(weights, body.get_weights(), strict=True))


def test_it_refuses_a_file_that_does_not_fit(backbone, narrow, network, blank, tmp_path):
    (tmp_path / "bad.h5").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="bad.h5 is not a Keras HDF5 weights file"):
        load_starting_weights(blank, narrow, str(tmp_path / "bad.h5"))
    segment(network, "scaling", narrow.end).save(tmp_path / "narrow.h5")
    with pytest.raises(WeightsError, match=f"Choose a file of {backbone.title} as trained here"):
        load_starting_weights(blank, backbone, str(tmp_path / "narrow.h5"))


def test_an_unknown_backbone_or_layers_of_another_are_refused():
    with pytest.raises(UserError, match=f"backbone is 'vgg16'; choose from {', '.join(BACKBONES)}"):
        preset("seed").settings(backbone="vgg16")
    with pytest.raises(UserError, match="ResNet50 has no layer 'block5_conv4'"):
        strategy = Strategy("late", ("block5_conv4",))
        preset("seed").settings(backbone="resnet50", stages=(1, 4), strategy=strategy)


def test_a_missing_file_is_said(network, tmp_path):
    with pytest.raises(WeightsError, match="The weights file .* does not exist"):
        restore(network, tmp_path / "gone.h5")
