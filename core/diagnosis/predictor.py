"""A loaded model that answers: Radiograph in, Prediction out."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import processor
from core.architecture import HEAD
from core.config import CLASS_NAMES, IMAGE_SIZE, POSITIVE, STAGES
from core.diagnosis.engine import Engine
from core.diagnosis.explain import HeatMap, heat_map
from core.evaluation import calibrated
from core.images import Radiograph, network_pixels
from core.weights import Arrays, ModelRecord, read_model

BATCH = 32
BORDERLINE = (0.15, 0.85)  # where bfloat16 can move a probability by 0.01


def borderline(probabilities: np.ndarray) -> np.ndarray:
    """Mask of the probabilities that bfloat16 may have moved too far."""
    low, high = BORDERLINE
    return (probabilities > low) & (probabilities < high)


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        label: `NORMAL` or `PNEUMONIA`, by the operating point saved with the model.
        probability: of PNEUMONIA, 0 to 1, as the network gives it.
        calibrated: the same after the model's temperature: what to show a person.
    """

    label: str
    probability: float
    calibrated: float


@dataclass(frozen=True, eq=False)
class Predictor:
    """A compiled model with its provenance; may be shared between threads.

    Attributes:
        engine: the compiled network.
        record: what its file says of itself.
        path: of the file.
        precision: in which all films are judged first.
        rechecks: whether borderline films are then judged again in float32.
        head: weights of the head, for heat maps.
    """

    engine: Engine
    record: ModelRecord
    path: Path
    precision: str
    rechecks: bool
    head: Arrays

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Probability of PNEUMONIA, float64 (n,), of uint8 pixels (n, 128, 128)."""
        return self._rechecked(self._judged(pixels, self.precision), pixels)

    def predict(self, films: Iterable[Radiograph]) -> list[Prediction]:
        """One answer a film, in order."""
        pixels = np.stack([network_pixels(film) for film in films])
        return self._named(self.probabilities(pixels))

    def explain(self, film: Radiograph) -> tuple[Prediction, HeatMap]:
        """The answer for one film and where the model looked, from one pass through the convolutions."""
        pixels = network_pixels(film)[np.newaxis]
        activations = self.engine.activations(pixels, self.precision)
        found = self._rechecked(self._positive(activations), pixels)
        return self._named(found)[0], heat_map(activations[0], self.head)

    def last_hidden(self, pixels: np.ndarray) -> np.ndarray:
        """What the last hidden layer says of uint8 pixels (n, 128, 128): float32 (n, 1152)."""
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        seen = (self.engine.activations(batch, self.precision) for batch in batches)
        return np.concatenate([self.engine.last_hidden(activations) for activations in seen])

    def _judged(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        return np.concatenate(
            [self._positive(self.engine.activations(batch, precision)) for batch in batches]
        )

    def _positive(self, activations: np.ndarray) -> np.ndarray:
        return self.engine.probabilities(activations)[:, POSITIVE].astype(np.float64)

    def _rechecked(self, found: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """`found` with its borderline films judged again in float32."""
        again = np.flatnonzero(borderline(found)) if self.rechecks else ()
        if len(again):
            found[again] = self._judged(pixels[again], "float32")
        return found

    def _named(self, found: np.ndarray) -> list[Prediction]:
        shown = calibrated(found, self.record.temperature)
        return [
            Prediction(CLASS_NAMES[int(raw >= self.record.threshold)], float(raw), float(calm))
            for raw, calm in zip(found, shown, strict=True)
        ]


def load_predictor(path: str | Path, precision: str = "auto") -> Predictor:
    """Load, compile and warm a model.

    Args:
        path: of a weights file.
        precision: `float32`, `bfloat16`, or `auto`. Auto is float32 where the processor has no
            bfloat16; elsewhere it judges in bfloat16, twice as fast, and judges films between
            0.15 and 0.85 again in float32, because there bfloat16 moves probabilities by up to
            0.025 and called 2 of 329 films otherwise. So no answer lies 0.01 from that of Keras
            in float32 (0.0075 at most; `python -m benchmarks` measures it).

    Raises:
        WeightsError: the file is missing, damaged or of another architecture.
    """
    arrays, record = read_model(path)
    first = processor.resolved(precision)
    rechecks = precision == "auto" and first == "bfloat16"
    needed = ("bfloat16", "float32") if rechecks else (first,)
    engine = Engine(arrays, record.scaling, needed)
    head = {layer.name: arrays[layer.name] for layer in HEAD}
    predictor = Predictor(engine, record, Path(path), first, rechecks, head)
    blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for name in needed:
        predictor.engine.probabilities(predictor.engine.activations(blank, name))
    return predictor


def shared_predictor(path: Path) -> Predictor:
    """The model at `path`, loaded once for all who ask, and anew when the file changes."""
    with _loading:
        return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=len(STAGES))
def _loaded(path: Path, _modified: int) -> Predictor:
    return load_predictor(path)


_loading = threading.Lock()  # two who ask at once do not load twice
