"""Which part of an image a model sees: the only place that decides it, in training and in diagnosis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.anatomy.quality import NO_LUNGS
from core.config import LUNG_MARGIN, LUNGS, WHOLE
from core.images import WHOLE_IMAGE, Box, Image, network_pixels


class Framed(Protocol):
    """What says how images are framed: a run's settings, or the record in a weights file."""

    @property
    def framing(self) -> str: ...
    @property
    def lung_margin(self) -> float: ...


@dataclass(frozen=True)
class Frame:
    """The part of one image that a model sees.

    Attributes:
        box: its edges.
        framing: what it is: `lungs` or `whole`.
        reason: why it is the whole image although the model is framed by lungs; "" otherwise.
    """

    box: Box = WHOLE_IMAGE
    framing: str = WHOLE
    reason: str = ""

    def pixels(self, image: Image) -> np.ndarray:
        """The part at the network's resolution, uint8 (128, 128)."""
        return network_pixels(image, self.box)


@dataclass(frozen=True)
class Framing:
    """How a model's images are framed.

    Attributes:
        by_lungs: whether by the lungs' box; otherwise the whole image is seen.
        margin: around the box on each side, as a share of its width or height.
    """

    by_lungs: bool = False
    margin: float = LUNG_MARGIN

    @classmethod
    def of(cls, source: Framed) -> "Framing":
        """The framing that a run's settings or a model's record name."""
        return cls(source.framing == LUNGS, source.lung_margin)

    def frame(self, lungs: Box | None = None, quality: Sequence[str] = ()) -> Frame:
        """The frame of an image.

        Args:
            lungs, quality: box and quality of the image's lungs; needed where the framing is by lungs.
        """
        if not self.by_lungs:
            return Frame()
        if lungs is None or quality:
            return Frame(reason="; ".join(quality) or NO_LUNGS)
        left, top, right, bottom = lungs
        across, down = self.margin * (right - left), self.margin * (bottom - top)
        box = max(0.0, left - across), max(0.0, top - down), min(1.0, right + across), min(1.0, bottom + down)
        return Frame(box, LUNGS)
