"""Weights of models that compute otherwise: case 18 of what the field throws at the product."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from short_runs import NARROW, random_weights

from core.cli.weights import classes_question
from core.errors import UserError
from core.runs import import_weights
from core.weights import ModelRecord, WeightsError, read_foreign_model, write_model

Layers = list[dict[str, Any]]


def layer(kind: str, name: str, **values: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "dtype": "float32", **values}}


def method() -> Layers:
    """The layers of the method's network as Keras writes them down, from the input to the output."""
    layers = [layer("InputLayer", "image", batch_shape=[None, 128, 128, 3])]
    plain = {"padding": "same", "dilation_rate": [1, 1], "groups": 1, "data_format": "channels_last"}
    for item in NARROW.layers:
        last = item is NARROW.layers[-1]
        if item.kind == "convolution":
            shape = {"filters": item.kernel[-1], "kernel_size": [3, 3], "strides": [1, 1], "use_bias": True}
            layers.append(layer("Conv2D", item.name, activation="relu", **shape, **plain))
        elif item.kind == "max_pool":
            pool = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
            layers.append(layer("MaxPooling2D", item.name, data_format="channels_last", **pool))
        elif item.kind == "dense":
            activation = "softmax" if last else "relu"
            units = item.kernel[-1]
            layers.append(layer("Dense", item.name, units=units, use_bias=True, activation=activation))
        else:
            kind = {"flatten": "Flatten", "dropout": "Dropout"}[item.kind]
            layers.append(layer(kind, item.name, data_format="channels_last"))
    return layers


def sequential(layers: Layers) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "model", "layers": layers}}


