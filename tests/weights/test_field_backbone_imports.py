"""Models of other backbones that compute otherwise: case 18 of what the field throws at the product."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from core.architecture import BACKBONES, VGG19, Backbone
from core.network import build, save
from core.weights import ModelRecord, WeightsError, read_foreign_model
from core.weights.keras_graph import ConfigError
from core.weights.model_config import check_config

pytestmark = pytest.mark.slow
OTHERS = [name for name in BACKBONES if name != VGG19.name]
Config = dict[str, Any]


@pytest.fixture(scope="module", params=OTHERS)
def backbone(request) -> Backbone:
    return BACKBONES[request.param].at_width(1 / 8)


@pytest.fixture(scope="module")
def network(backbone) -> keras.Model:
    return build(seed=3, backbone=backbone)


@pytest.fixture(scope="module")
def saved(backbone, network, tmp_path_factory) -> Path:
    """The narrow network as Keras saves it."""
    path = tmp_path_factory.mktemp(backbone.name) / "theirs.h5"
    save(network, path, ModelRecord(backbone=backbone.name, width=backbone.width))
    return path


@pytest.fixture
def config(saved) -> Config:
    with h5py.File(saved) as file:
        return json.loads(file.attrs["model_config"])


def layer(config: Config, name: str) -> Config:
    return next(item for item in config["config"]["layers"] if item["config"]["name"] == name)


def set_values(name: str, **values: Any) -> Callable[[Config], None]:
    return lambda config: layer(config, name)["config"].update(values)


def set_class(name: str, keras_class: str) -> Callable[[Config], None]:
    return lambda config: layer(config, name).update(class_name=keras_class)


def both(*changes: Callable[[Config], None]) -> Callable[[Config], None]:
    return lambda config: [change(config) for change in changes]


def take(name: str, *sources: str) -> Callable[[Config], None]:
    """The layer takes the outputs of other layers."""

    def change(config: Config) -> None:
        histories = [
            {"class_name": "__keras_tensor__", "config": {"keras_history": [source, 0, 0]}}
            for source in sources
        ]
        args = [histories] if len(histories) > 1 else histories
        layer(config, name)["inbound_nodes"] = [{"args": args, "kwargs": {}}]

    return change


def insert(keras_class: str, name: str, before: str, after: str, **values: Any) -> Callable[[Config], None]:
    """A new layer between two that follow one another."""

    def change(config: Config) -> None:
        added = {"class_name": keras_class, "config": {"name": name, "dtype": "float32", **values}}
        config["config"]["layers"].append({**added, "name": name, "inbound_nodes": []})
        take(name, after)(config)
        take(before, name)(config)

    return change


OTHERWISE = {
    "resnet50": {
        "strides of version 1.5": (
            both(
                set_values("conv3_block1_1_conv", strides=[1, 1]),
                set_values("conv3_block1_2_conv", strides=[2, 2]),
            ),
            "conv3_block1_1_conv has strides [1, 1], expected [2, 2]",
        ),
        "another epsilon": (
            set_values("conv4_block2_1_bn", epsilon=1e-3),
            "conv4_block2_1_bn has epsilon 0.001, expected 1.001e-05",
        ),
        "no scale": (set_values("conv1_bn", scale=False), "conv1_bn has scale False, expected True"),
        "another axis": (set_values("conv1_bn", axis=1), "conv1_bn has axis 1, expected -1"),
        "another activation": (
            set_values("conv2_block1_out", activation="gelu"),
            "conv2_block1_out has activation gelu, expected relu",
        ),
        "an activation before the sum": (
            both(
                take("conv2_block2_out", "conv2_block2_3_bn"),
                take("conv2_block2_add", "conv2_block1_out", "conv2_block2_out"),
                take("conv2_block3_1_conv", "conv2_block2_add"),
                take("conv2_block3_add", "conv2_block2_add", "conv2_block3_3_bn"),
            ),
            "where ours has conv2_block2_add (add)",
        ),
        "another shortcut": (
            take("conv2_block3_add", "conv2_block1_out", "conv2_block3_3_bn"),
            "conv2_block3_add (Add) takes the output of conv2_block1_out and conv2_block3_3_bn, "
            "expected that of conv2_block2_out and conv2_block3_3_bn",
        ),
        "a mean instead of a sum": (
            set_class("conv5_block3_add", "Average"),
            "it has conv5_block3_add (Average) where ours has conv5_block3_add (add)",
        ),
        "three summands": (
            take("conv2_block3_add", "conv2_block2_out", "conv2_block3_3_bn", "pool1_pool"),
            "conv2_block3_add (Add) joins 3 branches, ours has 2",
        ),
        "no zeros at the border": (
            both(
                set_values("conv1_pad", padding=[[0, 0], [0, 0]]),
                set_values("conv1_conv", padding="same"),
            ),
            "conv1_pad has padding [[0, 0], [0, 0]], expected [[3, 3], [3, 3]]",
        ),
        "a pool that pads": (set_values("pool1_pool", padding="same"), "pool1_pool has padding same"),
        "mean of the channels before the head": (
            set_class("flatten", "GlobalAveragePooling2D"),
            "flatten (GlobalAveragePooling2D) where ours has flatten",
        ),
        "a sigmoid in the head": (set_values("fc2", activation="sigmoid"), "fc2 has activation sigmoid"),
        "another scaling": (set_values("scaling", offset=[-127.5] * 3), "it scales its input itself"),
    },
    "densenet121": {
        "concatenated the other way round": (
            take("conv2_block2_concat", "conv2_block2_2_conv", "conv2_block1_concat"),
            "conv2_block2_concat (Concatenate) takes the output of",
        ),
        "maxima instead of means": (
            set_class("pool3_pool", "MaxPooling2D"),
            "pool3_pool (MaxPooling2D) where ours has pool3_pool (average pool)",
        ),
        "another stride": (set_values("pool4_pool", strides=[1, 1]), "pool4_pool has strides [1, 1]"),
    },
    "efficientnetb0": {
        "the second scaling of ImageNet's weights": (
            insert(
                "Rescaling",
                "rescaling_1",
                before="stem_conv_pad",
                after="normalization",
                scale=2.1,
                offset=0.0,
            ),
            "it has rescaling_1 (Rescaling) where ours has stem_conv_pad (zero padding)",
        ),
        "another factor": (set_values("rescaling", scale=1 / 127.5), "rescaling has scale"),
        "an offset": (set_values("rescaling", offset=-1.0), "rescaling has offset -1.0, expected 0.0"),
        "relu": (
            set_values("block3a_activation", activation="relu"),
            "block3a_activation has activation relu, expected silu",
        ),
        "a hard sigmoid": (
            set_values("block1a_se_expand", activation="hard_sigmoid"),
            "block1a_se_expand has activation hard_sigmoid, expected sigmoid",
        ),
        "a sum instead of a product": (
            set_class("block2a_se_excite", "Add"),
            "block2a_se_excite (Add) where ours has block2a_se_excite (multiply)",
        ),
        "no shortcut": (
            take("block3a_expand_conv", "block2b_drop"),
            "(Conv2D) where ours has block2b_add (add)",
        ),
        "dilation": (
            set_values("block5a_dwconv", dilation_rate=[2, 2]),
            "block5a_dwconv has dilation rate [2, 2], expected [1, 1]",
        ),
    },
}


def test_18_a_network_that_computes_alike_is_read(backbone, network, saved):
    arrays, record, foreign = read_foreign_model(saved)
    assert (foreign.compared, foreign.scaling, record.backbone) == (True, backbone.scaling, backbone.name)
    for item in backbone.weighted:
        pairs = zip(arrays[item.name], network.get_layer(item.name).get_weights(), strict=True)
        assert all(np.array_equal(*pair) for pair in pairs), item.name


def test_18_what_computes_otherwise_is_refused_with_what_differs(backbone, config):
    for change, difference in OTHERWISE[backbone.name].values():
        changed = deepcopy(config)
        change(changed)
        with pytest.raises(ConfigError) as caught:
            check_config(json.dumps(changed), backbone)
        assert difference in str(caught.value)


def test_18_such_a_file_is_refused_by_its_name(backbone, saved, config, tmp_path):
    change, difference = next(iter(OTHERWISE[backbone.name].values()))
    change(config)
    path = tmp_path / "changed.h5"
    path.write_bytes(saved.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(WeightsError) as caught:
        read_foreign_model(path)
    assert "changed.h5 computes otherwise than the model here" in str(caught.value)
    assert difference in str(caught.value)


@pytest.mark.parametrize("name", OTHERS)
def test_18_keras_applications_agree_in_any_form(name):
    """The body flat, or as a layer of a functional or sequential model, with activations as layers or not."""
    backbone = BACKBONES[name]
    make = getattr(keras.applications, backbone.application)
    body = make(include_top=False, weights=None, input_shape=(128, 128, 3))
    inputs = keras.Input((128, 128, 3))
    flat = keras.Model(body.input, head(body.output))
    nested = keras.Model(inputs, head(body(inputs)))
    sequential = keras.Sequential([inputs, body, *head_layers()])
    for model in (flat, nested, sequential):
        assert check_config(model.to_json(), backbone) == ""


def head_layers() -> list[keras.layers.Layer]:
    """The method's head; its weights, which nobody looks at, are 0: to draw so many takes seconds."""
    layers = keras.layers
    dense = partial(layers.Dense, kernel_initializer="zeros")
    first = [layers.Flatten(), dense(4608), layers.ReLU(), layers.Dropout(0.5)]
    return [*first, dense(1152, "relu"), dense(2), layers.Softmax()]


def head(values):
    for item in head_layers():
        values = item(values)
    return values
