"""A faster way through the convolutions of VGG19, where there is one."""

import keras

FEWEST_CHANNELS = 64


def hasten(model: keras.Model) -> None:
    """Let the convolutions of VGG19, or of a part of it, in float32 compute by Winograd's algorithm.

    They are all 3 x 3 with stride 1 and a border of zeros, as it needs them; it has a quarter of the
    multiplications. It is faster for many channels, on a processor, and written for TensorFlow; elsewhere and
    for few channels nothing changes. What is traced before computes as before. Each size of a batch is
    compiled anew.
    """
    if keras.backend.backend() != "tensorflow" or keras.distribution.list_devices("gpu"):
        return
    from core.network.winograd import convolution  # here, because it brings TensorFlow

    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel.shape[2] >= FEWEST_CHANNELS:
            layer.convolution_op = convolution
