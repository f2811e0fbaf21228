"""Images as a model sees them: the part that its framing chooses, at the network's resolution."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.anatomy import Frame, Framing, Lungs, shared_lung_finder
from core.images import Image, network_pixels


@dataclass(frozen=True, eq=False)
class WholeImages:
    """Some images, which any number of models may see: resized once, their lungs found once.

    Attributes:
        images: at most `BATCH` of `core.inference.predictor`.
    """

    images: Sequence[Image]

    @cached_property
    def pixels(self) -> np.ndarray:
        """At the network's resolution, uint8 (n, 128, 128)."""
        return np.stack([network_pixels(image) for image in self.images])

    @cached_property
    def lungs(self) -> list[Lungs]:
        """The lungs of each image."""
        return shared_lung_finder().find_in_pixels(self.pixels)


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
    def of(cls, whole: WholeImages, framing: Framing, with_lungs: bool) -> "FramedImages":
        """Frame images.

        Args:
            with_lungs: whether to find the lungs even if the framing does not need them.
        """
        count = len(whole.images)
        if not (framing.by_lungs or with_lungs):
            return cls(whole.pixels, [framing.frame()] * count, [None] * count)
        frames = [framing.frame(item.box, item.quality) for item in whole.lungs]
        if not framing.by_lungs:
            return cls(whole.pixels, frames, whole.lungs)
        pixels = [frame.pixels(image) for frame, image in zip(frames, whole.images, strict=True)]
        return cls(np.stack(pixels), frames, whole.lungs)
