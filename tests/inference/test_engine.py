import os
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from openvino import opset13 as ops
from short_runs import random_weights

from core.architecture import BACKBONES, VGG19
from core.compilation import compiled, openvino_model
from core.config import processor
from core.errors import UserError
from core.images import Image, network_input
from core.inference import load_predictor
from core.inference.engine import Engine
from core.network import build, save
from core.runs import import_weights
from core.weights import ModelRecord, read_model, unpacked
from core.weights.packed import quantised

pytestmark = pytest.mark.slow

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 128, 128)).astype(np.uint8)


@pytest.fixture(scope="module", params=[name for name in BACKBONES if name != VGG19.name])
def backbone(request):
    return BACKBONES[request.param].at_width(1 / 8)


@pytest.fixture(scope="module")
def network(backbone):
    """A network with random weights; batch normalisation has seen something, too."""
    network, random = build(seed=3, backbone=backbone), np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            layer.set_weights([random.uniform(low, 1.5, shape) for low in (0.5, -0.5, -0.5, 0.5)])
    return network


@pytest.fixture(scope="module")
def path(backbone, network, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / f"{backbone.name}.h5"
    record = ModelRecord(run="r", backbone=backbone.name, width=backbone.width, scaling=backbone.scaling)
    save(network, path, record)
    return path


def test_the_compiled_backbone_gives_what_keras_gives(backbone, network, path):
    arrays, record = read_model(path)
    engine = Engine.of(arrays, record.scaling, backbone=backbone)
    parts = network.get_layer(backbone.heat_map_layer).output, network.output
    theirs, expected = map(np.asarray, keras.Model(network.input, parts)(network_input(PIXELS)))
    ours = engine.activations(PIXELS, "float32")
    assert np.abs(ours.transpose(0, 2, 3, 1) - theirs).max() < 1e-4 * np.abs(theirs).max()
    output = engine.head(ours)
    assert np.abs(output.probabilities - expected).max() < 1e-4
    assert [hidden.shape for hidden in output.hidden] == [(2, 4608 / 8), (2, 1152 / 8)]


def test_quantised_kernels_give_what_they_give_unpacked():
    backbone = VGG19.at_width(1 / 8)
    head = {layer.name for layer in backbone.weighted_head}
    stored = {
        name: (quantised(kernel, 2), bias) if name in head else (kernel, bias)
        for name, (kernel, bias) in random_weights(backbone.weighted).items()
    }
    plain = {name: tuple(map(unpacked, arrays)) for name, arrays in stored.items()}
    engines = [Engine.of(arrays, "imagenet", 0, backbone) for arrays in (stored, plain)]
    activations = engines[0].activations(PIXELS, "float32")
    found, expected = (engine.head(activations) for engine in engines)
    assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-6)
    assert found.hidden[-1] == pytest.approx(expected.hidden[-1], abs=1e-5 * float(expected.hidden[-1].max()))
    slope, expected_slope = (engine.slope(expected) for engine in engines)
    assert slope == pytest.approx(expected_slope, abs=1e-5 * float(np.abs(expected_slope).max()))


def test_large_kernels_of_the_head_are_rounded_to_sixteen_bits_at_most(monkeypatch):
    backbone = VGG19.at_width(1 / 4)
    arrays = random_weights(backbone.weighted)
    rounded = Engine.of(arrays, "imagenet", 0, backbone)
    monkeypatch.setattr("core.inference.engine_parts.LARGE", 10**9)
    exact = Engine.of(arrays, "imagenet", 0, backbone)
    activations = exact.activations(PIXELS, "float32")
    found, expected = rounded.head(activations), exact.head(activations)
    assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-4)
    for ours, theirs in zip(found.hidden, expected.hidden, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4 * float(theirs.max()))
    slope, expected_slope = rounded.slope(expected), exact.slope(expected)
    assert slope == pytest.approx(expected_slope, abs=1e-4 * float(np.abs(expected_slope).max()))


def test_only_the_last_engines_keep_a_body_in_float32_beside_their_first_one(monkeypatch):
    backbone = VGG19.at_width(1 / 8)
    engines = [Engine.of(random_weights(backbone.weighted), "imagenet", 1, backbone) for _ in range(4)]
    compilations = []

    def counted(model, precision, threads):
        compilations.append(precision)
        return compiled(model, precision, threads)

    monkeypatch.setattr("core.inference.engine.compiled", counted)
    *others, alone = engines
    expected = alone.activations(PIXELS, "float32")
    for engine in others:
        engine.activations(PIXELS, "bfloat16")
        assert np.array_equal(engine.activations(PIXELS, "float32"), expected)
    assert compilations == ["float32", *["bfloat16", "float32"] * 3]
    assert np.array_equal(others[0].activations(PIXELS, "float32"), expected)  # compiled again
    others[2].activations(PIXELS, "float32")
    alone.activations(PIXELS, "float32")
    assert compilations[7:] == ["float32"]


def test_a_compiled_model_rounds_no_activations_and_keeps_to_the_cores_it_may_use(monkeypatch):
    monkeypatch.setattr(processor, "cores", lambda: 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    x = ops.parameter([-1, 4], np.float32)
    made = compiled(openvino_model([ops.relu(x)], [x], "relu"), "float32", threads=0)
    assert made.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE") == 0
    assert made.get_property("INFERENCE_NUM_THREADS") == 1


def test_a_part_that_is_being_compiled_keeps_no_other_part_waiting(monkeypatch):
    backbone = VGG19.at_width(1 / 8)
    engine = Engine.of(random_weights(backbone.weighted), "imagenet", 1, backbone)
    output = engine.head(np.zeros((1, 64, 8, 8), np.float32))
    begun, others_computed = threading.Event(), threading.Event()

    def compiled_late(*arguments):
        begun.set()
        assert others_computed.wait(60)
        return compiled(*arguments)

    monkeypatch.setattr("core.inference.engine.compiled", compiled_late)
    with ThreadPoolExecutor() as threads:
        slopes = [threads.submit(engine.slope, output) for _ in range(2)]
        assert begun.wait(60)
        head = threads.submit(engine.head, np.ones((1, 64, 8, 8), np.float32))
        try:
            assert head.result(30).probabilities.shape == (1, 2)
        finally:
            others_computed.set()
        assert np.array_equal(*(slope.result() for slope in slopes))


def test_every_backbone_predicts_with_features_and_a_heat_map(backbone, path):
    predictor = load_predictor(path, "float32")
    outputs = predictor.outputs([Image("", pixels, "") for pixels in PIXELS], heat=True)
    assert [output.prediction.probability for output in outputs] == pytest.approx(
        predictor.probabilities(PIXELS), abs=1e-5
    )
    assert outputs[0].features.shape == backbone.output[-1:]
    assert outputs[0].heat.values.shape == backbone.output[:2]
    assert outputs[0].heat.over(PIXELS[0]).shape == (128, 128)


def test_a_file_of_every_backbone_can_be_imported(backbone, path, tmp_path):
    run = import_weights(path, 3, backbone.scaling, "imported", folder=tmp_path)
    assert run.settings().architecture is backbone
    assert run.weights_path(3).name == f"{backbone.name}_model_03.h5"
    given, imported = read_model(path)[0], read_model(run.weights_path(3))[0]
    for name, arrays in given.items():
        assert all(np.array_equal(*pair) for pair in zip(arrays, imported[name], strict=True))
    with pytest.raises(UserError, match=f"choose from {backbone.scaling}"):
        import_weights(path, 3, "unit", "other", folder=tmp_path)
