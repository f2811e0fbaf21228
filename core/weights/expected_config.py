"""What Keras's configuration of a layer must hold for it to compute what ours does."""

from typing import Any

from core.architecture import Layer

KINDS = {
    "Conv2D": "convolution",
    "Convolution2D": "convolution",
    "DepthwiseConv2D": "depthwise_convolution",
    "BatchNormalization": "batch_normalization",
    "BatchNormalizationV1": "batch_normalization",
    "Activation": "activation",
    "ReLU": "activation",
    "Softmax": "activation",
    "ZeroPadding2D": "zero_padding",
    "MaxPooling2D": "max_pool",
    "MaxPool2D": "max_pool",
    "AveragePooling2D": "average_pool",
    "AvgPool2D": "average_pool",
    "GlobalAveragePooling2D": "global_average_pool",
    "GlobalAvgPool2D": "global_average_pool",
    "Rescaling": "rescaling",
    "Normalization": "normalization",
    "Reshape": "reshape",
    "Add": "add",
    "Multiply": "multiply",
    "Concatenate": "concatenate",
    "Flatten": "flatten",
    "Dense": "dense",
}
LAST = "channels_last"
OURS = ("ReLU", "Softmax")  # activations of our networks, as objects
ACTIVATION_SETTINGS = ("max_value", "negative_slope", "threshold")  # which change what it computes
SYNONYMS = {"swish": "silu"}  # of activations


def expected_values(layer: Layer, last: bool) -> dict[str, Any]:
    """Values of Keras's configuration by name.

    Args:
        layer: of ours.
        last: whether it is the network's last, whose logits softmax turns into probabilities.
    """
    activation = "softmax" if last else layer.activation or "linear"
    window = {"strides": [layer.stride] * 2, "data_format": LAST}
    kernel = {"kernel_size": list(layer.kernel[:2]), "dilation_rate": [1, 1], "padding": layer.padding}
    bias = {"use_bias": len(layer.weights) > 1, "activation": activation}
    match layer.kind:
        case "convolution":
            return {"filters": layer.kernel[-1], **kernel, **window, "groups": 1, **bias}
        case "depthwise_convolution":
            return {"depth_multiplier": layer.kernel[-1], **kernel, **window, **bias}
        case "dense":
            return {"units": layer.kernel[-1], **bias}
        case "max_pool" | "average_pool":
            # A window as wide as its stride divides every side: no padding is needed.
            padding = {} if layer.size == layer.stride else {"padding": layer.padding}
            return {"pool_size": [layer.size] * 2, **window, **padding}
        case "batch_normalization":
            return {"epsilon": layer.epsilon, "axis": -1, "center": True, "scale": True}
        case "zero_padding":
            return {"padding": [list(layer.border)] * 2, "data_format": LAST}
        case "global_average_pool":
            return {"keepdims": False, "data_format": LAST}
        case "rescaling":
            return {"scale": layer.factor, "offset": 0.0}
        case "normalization":
            return {"axis": -1, "mean": None, "variance": None, "invert": False}
        case "reshape":
            return {"target_shape": list(layer.output)}
        case "concatenate":
            return {"axis": -1}
        case "activation":
            return {"activation": activation}
        case "flatten":
            return {"data_format": LAST}
    return {}  # sums and products


def plain_value(name: str, value: Any) -> Any:
    """A value of a configuration as `expected_values` writes it."""
    if name == "axis" and value in (3, [3], [-1]):  # of an image's four axes, the last
        return -1
    if isinstance(value, list | tuple):
        return [plain_value("", item) for item in value]
    return value


def plain_activation(value: Any) -> str:
    """An activation's name, also of one that was saved as an object."""
    if isinstance(value, dict):
        settings = value.get("config") or {}
        if value.get("class_name") in OURS and (
            any(settings.get(name) for name in ACTIVATION_SETTINGS)
            or settings.get("axis", -1) not in (-1, 1, [-1], [1])
        ):
            return f"{value.get('class_name')} with settings of its own"
        value = value.get("config") if value.get("class_name") == "function" else value.get("class_name")
    name = "linear" if value is None else str(value).lower()
    return SYNONYMS.get(name, name)
