"""Where the Winograd convolution is used in place of Keras's own."""

from typing import Any, cast

import keras

from core.architecture import WINOGRAD_CHANNELS


def use_winograd(model: keras.Model) -> None:
    """Make the 3 x 3 convolutions of a model, in float32, use Winograd's algorithm.

    It has a quarter of the multiplications, needs a stride of 1 and zero padding, is faster for many channels
    on a processor, and is written for TensorFlow; elsewhere nothing changes. Functions that are already
    traced are unaffected. Each batch size is compiled once.
    """
    if keras.backend.backend() != "tensorflow" or keras.distribution.list_devices("gpu"):
        return
    from core.network.winograd_convolution import convolution  # imported lazily: it brings TensorFlow

    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D) and cast(Any, layer.kernel).shape[2] >= WINOGRAD_CHANNELS:
            layer.convolution_op = convolution  # pyright: ignore[reportAttributeAccessIssue]  # replaces a method
