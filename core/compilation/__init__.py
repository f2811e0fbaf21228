"""Networks of `core.architecture` and their plain arrays, compiled by OpenVINO."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.compilation.backpropagation import gradients
    from core.compilation.faster_convolution import (
        ConvolutionTimes,
        convolution_times,
        uses_winograd,
        winograd_pays,
    )
    from core.compilation.network import compiled, layer_outputs, openvino_model
    from core.compilation.operations import LayerArrays, Tensor, by_channel, times_transposed
    from core.compilation.shared_passes import SharedPasses, release_memory

__all__ = [
    "ConvolutionTimes",
    "LayerArrays",
    "SharedPasses",
    "Tensor",
    "by_channel",
    "compiled",
    "convolution_times",
    "gradients",
    "layer_outputs",
    "openvino_model",
    "release_memory",
    "times_transposed",
    "uses_winograd",
    "winograd_pays",
]

open_door(__name__)
