from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from openvino import opset13 as ops
from short_runs import random_weights

from core.architecture import VGG19
from core.compilation import compiled, gradients, layer_outputs, openvino_model
from core.network import build, set_arrays

pytestmark = pytest.mark.slow

NARROW = VGG19.at_width(1 / 16)
LAYERS = ("block3_conv4", "block4_conv4", "block5_conv4", "block5_pool", "fc1")


def test_gradients_are_those_of_keras():
    """Through dense layers, flattening, pools and convolutions, with a ReLU behind most of them."""
    network, arrays = build(backbone=NARROW), random_weights(NARROW.weighted)
    set_arrays(network, arrays)
    image = np.random.default_rng(0).uniform(-100, 100, (2, 128, 128, 3)).astype(np.float32)
    behind_scaling = network.layers[2].input
    parts = keras.Model(behind_scaling, [network.get_layer(name).output for name in (*LAYERS, "predictions")])
    with tf.GradientTape() as tape:
        *values, logits = parts(image)
        score = logits[:, 1] - logits[:, 0]
    slopes: Any = tape.gradient(score, values)
    expected = [slope.numpy() for slope in slopes]

    x = ops.parameter([-1, 3, 128, 128], np.float32)
    outputs = layer_outputs(NARROW.layers, arrays, x)
    behind = NARROW.layers[NARROW.position(LAYERS[0]) + 1 :]
    start = ops.parameter([-1, 2], np.float32)
    found = gradients(behind, arrays, outputs, start)
    model = openvino_model([found[name] for name in LAYERS], [x, start], "gradients")
    found_slopes = compiled(model, "float32", 1)(
        [image.transpose(0, 3, 1, 2), np.array([[-1, 1]] * 2, np.float32)]
    )
    for name, value, theirs, ours in zip(LAYERS, values, expected, found_slopes.values(), strict=True):
        if theirs.ndim == 4:  # of a window of zeros, Keras gives all to the first one
            ours = ours.transpose(0, 2, 3, 1)
            means = theirs.mean(axis=(1, 2))
            assert np.abs(ours.mean(axis=(1, 2)) - means).max() < 1e-4 * np.abs(means).max(), name
        active = np.asarray(value) > 0
        assert np.abs(theirs[active]).max() > 0, name
        assert np.abs(ours - theirs)[active].max() < 1e-4 * np.abs(theirs).max(), name
