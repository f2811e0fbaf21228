"""A faster way through the convolutions of a network, where there is one."""

import keras

FEWEST_CHANNELS = 64


def hasten(model: keras.Model) -> None:
    """Let the 3 x 3 convolutions of a model in float32 compute by Winograd's algorithm.

    It has a quarter of the multiplications. It is faster for many channels, on a processor, and written for
    TensorFlow; elsewhere and for other layers nothing changes. What is traced before computes as before.
    Each size of a batch is compiled anew.
    """
    if keras.backend.backend() != "tensorflow" or keras.distribution.list_devices("gpu"):
        return
    from core.network.winograd import convolution  # here, because it brings TensorFlow

    for layer in model.layers:
        fits = isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (3, 3)
        if fits and layer.kernel.shape[2] >= FEWEST_CHANNELS:
            layer.convolution_op = convolution
