"""Images as a model sees them: the part that its framing chooses, at the network's resolution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.anatomy import Frame, Framing, Lungs, shared_lung_finder
from core.images import Image, network_pixels


@dataclass(frozen=True, eq=False)
class FramedImages:
    """Some images of one framing.

    Attributes:
        pixels: uint8 (n, 128, 128).
        frames: the part that is seen of each image.
        lungs: of each image; None where nobody needs them.
    """

    pixels: np.ndarray
    frames: Sequence[Frame]
    lungs: Sequence[Lungs | None]

    @classmethod
    def of(cls, images: Sequence[Image], framing: Framing, with_lungs: bool) -> "FramedImages":
        """Frame images.

        Args:
            with_lungs: whether to find the lungs even if the framing does not need them.
        """
        whole = np.stack([network_pixels(image) for image in images])
        if not (framing.by_lungs or with_lungs):
            return cls(whole, [framing.frame()] * len(images), [None] * len(images))
        lungs = shared_lung_finder().find_in_pixels(whole)
        frames = [framing.frame(item.box, item.quality) for item in lungs]
        if not framing.by_lungs:
            return cls(whole, frames, lungs)
        pixels = [frame.pixels(image) for frame, image in zip(frames, images, strict=True)]
        return cls(np.stack(pixels), frames, lungs)
