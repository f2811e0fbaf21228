"""The predictor of an ensemble: the mean of its members' calibrated log-odds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation import mean_log_odds
from core.images import Box
from core.inference.framed_images import FramedImages
from core.inference.heat_map import HeatMap, mean_heat_map
from core.inference.prediction import ModelOutput, predictions
from core.inference.predictor import Predictor


@dataclass(frozen=True, eq=False)
class EnsemblePredictor(Predictor):
    """Predictors of one framing that answer as one; each image is framed once.

    Attributes:
        members: in the order of the record.
    """

    members: tuple[Predictor, ...]

    def judge(self, images: FramedImages, heat: bool) -> list[ModelOutput]:
        """As `Predictor.judge`; a heat map is the mean of the members' maps."""
        by_member = [member.judge(images, heat) for member in self.members]
        raw = [[output.prediction.probability for output in outputs] for outputs in by_member]
        calibrated = [[output.prediction.calibrated for output in outputs] for outputs in by_member]
        predicted = predictions(self.record, self._mean(raw), calibrated)
        return [
            ModelOutput(
                prediction,
                outputs[0].pixels,
                np.concatenate([output.features for output in outputs]),
                np.concatenate([output.hidden for output in outputs]),
                mean_heat_map([output.heat for output in outputs if output.heat]) if heat else None,
                outputs[0].frame,
                outputs[0].lungs,
            )
            for prediction, *outputs in zip(predicted, *by_member, strict=True)
        ]

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """As `Predictor.probabilities`."""
        return self._mean([member.probabilities(pixels) for member in self.members])

    def heat_maps(self, pixels: np.ndarray, boxes: Sequence[Box] | None = None) -> list[HeatMap]:
        """As `Predictor.heat_maps`; each is the mean of the members' maps."""
        by_member = [member.heat_maps(pixels, boxes) for member in self.members]
        return [mean_heat_map(maps) for maps in zip(*by_member, strict=True)]

    def features(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Predictor.features`."""
        features, hidden = zip(*(member.features(pixels) for member in self.members), strict=True)
        return np.concatenate(features, axis=1), np.concatenate(hidden, axis=1)

    def _mean(self, probabilities: Sequence[Sequence[float] | np.ndarray]) -> np.ndarray:
        """The ensemble's probabilities, (n,), from its members' before calibration, (n,) each."""
        return mean_log_odds(probabilities, [member.record.temperature for member in self.members])
