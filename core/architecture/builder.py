"""Writing a network down layer by layer: each method appends one layer and works out its shapes."""

from math import ceil, prod

from core.architecture.interface import CHANNELS, IMAGE_SIZE
from core.architecture.layer import Kind, Layer, Weight

INPUT = "image"  # the name by which the first layer takes the input


class Builder:
    """A growing list of layers; each takes the output of the one before it unless `after` names others.

    Args:
        shape: of the input for one image.
        inputs: name of the layer that gives it.
        width: share of the channels and units that the network has.

    Attributes:
        layers: so far, in order.
        last: name of the layer whose output comes next.
    """

    def __init__(
        self,
        shape: tuple[int, ...] = (IMAGE_SIZE, IMAGE_SIZE, CHANNELS),
        inputs: str = INPUT,
        width: float = 1.0,
    ):
        self.layers: list[Layer] = []
        self.last = inputs
        self.width = width
        self._shapes: dict[str, tuple[int, ...]] = {inputs: shape}

    def narrowed(self, channels: int) -> int:
        """How many of these channels or units remain at the network's width; at least one."""
        return max(1, round(channels * self.width))

    def rescaling(self, name: str, factor: float) -> None:
        """Multiply by a number."""
        self._append(name, "rescaling", self._shapes[self.last], factor=factor)

    def normalization(self, name: str) -> None:
        """Subtract a mean from each channel and divide by the root of its variance."""
        shape = self._shapes[self.last]
        channels = shape[-1:]
        weights = (Weight("mean", channels), Weight("variance", channels), Weight("count", ()))
        self._append(name, "normalization", shape, weights=weights)

    def zero_padding(self, name: str, before: int, after: int) -> None:
        """Add rows and columns of zeros."""
        rows, columns, channels = self._shapes[self.last]
        added = before + after
        self._append(name, "zero_padding", (rows + added, columns + added, channels), border=(before, after))

    def convolution(
        self,
        name: str,
        filters: int,
        size: int,
        stride: int = 1,
        padding: str = "same",
        bias: bool = True,
        activation: str = "",
        after: str = "",
    ) -> None:
        """Convolve with `filters` kernels of size x size."""
        rows, columns, channels = self._shapes[after or self.last]
        weights = (Weight("kernel", (size, size, channels, filters)),)
        if bias:
            weights += (Weight("bias", (filters,)),)
        output = (_side(rows, size, stride, padding), _side(columns, size, stride, padding), filters)
        self._append(
            name,
            "convolution",
            output,
            weights=weights,
            stride=stride,
            padding=padding,
            activation=activation,
            after=(after,) if after else (),
        )

    def depthwise_convolution(self, name: str, size: int, stride: int = 1, padding: str = "same") -> None:
        """Convolve each channel with its own kernel, without a bias."""
        rows, columns, channels = self._shapes[self.last]
        output = (_side(rows, size, stride, padding), _side(columns, size, stride, padding), channels)
        weights = (Weight("kernel", (size, size, channels, 1)),)
        self._append(name, "depthwise_convolution", output, weights=weights, stride=stride, padding=padding)

    def transposed_convolution(self, name: str, filters: int, size: int) -> None:
        """Enlarge each pixel to size x size pixels: a convolution with that stride, backwards."""
        rows, columns, channels = self._shapes[self.last]
        weights = (Weight("kernel", (size, size, filters, channels)), Weight("bias", (filters,)))
        output = (rows * size, columns * size, filters)
        self._append(name, "transposed_convolution", output, weights=weights, size=size, stride=size)

    def batch_normalization(self, name: str, epsilon: float, after: str = "") -> None:
        """Normalise each channel by its moving average and variance."""
        shape = self._shapes[after or self.last]
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        weights = tuple(Weight(weight, shape[-1:]) for weight in names)
        inputs = (after,) if after else ()
        self._append(name, "batch_normalization", shape, weights=weights, epsilon=epsilon, after=inputs)

    def activation(self, name: str, activation: str) -> None:
        """Apply `relu`, `silu` or `sigmoid`."""
        self._append(name, "activation", self._shapes[self.last], activation=activation)

    def pool(self, name: str, kind: Kind, size: int, stride: int) -> None:
        """Maximum or mean over windows of size x size, none of which crosses the border."""
        rows, columns, channels = self._shapes[self.last]
        output = (_side(rows, size, stride, "valid"), _side(columns, size, stride, "valid"), channels)
        self._append(name, kind, output, size=size, stride=stride, padding="valid")

    def global_average_pool(self, name: str) -> None:
        """Mean of each channel."""
        self._append(name, "global_average_pool", self._shapes[self.last][-1:])

    def reshape(self, name: str, shape: tuple[int, ...]) -> None:
        """The same values in another shape."""
        self._append(name, "reshape", shape)

    def dropout(self, name: str, rate: float, noise_shape: tuple[int | None, ...] = ()) -> None:
        """Set values to zero at random in training."""
        self._append(name, "dropout", self._shapes[self.last], rate=rate, noise_shape=noise_shape)

    def merge(self, name: str, kind: Kind, after: tuple[str, ...]) -> None:
        """Add, multiply or concatenate the outputs of other layers."""
        shape = self._shapes[after[0]]
        if kind == "concatenate":
            shape = (*shape[:-1], sum(self._shapes[layer][-1] for layer in after))
        self._append(name, kind, shape, after=after)

    def flatten(self, name: str) -> None:
        """All values of an image in one row: rows, then columns, then channels."""
        self._append(name, "flatten", (prod(self._shapes[self.last]),))

    def dense(self, name: str, units: int, activation: str = "") -> None:
        """Multiply by a matrix and add a bias."""
        weights = (Weight("kernel", (*self._shapes[self.last], units)), Weight("bias", (units,)))
        self._append(name, "dense", (units,), weights=weights, activation=activation)

    def _append(
        self, name: str, kind: Kind, output: tuple[int, ...], after: tuple[str, ...] = (), **attributes
    ) -> None:
        self.layers.append(Layer(name, kind, after or (self.last,), output, **attributes))
        self._shapes[name] = output
        self.last = name


def _side(side: int, size: int, stride: int, padding: str) -> int:
    """Length of the output's side."""
    return ceil(side / stride) if padding == "same" else (side - size) // stride + 1
