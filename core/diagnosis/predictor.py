"""A loaded model that answers: Radiograph in, Prediction out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import processor
from core.config import CLASS_NAMES, POSITIVE, THRESHOLD
from core.diagnosis.engine import Engine
from core.images import Radiograph, network_pixels
from core.weights import ModelRecord, read_model

BATCH = 32


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        label: `NORMAL` or `PNEUMONIA`.
        probability: of PNEUMONIA, 0 to 1.
    """

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Predictor:
    """A compiled model with its provenance; may be shared between threads."""

    engine: Engine
    record: ModelRecord
    path: Path
    precision: str

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Probability of PNEUMONIA, float64 (n,), of uint8 pixels (n, 128, 128)."""
        parts = [self.engine(pixels[i : i + BATCH]) for i in range(0, len(pixels), BATCH)]
        return np.concatenate([part[:, POSITIVE] for part in parts]).astype(np.float64)

    def predict(self, films: Iterable[Radiograph]) -> list[Prediction]:
        """One answer a film, in order."""
        pixels = np.stack([network_pixels(film) for film in films])
        return [
            Prediction(CLASS_NAMES[int(probability >= THRESHOLD)], float(probability))
            for probability in self.probabilities(pixels)
        ]


def load_predictor(path: str | Path, precision: str = "auto") -> Predictor:
    """Load, compile and warm a model.

    Args:
        path: of a weights file.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the processor has it. Against
            Keras in float32 it moves no probability by as much as 0.01 (`python -m benchmarks`
            measures it).

    Raises:
        WeightsError: the file is missing, damaged or of another architecture.
    """
    arrays, record = read_model(path)
    precision = processor.resolved(precision)
    predictor = Predictor(Engine(arrays, record.scaling, precision), record, Path(path), precision)
    predictor.probabilities(np.zeros((1, 128, 128), np.uint8))
    return predictor