def functional(layers: Layers, keras: int = 3) -> dict[str, Any]:
    """The same as a functional model in the notation of a version of Keras."""
    names = [item["config"]["name"] for item in layers]
    linked = []
    for position, item in enumerate(layers):
        source = names[position - 1]
        call = {"args": [{"config": {"keras_history": [source, 0, 0]}}], "kwargs": {}}
        calls = [] if not position else [call] if keras == 3 else [[[source, 0, 0, {}]]]
        linked.append({**item, "name": names[position], "inbound_nodes": calls})
    ends = {"input_layers": [[names[0], 0, 0]], "output_layers": [[names[-1], 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "model", "layers": linked, **ends}}


def nested(layers: Layers) -> dict[str, Any]:
    head = next(i for i, item in enumerate(layers) if item["class_name"] == "Flatten")
    body = functional(layers[:head])
    body["config"]["name"] = "vgg19"
    return sequential([layers[0], body, *layers[head:]])


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> bytes:
    """A narrow network's weights alone, as HDF5; the record tells its width."""
    path = tmp_path_factory.mktemp("plain") / "plain.h5"
    record = ModelRecord(width=NARROW.width)
    write_model(path, random_weights(NARROW.weighted), record)
    return path.read_bytes()


@pytest.fixture
def file_with(plain, tmp_path) -> Callable[..., Path]:
    """A weights file with a configuration, HDF5 or a .keras archive."""

    def write(config: dict | str, suffix: str = ".h5") -> Path:
        text = config if isinstance(config, str) else json.dumps(config)
        path = tmp_path / f"theirs{suffix}"
        if suffix == ".keras":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("metadata.json", "{}")
                archive.writestr("config.json", text)
                archive.writestr("model.weights.h5", plain)
        else:
            path.write_bytes(plain)
            with h5py.File(path, "r+") as file:
                file.attrs["model_config"] = text
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_foreign_model(path)
    assert path.name in str(caught.value)
    return str(caught.value)


SHAPES = {
    "sequential": sequential,
    "functional": functional,
    "functional of Keras 2": lambda layers: functional(layers, keras=2),
    "nested": nested,
}


@pytest.mark.parametrize("build", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_18_the_network_of_the_method_is_read_however_it_is_written(build, suffix, file_with):
    arrays, record, foreign = read_foreign_model(file_with(build(method()), suffix))
    assert foreign.compared and record.width == NARROW.width
    expected = random_weights(NARROW.weighted)
    assert all(np.array_equal(arrays[name][0], expected[name][0]) for name in expected)


def named(layers: Layers, name: str) -> dict[str, Any]:
    return next(item["config"] for item in layers if item["config"]["name"] == name)


def with_value(name: str, **values: Any) -> Layers:
    layers = method()
    named(layers, name).update(values)
    return layers


def with_layer(after: str, *added: dict[str, Any]) -> Layers:
    layers = method()
    position = [item["config"]["name"] for item in layers].index(after)
    return [*layers[: position + 1], *added, *layers[position + 1 :]]


def without(*names: str) -> Layers:
    return [item for item in method() if item["config"]["name"] not in names]


def swapped(first: str, second: str) -> Layers:
    names = {first: second, second: first}
    by_name = {item["config"]["name"]: item for item in method()}
    return [by_name[names.get(name, name)] for name in by_name]


def one_output() -> Layers:
    return with_value("predictions", units=1, activation="sigmoid")


INT8 = {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}}
LEAKY = {"class_name": "LeakyReLU", "config": {"negative_slope": 0.3}}
OTHERWISE = {
    "batch normalisation": (with_layer("block1_conv1", layer("BatchNormalization", "bn")), "bn (BatchNormal"),
    "normalisation in the head": (with_layer("fc1", layer("LayerNormalization", "ln")), "ln (LayerNormal"),
    "tanh": (with_value("fc1", activation="tanh"), "fc1 has activation tanh, expected relu"),
    "tanh in one convolution": (with_value("block4_conv2", activation="tanh"), "block4_conv2 has activation"),
    "leaky relu": (with_value("fc2", activation=LEAKY), "fc2 has activation leakyrelu"),
    "linear": (with_value("block2_conv1", activation="linear"), "has activation linear, expected relu"),
    "relu6": (with_value("fc1", activation="relu6"), "activation relu6"),
    "two sigmoid outputs": (with_value("predictions", activation="sigmoid"), "activation sigmoid"),
    "one sigmoid output": (one_output(), "predictions has units 1, expected 2"),
    "logits": (with_value("predictions", activation="linear"), "activation linear, expected softmax"),
    "three classes": (with_value("predictions", units=3), "predictions has units 3, expected 2"),
    "global average pooling": (
        [
            layer("GlobalAveragePooling2D", "gap") if item["class_name"] == "Flatten" else item
            for item in method()
        ],
        "gap (GlobalAveragePooling2D) where ours has flatten",
    ),
    "VGG16": (without("block3_conv4", "block4_conv4", "block5_conv4"), "where ours has block3_conv4"),
    "one dense layer less": (without("fc2"), "expected"),
    "one dense layer more": (with_layer("predictions", layer("Dense", "more", units=2)), "more (Dense)"),
    "input of 224": (with_value("image", batch_shape=[None, 224, 224, 3]), "its input is 224 x 224 x 3"),
    "one channel": (with_value("image", batch_shape=[None, 128, 128, 1]), "its input is 128 x 128 x 1"),
    "any size": (with_value("image", batch_shape=[None, None, None, 3]), "its input is ? x ? x 3"),
    "no input": (without("image"), "does not say which input"),
    "channels first": (
        with_value("block1_conv1", data_format="channels_first"),
        "data format channels_first, expected channels_last",
    ),
    "valid padding": (with_value("block3_conv2", padding="valid"), "padding valid, expected same"),
    "strides": (with_value("block1_conv2", strides=[2, 2]), "strides [2, 2], expected [1, 1]"),
    "dilation": (with_value("block5_conv1", dilation_rate=[2, 2]), "dilation rate [2, 2]"),
    "groups": (with_value("block5_conv1", groups=2), "groups 2, expected 1"),
    "average pools": (
        [
            {**item, "class_name": "AveragePooling2D"} if item["class_name"] == "MaxPooling2D" else item
            for item in method()
        ],
        "block1_pool (AveragePooling2D)",
    ),
    "overlapping pools": (with_value("block1_pool", pool_size=[3, 3]), "pool size [3, 3]"),
    "layers in another order": (
        swapped("block5_conv2", "block5_conv3"),
        "block5_conv3 where ours has block5_c",
    ),
    "quantised": (with_value("fc1", dtype=INT8), "fc1 is quantised (int8)"),
    "scaling of its own": (
        with_layer("image", layer("Rescaling", "r", scale=1 / 127.5, offset=-1)),
        "scales its input itself",
    ),
    "a division by 256": (
        with_layer("image", layer("Rescaling", "r", scale=1 / 256, offset=0.0)),
        "scales its input itself",
    ),
    "the means in another order": (
        with_layer("image", layer("Rescaling", "r", scale=1.0, offset=[-123.68, -116.779, -103.939])),
        "scales its input itself",
    ),
    "code": (with_layer("image", layer("Lambda", "l", function="os.system")), "l (Lambda)"),
    "an activation after an activation": (
        with_layer("fc1", layer("Activation", "a", activation="tanh")),
        "activation relu, then tanh",
    ),
    "a softmax over another axis": (
        with_layer("predictions", layer("Softmax", "s", axis=0)),
        "s (Softmax) has settings of its own",
    ),
    "an activation object with settings": (
        with_value("fc1", activation={"class_name": "ReLU", "config": {"max_value": 6.0}}),
        "ReLU with settings of its own",
    ),
    "a leaky relu as an activation object": (
        with_value("fc1", activation={"class_name": "ReLU", "config": {"negative_slope": 0.2}}),
        "ReLU with settings of its own",
    ),
    "a relu with a ceiling": (
        with_layer("fc1", layer("ReLU", "r6", max_value=6.0)),
        "r6 (ReLU) has settings",
    ),
}


@pytest.mark.parametrize(("layers", "difference"), OTHERWISE.values(), ids=OTHERWISE)
@pytest.mark.parametrize("build", [sequential, functional], ids=["sequential", "functional"])
def test_18_what_computes_otherwise_is_refused_with_what_differs(layers, difference, build, file_with):
    if build is functional and layers[0]["class_name"] != "InputLayer":
        pytest.skip("a functional model has an input")
    assert difference in refusal(file_with(build(layers)))


SAME = {
    "no dropout": without("dropout"),
    "more dropout": with_layer("fc2", layer("Dropout", "d", rate=0.5), layer("GaussianNoise", "g")),
    "augmentation": with_layer("image", layer("RandomFlip", "f"), layer("RandomRotation", "r")),
    "activations as layers": [
        item
        for before in method()
        for item in (
            (
                {**before, "config": {**before["config"], "activation": "linear"}},
                layer(
                    "Activation", before["config"]["name"] + "_a", activation=before["config"]["activation"]
                ),
            )
            if "activation" in before["config"]
            else (before,)
        )
    ],
    "softmax as a layer": with_layer("predictions", layer("Softmax", "s"))[:-2]
    + [layer("Dense", "predictions", units=2, activation=None), layer("Softmax", "s", axis=-1)],
    "half precision": with_value("fc1", dtype={"class_name": "DTypePolicy", "config": {"name": "float16"}}),
    "pools that pad": with_value("block2_pool", padding="same"),
    "pools without strides": with_value("block2_pool", strides=None),
}


@pytest.mark.parametrize("layers", SAME.values(), ids=SAME)
def test_18_what_makes_no_difference_to_an_answer_is_accepted(layers, file_with):
    assert read_foreign_model(file_with(functional(layers)))[2].compared


@pytest.mark.parametrize(
    ("scale", "offset", "scaling"),
    [
        (255, [-103.939, -116.779, -123.68], "imagenet"),
        (1, [-103.939, -116.779, -123.68], "imagenet"),  # of bytes
        (1 / 255, 0.0, "unit"),
    ],
)
def test_18_a_scaling_of_the_model_itself_decides(scale, offset, scaling, file_with, tmp_path):
    path = file_with(functional(with_layer("image", layer("Rescaling", "s", scale=scale, offset=offset))))
    assert read_foreign_model(path)[2].scaling == scaling
    other = {"imagenet": "unit", "unit": "imagenet"}[scaling]
    with pytest.raises(UserError, match=f"Import it with --scaling {scaling}"):
        import_weights(path, 3, other, folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    assert import_weights(path, 3, scaling, folder=tmp_path / "runs").status().state == "finished"


def test_18_branches_shared_layers_and_other_classes_are_refused(file_with):
    joined = functional(method())
    fc2 = next(item for item in joined["config"]["layers"] if item["name"] == "fc2")
    fc2["inbound_nodes"] = [[[["fc1", 0, 0, {}], ["flatten", 0, 0, {}]]]]
    assert "fc2 (Dense) joins 2 branches" in refusal(file_with(joined))
    shared = functional(method())
    fc2 = next(item for item in shared["config"]["layers"] if item["name"] == "fc2")
    fc2["inbound_nodes"] *= 2
    assert "fc2 is used 2 times" in refusal(file_with(shared))
    two = functional(method())
    two["config"]["output_layers"].append(["fc1", 0, 0])
    assert "1 inputs and 2 outputs" in refusal(file_with(two))
    assert "class MyModel" in refusal(file_with({"class_name": "MyModel", "config": {}}))
    circle = functional(method())
    circle["config"]["layers"][1]["inbound_nodes"] = [[[["fc1", 0, 0, {}]]]]
    assert "circle" in refusal(file_with(circle))


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"class_name": "Sequential", "config": 3}', "[" * 100_000]
)
def test_18_a_configuration_that_cannot_be_read_is_refused(text, file_with):
    assert "computes otherwise" in refusal(file_with(text)) or "damaged" in refusal(file_with(text))


