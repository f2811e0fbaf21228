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
from core.images import Radiograph, network_pixels, preprocessed
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
class Look:
    """What one pass of a film through a model gives.

    Attributes:
        prediction: the answer.
        pixels: what the network saw, uint8 (128, 128).
        features: mean over places of the last convolution, float32 (512,): what the film looks like.
        hidden: output of the last hidden layer, float32 (1152,): as it matters for the answer.
        heat: where the model looked; None where it was not asked for.
    """

    prediction: Prediction
    pixels: np.ndarray
    features: np.ndarray
    hidden: np.ndarray
    heat: HeatMap | None = None


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
        return [look.prediction for look in self.look(films)]

    def look(self, films: Iterable[Radiograph], heat: bool = False) -> list[Look]:
        """The answer for each film and what the model saw, from one pass through the convolutions.

        Args:
            heat: whether to add where the model looked.
        """
        films = list(films)
        looks = []
        for start in range(0, len(films), BATCH):
            pixels = np.stack([network_pixels(film) for film in films[start : start + BATCH]])
            activations = self._activations(pixels, self.precision)
            probabilities, hidden = self.engine.head(activations)
            answers = self._named(self._rechecked(_positive(probabilities), pixels))
            maps = [heat_map(film, self.head) if heat else None for film in activations]
            looks += map(Look, answers, pixels, activations.mean(axis=(2, 3)), hidden, maps)
        return looks

    def seen(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the model sees in uint8 pixels (n, 128, 128), without an answer.

        Returns:
            Features and last hidden layer as in `Look`: float32 (n, 512) and (n, 1152).
        """
        features, hidden = [], []
        for start in range(0, len(pixels), BATCH):
            activations = self._activations(pixels[start : start + BATCH], self.precision)
            features.append(activations.mean(axis=(2, 3)))
            hidden.append(self.engine.head(activations)[1])
        return np.concatenate(features), np.concatenate(hidden)

    def _judged(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        seen = (self._activations(batch, precision) for batch in batches)
        return np.concatenate([_positive(self.engine.head(activations)[0]) for activations in seen])

    def _activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        return self.engine.activations(preprocessed(pixels, self.record.preprocessing), precision)

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


def _positive(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[:, POSITIVE].astype(np.float64)


def load_predictor(path: str | Path, precision: str = "auto", threads: int = 0) -> Predictor:
    """Load, compile and warm a model.

    Args:
        path: of a weights file.
        precision: `float32`, `bfloat16`, or `auto`. Auto is float32 where the processor has no
            bfloat16; elsewhere it judges in bfloat16, twice as fast, and judges films between
            0.15 and 0.85 again in float32, because there bfloat16 moves probabilities by up to
            0.025 and called 2 of 329 films otherwise. So no answer lies 0.01 from that of Keras
            in float32 (0.0075 at most; `python -m benchmarks` measures it).
        threads: to compute with; 0 for one a core.

    Raises:
        WeightsError: the file is missing, damaged or of another architecture.
    """
    arrays, record = read_model(path)
    first = processor.resolved(precision)
    rechecks = precision == "auto" and first == "bfloat16"
    needed = ("bfloat16", "float32") if rechecks else (first,)
    engine = Engine(arrays, record.scaling, needed, threads)
    head = {layer.name: arrays[layer.name] for layer in HEAD}
    predictor = Predictor(engine, record, Path(path), first, rechecks, head)
    blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for name in needed:
        predictor.engine.head(predictor.engine.activations(blank, name))
    return predictor


def shared_predictor(path: Path) -> Predictor:
    """The model at `path`, loaded once for all who ask, and anew when the file changes."""
    with _loading:
        return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=len(STAGES))
def _loaded(path: Path, _modified: int) -> Predictor:
    return load_predictor(path, threads=processor.answering_threads())


_loading = threading.Lock()  # two who ask at once do not load twice
