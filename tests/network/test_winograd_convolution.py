import keras
import numpy as np
import pytest
import tensorflow as tf

from core.network import use_winograd
from core.network.winograd_convolution import convolution

pytestmark = pytest.mark.slow

# Several tiles each way, more of them down; and one tile of one image, for one filter. Each is compiled anew.
SHAPES = [((5, 16, 12, 64), 128), ((1, 4, 4, 7), 1)]


@pytest.mark.parametrize("shape, filters", SHAPES)
def test_convolution_and_gradients_are_those_of_the_direct_way(shape, filters):
    numbers = np.random.default_rng(0)
    images, kernel, weights = (
        tf.constant(numbers.normal(size=size), tf.float32)
        for size in (shape, (3, 3, shape[-1], filters), (*shape[:-1], filters))
    )
    found = []
    for way in (lambda *both: tf.nn.conv2d(*both, 1, "SAME"), convolution):
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = way(images, kernel)
        found.append([outputs, *tape.gradient(outputs, [images, kernel], weights)])
    for direct, fast in zip(*found, strict=True):
        assert fast.shape == direct.shape
        assert np.abs(fast - direct).max() < 5e-5 * np.abs(direct).max()


def network(channels=64):
    """Two convolutions and something to learn."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, channels)),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, "softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    return model


def steps(model):
    """Losses of three steps."""
    numbers = np.random.default_rng(0)
    images = numbers.normal(size=(4, 8, 8, 64)).astype("float32")
    labels = np.eye(2, dtype="float32")[[0, 1, 0, 1]]
    return np.array([float(model.train_on_batch(images, labels)) for _ in range(3)])


def test_a_network_learns_the_same_with_the_winograd_convolution():
    direct, fast = network(), network()
    use_winograd(fast)
    theirs, ours = steps(direct), steps(fast)
    assert theirs[2] < theirs[0]
    assert ours == pytest.approx(theirs, rel=1e-3)
    for one, other in zip(direct.get_weights(), fast.get_weights(), strict=True):
        assert other == pytest.approx(one, abs=1e-4)
    assert not np.array_equal(direct.get_weights()[0], fast.get_weights()[0])  # it did go another way


def test_twice_the_same_training_gives_the_same_bits():
    first, second = network(), network()
    use_winograd(first), use_winograd(second)
    assert np.array_equal(steps(first), steps(second))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_few_channels_are_convolved_directly():
    """Of two convolutions the second uses Winograd's: the first one's output has the same bits."""
    direct, fast = network(channels=3), network(channels=3)
    use_winograd(fast)
    images = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
    once = [model.layers[0](images) for model in (direct, fast)]
    assert np.array_equal(*once)
    twice = [model.layers[1](once[0]) for model in (direct, fast)]
    assert not np.array_equal(*twice) and np.allclose(*twice, atol=1e-4)