def test_18_weights_alone_are_imported_with_a_remark(plain, tmp_path):
    path = tmp_path / "alone.h5"
    path.write_bytes(plain)
    run = import_weights(path, 3, "unit", folder=tmp_path / "runs")
    assert "Only the shapes of the weights could be compared" in run.status().notes[0]


def test_18_weights_alone_of_more_layers_are_refused(plain, tmp_path):
    path = tmp_path / "alone.h5"
    path.write_bytes(plain)
    with h5py.File(path, "r+") as file:
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            file[f"batch_normalization/{name}"] = np.ones(8, np.float32)
        file["dropout/seed_generator/state"] = np.zeros(2, np.uint32)
    assert "has weights of batch_normalization" in refusal(path)


@pytest.mark.parametrize(("dtype", "said"), [(np.int8, "int8"), (np.uint16, "uint16"), ("V2", "bfloat16")])
def test_18_quantised_weights_are_refused_by_their_type(dtype, said, plain, tmp_path):
    path = tmp_path / "quantised.h5"
    path.write_bytes(plain)
    with h5py.File(path, "r+") as file:
        del file["fc1/kernel"]
        file["fc1/kernel"] = np.zeros(NARROW.layer("fc1").kernel, dtype)
    with pytest.raises(WeightsError, match=f"numbers of type {said}"):
        read_foreign_model(path)


