"""What a model says of an image: the predicted label, and the output of one forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.anatomy import Frame, Lungs
from core.config import CLASS_NAMES
from core.evaluation import Zones, calibrated
from core.inference.heat_map import HeatMap
from core.weights import ModelRecord


@dataclass(frozen=True)
class Prediction:
    """What a model predicts for an image.

    Attributes:
        label: `NORMAL` or `PNEUMONIA`, by the decision threshold saved with the model.
        probability: of PNEUMONIA, 0 to 1, as the model computes it.
        calibrated: the same after temperature scaling: the one to show.
        members: calibrated probability by each member of an ensemble, in order, on the scale of `calibrated`;
            () for any other model.
    """

    label: str
    probability: float
    calibrated: float
    members: tuple[float, ...] = ()

    @property
    def spread(self) -> tuple[float, float] | None:
        """The members' lowest and highest calibrated probability; None for any other model."""
        return (min(self.members), max(self.members)) if self.members else None

    def values(self) -> dict[str, str | float]:
        """Plain values under the keys that programs read."""
        values: dict[str, str | float] = {
            "label": self.label,
            "probability": self.probability,
            "calibrated": self.calibrated,
        }
        if self.spread:
            values["member_lowest"], values["member_highest"] = self.spread
        return values


@dataclass(frozen=True, eq=False)
class ModelOutput:
    """The output of one forward pass for one image.

    Attributes:
        prediction: the predicted label and probability.
        pixels: the model's input, uint8 (128, 128).
        features: activations of the last convolution averaged over rows and columns, float32 (channels,); of
            an ensemble, those of each member in order.
        hidden: output of the last hidden layer, float32 (units,); of an ensemble, likewise.
        heat: the heat map; None if it was not asked for.
        frame: the part of the image that the input shows.
        lungs: of the image; None where only a prediction was asked for, or once dropped from memory.
    """

    prediction: Prediction
    pixels: np.ndarray
    features: np.ndarray
    hidden: np.ndarray
    heat: HeatMap | None = None
    frame: Frame = Frame()
    lungs: Lungs | None = None


def predictions(
    record: ModelRecord, probabilities: np.ndarray, members: Sequence[Sequence[float]] = ()
) -> list[Prediction]:
    """The predictions that a model's probabilities give at its decision threshold.

    Args:
        record: of the model.
        probabilities: of PNEUMONIA, float64 (n,).
        members: calibrated probabilities by each member of an ensemble, (n,) each. The ensemble's own
            temperature divides their log-odds, too: it divides the mean of them.
    """
    scaled = calibrated(probabilities, record.temperature)
    by_member = calibrated(np.transpose(members), record.temperature).tolist()  # (n, members)
    by_image = by_member if len(members) else [()] * len(probabilities)
    return [
        Prediction(CLASS_NAMES[int(raw >= record.threshold)], float(raw), float(value), tuple(each))
        for raw, value, each in zip(probabilities, scaled, by_image, strict=True)
    ]


def shown_threshold(record: ModelRecord, threshold: float | None = None) -> float:
    """A model's decision threshold after calibration, as results show it.

    Args:
        record: of the model.
        threshold: before calibration; None for the model's own.
    """
    return float(calibrated(record.threshold if threshold is None else threshold, record.temperature))


def shown_zones(record: ModelRecord) -> Zones | None:
    """A model's zones after calibration, as results show them; None for a model without zones."""
    if record.zones is None:
        return None
    low, high = calibrated(np.array([record.zones["low"], record.zones["high"]]), record.temperature).tolist()
    return Zones(low, high, record.zones["miss_rate"], record.zones["false_alarm_rate"])
