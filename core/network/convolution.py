"""The convolution of VGG19, which has a faster way through training."""

import keras

FEWEST_CHANNELS = 64


class Convolution(keras.layers.Conv2D):
    """3 x 3 with a border of zeros.

    Attributes:
        hastened: it trains by `core.network.winograd`, with a quarter of the multiplications. Answers are
            always computed directly.
    """

    hastened = False

    def call(self, inputs, training=False):
        if not (self.hastened and training and self.trainable):
            return super().call(inputs)
        from core.network.winograd import convolution  # here, because it brings TensorFlow

        found = convolution(inputs, keras.ops.convert_to_tensor(self.kernel))
        return self.activation(keras.ops.add(found, self.bias))


def hasten(model: keras.Model) -> None:
    """Let those convolutions of a model, which computes in float32, train the faster way for which it is one.

    It is one for many channels, on a processor, with TensorFlow.
    """
    if keras.backend.backend() != "tensorflow" or keras.distribution.list_devices("gpu"):
        return
    for layer in model.layers:
        if isinstance(layer, Convolution):
            layer.hastened = layer.kernel.shape[2] >= FEWEST_CHANNELS
