"""An image for the shadow models, with what the active model said of it, and its way through a pipe."""

import json
from dataclasses import dataclass
from typing import IO

import numpy as np

from core.images import WHOLE_IMAGE, Image, network_pixels
from core.inference import ModelIdentity, Reading


@dataclass(frozen=True, eq=False)
class ShadowTask:
    """An image to read.

    Attributes:
        sha256: of its file.
        active: identity of the active model that answered.
        label: that it predicted.
        probability: of pneumonia, calibrated.
        full: whether the pixels are the image's own, in which lungs are found; else they are the network's.
        pixels: uint8 (height, width).
    """

    sha256: str
    active: str
    label: str
    probability: float
    full: bool
    pixels: np.ndarray

    def write(self, stream: IO[bytes]) -> None:
        """Write it as a line of JSON and the raw pixels."""
        head = {**vars(self), "pixels": self.pixels.shape}
        stream.write(json.dumps(head).encode() + b"\n")
        stream.write(self.pixels.tobytes())
        stream.flush()

    @classmethod
    def read(cls, stream: IO[bytes]) -> "ShadowTask | None":
        """The next one of a stream; None at its end."""
        line = stream.readline()
        if not line:
            return None
        head = json.loads(line)
        height, width = head.pop("pixels")
        pixels = np.frombuffer(stream.read(height * width), np.uint8)
        return None if len(pixels) < height * width else cls(**head, pixels=pixels.reshape(height, width))


def shadow_task(identity: ModelIdentity, reading: Reading, full: bool) -> ShadowTask:
    """The task for an image that the active model has read.

    Args:
        identity: of the active model.
        reading: its reading, which is not withheld.
        full: whether a shadow needs the image at its own resolution, because it looks for the lungs;
            otherwise 128 x 128 pixels, 16 KiB, are all that a network sees.
    """
    image, output, prediction = reading.image, reading.output, reading.prediction
    pixels = image.pixels if full else _network_pixels(image, output.pixels, output.frame.box == WHOLE_IMAGE)
    return ShadowTask(image.sha256, str(identity), prediction.label, prediction.calibrated, full, pixels)


def _network_pixels(image: Image, seen: np.ndarray, whole: bool) -> np.ndarray:
    """The whole image at the network's resolution, which the active model's input is unless it framed it."""
    return seen if whole else network_pixels(image)
