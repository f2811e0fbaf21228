"""The predictor of one network, compiled by OpenVINO."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.config import POSITIVE
from core.images import WHOLE_IMAGE, Box, preprocess
from core.inference.engine import Engine, HeadOutput
from core.inference.framed_images import FramedImages
from core.inference.heat_map import HeatMap, heat_map
from core.inference.prediction import ModelOutput, predictions
from core.inference.predictor import BATCH, Predictor

BORDERLINE = (0.15, 0.85)  # where bfloat16 can move a probability by 0.01


def borderline(probabilities: np.ndarray) -> np.ndarray:
    """Mask of the probabilities that bfloat16 may have moved too far."""
    low, high = BORDERLINE
    return (probabilities > low) & (probabilities < high)


@dataclass(frozen=True, eq=False)
class NetworkPredictor(Predictor):
    """A compiled network with its provenance.

    Attributes:
        engine: the compiled network.
        rechecks: whether borderline images go through a second pass in float32.
    """

    engine: Engine
    rechecks: bool

    def judge(self, images: FramedImages, heat: bool) -> list[ModelOutput]:
        """As `Predictor.judge`."""
        activations = self._activations(images.pixels, self.precision)
        output = self.engine.head(activations)
        predicted = predictions(self.record, self._recheck(_positive(output), images.pixels))
        boxes = [frame.box for frame in images.frames]
        maps = self._maps(activations, output, boxes) if heat else [None] * len(boxes)
        features, hidden = activations.mean(axis=(2, 3)), output.hidden[-1]
        return list(
            map(ModelOutput, predicted, images.pixels, features, hidden, maps, images.frames, images.lungs)
        )

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """As `Predictor.probabilities`."""
        return self._recheck(self._probabilities(pixels, self.precision), pixels)

    def heat_maps(self, pixels: np.ndarray, boxes: Sequence[Box] | None = None) -> list[HeatMap]:
        """As `Predictor.heat_maps`."""
        boxes = boxes or [WHOLE_IMAGE] * len(pixels)
        maps = []
        for start in range(0, len(pixels), BATCH):
            activations = self._activations(pixels[start : start + BATCH], self.precision)
            maps += self._maps(activations, self.engine.head(activations), boxes[start : start + BATCH])
        return maps

    def features(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Predictor.features`."""
        features, hidden = [], []
        for start in range(0, len(pixels), BATCH):
            activations = self._activations(pixels[start : start + BATCH], self.precision)
            features.append(activations.mean(axis=(2, 3)))
            hidden.append(self.engine.head(activations).hidden[-1])
        return np.concatenate(features), np.concatenate(hidden)

    def _probabilities(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        activations = (self._activations(batch, precision) for batch in batches)
        return np.concatenate([_positive(self.engine.head(values)) for values in activations])

    def _maps(self, activations: np.ndarray, output: HeadOutput, boxes: Sequence[Box]) -> list[HeatMap]:
        return list(map(heat_map, activations, self.engine.slope(output), boxes))

    def _activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        return self.engine.activations(preprocess(pixels, self.record.preprocessing), precision)

    def _recheck(self, probabilities: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Replace borderline probabilities by those of a second pass in float32."""
        again = np.flatnonzero(borderline(probabilities)) if self.rechecks else ()
        if len(again):
            probabilities[again] = self._probabilities(pixels[again], "float32")
        return probabilities


def _positive(output: HeadOutput) -> np.ndarray:
    return output.probabilities[:, POSITIVE].astype(np.float64)
