"""What each backbone's ImageNet weights expect as input: factors and offsets of pixels in [0, 1]."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)  # of pixels in 0..255, as in keras.applications
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of RGB in [0, 1]


Channels = tuple[float, float, float]  # a value for each channel


@dataclass(frozen=True)
class Scaling:
    """The network's input is `factor` times the pixel in [0, 1], plus `offset`, by channel."""

    factor: Channels
    offset: Channels


def _scaling(factors: Iterable[float], offsets: Iterable[float]) -> Scaling:
    return Scaling(cast(Channels, tuple(factors)), cast(Channels, tuple(offsets)))


# The three channels of an X-ray are equal, so only the means and deviations have an order.
SCALINGS = {
    "unit": _scaling([1.0] * 3, [0.0] * 3),
    "bytes": _scaling([255.0] * 3, [0.0] * 3),
    "imagenet": _scaling([255.0] * 3, [-mean for mean in IMAGENET_MEAN_BGR]),
    "unit normal": _scaling(
        [1 / deviation for deviation in IMAGENET_DEVIATION],
        [-mean / deviation for mean, deviation in zip(IMAGENET_MEAN, IMAGENET_DEVIATION, strict=True)],
    ),
}
