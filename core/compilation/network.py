"""Layers and arrays to an OpenVINO model, and the model compiled for this processor."""

from collections.abc import Mapping, Sequence

import openvino

from core.architecture import Layer
from core.compilation.operations import LayerArrays, Tensor, apply_layer
from core.compilation.winograd_convolution import can_gain, winograd_convolution
from core.config import processor

TYPES = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}


def layer_outputs(
    layers: Sequence[Layer], arrays: Mapping[str, LayerArrays], x: Tensor, winograd: bool = False
) -> dict[str, Tensor]:
    """The output of each layer by name; the first one takes `x`.

    Args:
        layers: in an order in which each comes after its inputs.
        arrays: weights by layer name, in Keras's layout.
        x: of shape (n, channels, rows, columns).
        winograd: whether convolutions that can gain from it go by Winograd's algorithm: in float32 only.
    """
    outputs = {layers[0].inputs[0]: x}
    for layer in layers:
        inputs = [outputs[name] for name in layer.inputs]
        convolution = winograd_convolution if winograd and can_gain(layer) else None
        outputs[layer.name] = apply_layer(layer, inputs, arrays.get(layer.name, ()), convolution)
    return outputs


def openvino_model(results: Sequence[Tensor], parameters: Sequence[Tensor], name: str) -> openvino.Model:
    """A model from its inputs and outputs."""
    # OpenVINO's stub binds the constructor to the class that it wraps.
    return openvino.Model(list(results), list(parameters), name)  # pyright: ignore[reportGeneralTypeIssues]


def compiled(model: openvino.Model, precision: str, threads: int) -> openvino.CompiledModel:
    """Compiled for the processor, in an explicit precision: OpenVINO's default depends on the processor.

    Args:
        model: to compile.
        precision: `float32` or `bfloat16`.
        threads: to compute with; 0 for one per core.
    """
    if processor.is_limited():  # OpenVINO does not see the limit of a container
        threads = threads or processor.cores()
    hints = {
        "INFERENCE_PRECISION_HINT": TYPES[precision],
        "PERFORMANCE_HINT": "LATENCY",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # else VNNI rounds what goes into eight-bit layers
    }
    if threads:
        hints["INFERENCE_NUM_THREADS"] = threads
        hints["ENABLE_CPU_PINNING"] = False  # pinned, several processes would share one core
    return openvino.Core().compile_model(model, "CPU", hints)
