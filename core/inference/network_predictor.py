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
from core.inference.rounding import largest_rounding, needs_float32, unsure
from core.inference.sharper_map import sharper_values


@dataclass(frozen=True, eq=False)
class NetworkPredictor(Predictor):
    """A compiled network with its provenance.

    Attributes:
        engine: the compiled network.
        rounding: of the log-odds in the first pass, for which some images go through a second one in float32;
            0 for no second pass.
    """

    engine: Engine
    rounding: float = 0.0

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

    @property
    def has_sharper_map(self) -> bool:
        """Whether it can have a sharper heat map: framed by the lungs, of a backbone that has one."""
        return self.framing.by_lungs and bool(self.record.architecture.sharper_map_layer)

    def sharper_activations(self, pixels: np.ndarray) -> np.ndarray:
        """Those of the sharper map's layer, float32 (n, channels, rows, columns).

        Args:
            pixels: of framed images, uint8 (n, 128, 128).
        """
        seen = preprocess(pixels, self.record.preprocessing)
        return self.engine.sharper_activations(seen, self.precision)

    def sharper_heat_map(self, output: ModelOutput, normal: np.ndarray) -> HeatMap:
        """The sharper map of all that it saw of an image, see `core.inference.sharper_map`.

        Args:
            output: of this model, for the image.
            normal: mean of `sharper_activations` of normal images, (channels, rows, columns).
        """
        activations = self.sharper_activations(output.pixels[np.newaxis])
        (values,) = sharper_values(activations, self.engine.gradient(activations), normal)
        return HeatMap(values, output.frame.box)

    def _probabilities(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        activations = (self._activations(batch, precision) for batch in batches)
        return np.concatenate([_positive(self.engine.head(values)) for values in activations])

    def _maps(self, activations: np.ndarray, output: HeadOutput, boxes: Sequence[Box]) -> list[HeatMap]:
        return list(map(heat_map, activations, self.engine.slope(output), boxes))

    def _activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        return self.engine.activations(preprocess(pixels, self.record.preprocessing), precision)

    def needs_float32(self, probabilities: np.ndarray) -> np.ndarray:
        """Mask of the images, bool (n,), that go through a second pass after these probabilities, (n,)."""
        if not self.rounding:
            return np.zeros(len(probabilities), bool)
        return needs_float32(probabilities, self.rounding, self.record)

    def measured_rounding(self, pixels: np.ndarray) -> float | None:
        """By how much bfloat16 moves log-odds at most, see `largest_rounding`; None where it is not used.

        Args:
            pixels: of framed validation images, uint8 (n, 128, 128).
        """
        if self.precision != "bfloat16":
            return None
        rounded = self._probabilities(pixels, "bfloat16")
        rows = np.flatnonzero(unsure(rounded))
        exact = self._probabilities(pixels[rows], "float32") if len(rows) else rounded[:0]
        return largest_rounding(rounded[rows], exact)

    def _recheck(self, probabilities: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Replace those probabilities that need it by those of a second pass in float32."""
        again = np.flatnonzero(self.needs_float32(probabilities))
        if len(again):
            probabilities[again] = self._probabilities(pixels[again], "float32")
        return probabilities


def _positive(output: HeadOutput) -> np.ndarray:
    return output.probabilities[:, POSITIVE].astype(np.float64)
