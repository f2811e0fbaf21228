"""What every model that predicts can do: images in, predictions out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import anatomy
from core.anatomy import Framing
from core.images import Box, Image
from core.inference.framed_images import FramedImages, WholeImages
from core.inference.heat_map import HeatMap
from core.inference.prediction import ModelOutput, Prediction
from core.weights import ModelRecord

if TYPE_CHECKING:
    from core.dataset import Dataset, Progress

BATCH = 32  # images in a pass of a model's network


@dataclass(frozen=True, eq=False)
class Predictor(ABC):
    """A model with its provenance; may be shared between threads.

    Attributes:
        record: provenance, from the weights file.
        path: of the weights file.
        precision: of the first pass.
    """

    record: ModelRecord
    path: Path
    precision: str

    @abstractmethod
    def judge(self, images: FramedImages, heat: bool) -> list[ModelOutput]:
        """One output per image, in order, from one pass through the convolutions.

        Args:
            images: at most `BATCH`, in the model's framing.
            heat: whether to add heat maps.
        """

    @abstractmethod
    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Probability of PNEUMONIA, float64 (n,), of framed images, uint8 (n, 128, 128)."""

    @abstractmethod
    def heat_maps(self, pixels: np.ndarray, boxes: Sequence[Box] | None = None) -> list[HeatMap]:
        """Heat maps of framed images.

        Args:
            pixels: uint8 (n, 128, 128).
            boxes: of the frames in their n images; without them, the maps cover the frames alone.
        """

    @abstractmethod
    def features(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and last hidden layer, as in `ModelOutput`, of framed images, uint8 (n, 128, 128).

        Returns:
            float32 (n, channels) and (n, units).
        """

    @property
    def framing(self) -> Framing:
        """Which part of an image the model sees."""
        return Framing.of(self.record)

    def framed(self, dataset: Dataset, progress: Progress | None = None) -> np.ndarray:
        """A data set's images as the model sees them, uint8 (images, 128, 128); see `framed_pixels`."""
        return anatomy.framed_pixels(dataset, self.framing, progress)

    def predict(self, images: Iterable[Image]) -> list[Prediction]:
        """One prediction per image, in order; lungs are looked for only if the framing needs them."""
        return [output.prediction for output in self._outputs(images, heat=False, with_lungs=False)]

    def outputs(self, images: Iterable[Image], heat: bool = False) -> list[ModelOutput]:
        """One output per image, in order.

        Args:
            heat: whether to add heat maps.
        """
        return self._outputs(images, heat, with_lungs=True)

    def outputs_of(self, whole: WholeImages) -> list[ModelOutput]:
        """The same of at most `BATCH` images that other models may see, too, without heat maps."""
        return self._judged(whole, heat=False, with_lungs=True)

    def _outputs(self, images: Iterable[Image], heat: bool, with_lungs: bool) -> list[ModelOutput]:
        images = list(images)
        outputs = []
        for start in range(0, len(images), BATCH):
            outputs += self._judged(WholeImages(images[start : start + BATCH]), heat, with_lungs)
        return outputs

    def _judged(self, whole: WholeImages, heat: bool, with_lungs: bool) -> list[ModelOutput]:
        return self.judge(FramedImages.of(whole, self.framing, with_lungs), heat) if whole.images else []