def test_18_weights_of_lora_are_refused(plain, tmp_path):
    path = tmp_path / "lora.h5"
    path.write_bytes(plain)
    with h5py.File(path, "r+") as file:
        file["fc1/lora_kernel_a"] = np.ones((1024, 4), np.float32)
        file["fc1/lora_kernel_b"] = np.ones((4, 576), np.float32)
    assert "another architecture" in refusal(path)


def zip_of(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return buffer.getvalue()


FORMATS = {
    "model.pt": (zip_of(archive__data_dot_pkl=b"", archive__version=b"3"), "is a PyTorch file"),
    "model.pth": (
        pickle.dumps({"weight": [1.0]}, 2),
        "is a Python pickle, as older PyTorch writes it, and is nev",
    ),
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(100), "is a TensorFlow Lite model"),
    "model.onnx": (b"\x08\x08\x12\x07pytorch" + bytes(100), "is an ONNX model"),
    "model.safetensors": ((90).to_bytes(8, "little") + b'{"a": 1}' + bytes(90), "is a safetensors file"),
    "saved_model.pb": (b"\x08\x01\x12" + bytes(100), "is part of a SavedModel"),
    "model.ckpt.index": (bytes(100), "is part of a TensorFlow checkpoint"),
    "model.ckpt.data-00000-of-00001": (bytes(100), "is part of a TensorFlow checkpoint"),
    "saved.zip": (zip_of(model__saved_model_dot_pb=b""), "is a zip of TensorFlow's SavedModel"),
    "weights.npz": (zip_of(a_dot_npy=b""), "is a NumPy archive"),
    "shards.keras": (
        zip_of(config_dot_json=b"{}", metadata_dot_json=b"{}", model_dot_weights_dot_json=b"{}"),
        "stored in several files",
    ),
    "other.zip": (zip_of(readme=b""), "is a zip without a Keras model"),
    "pointer.h5": (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
    "page.h5": (b"<!DOCTYPE html><html>", "is a web page"),
    "config.json": (b'{"class_name": "Sequential"}', "is JSON"),
    "text.h5": (b"weights", "damaged or cut short"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_18_files_of_other_programs_are_named_with_the_way_out(name, tmp_path):
    data, kind = FORMATS[name]
    (tmp_path / name).write_bytes(data)
    assert kind in refusal(tmp_path / name)


def test_18_folders_are_named(tmp_path):
    (tmp_path / "saved").mkdir()
    assert "is a folder. Give" in refusal(tmp_path / "saved")
    (tmp_path / "saved" / "saved_model.pb").touch()
    assert "SavedModel format" in refusal(tmp_path / "saved")


def test_18_hostile_archives_are_refused(file_with, plain, tmp_path, monkeypatch):
    path = file_with(sequential(method()), ".keras")
    bomb = path.with_name("bomb.keras")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(sequential(method())))
        archive.writestr("model.weights.h5", bytes(5_000_000))
    monkeypatch.setattr("core.weights.keras_archive.MAX_WEIGHTS", 4_500_000)
    assert "damaged" in refusal(bomb)
    monkeypatch.setattr("core.weights.keras_archive.MAX_WEIGHTS", 5_500_000)
    assert "damaged" in refusal(bomb)  # zeros
    data = path.read_bytes()
    for size in (100, len(data) // 2, len(data) - 30):
        path.write_bytes(data[:size])
        refusal(path)
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("config.json", "{}")
        archive.writestr("config.json", json.dumps(sequential(method())))
        archive.writestr("model.weights.h5", plain)
    assert "damaged" in refusal(path)


def test_18_an_auc_far_below_one_half_asks_about_the_classes():
    question = classes_question({"validation": {"auc": 0.06}, "test": {"auc": 0.041}})
    assert "AUC on test is 0.041" in question and "Are the classes the other way round?" in question
    assert "on validation" in classes_question({"validation": {"auc": 0.06}, "test": {"auc": None}})
    assert classes_question({"validation": {"auc": 0.45}, "test": {"auc": 0.93}}) == ""
    assert classes_question({}) == ""
