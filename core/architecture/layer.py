"""One layer of a network as data: its name, kind, inputs, shapes and attributes."""

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

Kind = Literal[
    "rescaling",
    "normalization",
    "zero_padding",
    "convolution",
    "depthwise_convolution",
    "transposed_convolution",
    "batch_normalization",
    "activation",
    "max_pool",
    "average_pool",
    "global_average_pool",
    "reshape",
    "dropout",
    "add",
    "multiply",
    "concatenate",
    "flatten",
    "dense",
]
WINOGRAD_CHANNELS = 64  # with fewer input channels, the Winograd convolution is not faster
CONVOLUTIONS = ("convolution", "depthwise_convolution")


class Weight(NamedTuple):
    """Name and shape of one array of a layer."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: as in keras.applications; the head uses `fc1`, `fc2` and `predictions`.
        kind: what it computes.
        inputs: names of the layers whose outputs it takes.
        output: shape of its output for one image.
        weights: its arrays in Keras's order.
        activation: applied to the output: `relu`, `silu`, `sigmoid` or none.
        size: side of the pooling window.
        stride: of a convolution or pool.
        padding: of a convolution or pool, `same` or `valid`.
        border: rows (and columns) of zeros that `zero_padding` adds before and after.
        factor: that `rescaling` multiplies by.
        epsilon: that `batch_normalization` adds to the variance.
        rate: of `dropout`.
        noise_shape: of `dropout`; () drops single values.
    """

    name: str
    kind: Kind
    inputs: tuple[str, ...]
    output: tuple[int, ...]
    weights: tuple[Weight, ...] = ()
    activation: str = ""
    size: int = 1
    stride: int = 1
    padding: str = "same"
    border: tuple[int, int] = (0, 0)
    factor: float = 1.0
    epsilon: float = 0.0
    rate: float = 0.0
    noise_shape: tuple[int | None, ...] = ()

    @property
    def block(self) -> str:
        """The block that it belongs to: what its name begins with."""
        return self.name.partition("_")[0]

    @property
    def kernel(self) -> tuple[int, ...]:
        """Shape of its kernel; () for a layer without one."""
        return next((weight.shape for weight in self.weights if weight.name == "kernel"), ())

    @property
    def gains_from_winograd(self) -> bool:
        """Whether the Winograd convolution is faster: 3 x 3 with stride 1 and many channels."""
        size = self.kernel[:2] == (3, 3) and self.stride == 1
        return self.kind == "convolution" and size and self.kernel[2] >= WINOGRAD_CHANNELS

    @property
    def parameters(self) -> int:
        """Number of values in all its arrays."""
        return sum(prod(weight.shape) for weight in self.weights)

    @property
    def multiply_adds(self) -> int:
        """Multiplications of one image's forward pass by the kernel."""
        positions = prod(self.output[:2]) if self.kind in CONVOLUTIONS else 1
        if self.kind == "transposed_convolution":
            positions = prod(self.output[:2]) // self.stride**2
        return prod(self.kernel) * positions if self.kernel else 0
