"""A compiled model: images in, predictions out."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.anatomy import Frame, Framing, Lungs, framed_pixels, shared_lung_finder
from core.architecture import DENSE_LAYERS
from core.config import CLASS_NAMES, IMAGE_SIZE, POSITIVE, STAGES, processor
from core.dataset import Dataset, Progress
from core.evaluation import calibrated
from core.images import WHOLE_IMAGE, Box, Image, network_pixels, preprocess
from core.inference.engine import Engine
from core.inference.heat_map import HeatMap, heat_map
from core.weights import Arrays, ModelRecord, read_model

BATCH = 32
BORDERLINE = (0.15, 0.85)  # where bfloat16 can move a probability by 0.01


def borderline(probabilities: np.ndarray) -> np.ndarray:
    """Mask of the probabilities that bfloat16 may have moved too far."""
    low, high = BORDERLINE
    return (probabilities > low) & (probabilities < high)


@dataclass(frozen=True)
class Prediction:
    """What a model predicts for an image.

    Attributes:
        label: `NORMAL` or `PNEUMONIA`, by the decision threshold saved with the model.
        probability: of PNEUMONIA, 0 to 1, as the network computes it.
        calibrated: the same after temperature scaling: the one to show.
    """

    label: str
    probability: float
    calibrated: float


@dataclass(frozen=True, eq=False)
class ModelOutput:
    """The output of one forward pass for one image.

    Attributes:
        prediction: the predicted label and probability.
        pixels: the network's input, uint8 (128, 128).
        features: activations of the last convolution averaged over rows and columns, float32 (channels,).
        hidden: output of the last hidden layer, float32 (units,).
        heat: the heat map; None if it was not asked for.
        frame: the part of the image that the input shows.
        lungs: of the image; None if neither the frame nor the heat map needed them.
    """

    prediction: Prediction
    pixels: np.ndarray
    features: np.ndarray
    hidden: np.ndarray
    heat: HeatMap | None = None
    frame: Frame = Frame()
    lungs: Lungs | None = None


@dataclass(frozen=True, eq=False)
class Predictor:
    """A compiled model with its provenance; may be shared between threads.

    Attributes:
        engine: the compiled network.
        record: provenance, from the weights file.
        path: of the weights file.
        precision: of the first pass.
        rechecks: whether borderline images go through a second pass in float32.
        head: weights of the head, for heat maps.
    """

    engine: Engine
    record: ModelRecord
    path: Path
    precision: str
    rechecks: bool
    head: Arrays

    @property
    def framing(self) -> Framing:
        """Which part of an image the model sees."""
        return Framing.of(self.record)

    def framed(self, dataset: Dataset, progress: Progress | None = None) -> np.ndarray:
        """A data set's images as the model sees them, uint8 (images, 128, 128); see `framed_pixels`."""
        return framed_pixels(dataset, self.framing, progress)

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Probability of PNEUMONIA, float64 (n,), of framed images, uint8 (n, 128, 128)."""
        return self._recheck(self._probabilities(pixels, self.precision), pixels)

    def predict(self, images: Iterable[Image]) -> list[Prediction]:
        """One prediction per image, in order."""
        return [output.prediction for output in self.outputs(images)]

    def outputs(self, images: Iterable[Image], heat: bool = False) -> list[ModelOutput]:
        """One output per image, in order, from one pass through the convolutions.

        Args:
            heat: whether to add heat maps.
        """
        images = list(images)
        outputs = []
        for start in range(0, len(images), BATCH):
            frames, pixels, lungs = self._frames(images[start : start + BATCH], heat)
            activations = self._activations(pixels, self.precision)
            probabilities, hidden = self.engine.head(activations)
            predictions = self._predictions(self._recheck(_positive(probabilities), pixels))
            maps = [
                heat_map(values, self.head, frame.box) if heat else None
                for values, frame in zip(activations, frames, strict=True)
            ]
            features = activations.mean(axis=(2, 3))
            outputs += map(ModelOutput, predictions, pixels, features, hidden, maps, frames, lungs)
        return outputs

    def _frames(
        self, images: Sequence[Image], heat: bool
    ) -> tuple[list[Frame], np.ndarray, Sequence[Lungs | None]]:
        """Frame, framed pixels and lungs of each image; lungs only where frame or heat map needs them."""
        framing, whole = self.framing, np.stack([network_pixels(image) for image in images])
        if not (framing.by_lungs or heat):
            return [framing.frame()] * len(images), whole, [None] * len(images)
        lungs = shared_lung_finder().find_in_pixels(whole)
        frames = [framing.frame(item.box, item.quality) for item in lungs]
        if not framing.by_lungs:
            return frames, whole, lungs
        pixels = [frame.pixels(image) for frame, image in zip(frames, images, strict=True)]
        return frames, np.stack(pixels), lungs

    def heat_maps(self, pixels: np.ndarray, boxes: Sequence[Box] | None = None) -> list[HeatMap]:
        """Heat maps of framed images.

        Args:
            pixels: uint8 (n, 128, 128).
            boxes: of the frames in their n images; without them, the maps cover the frames alone.
        """
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        activations = (values for batch in batches for values in self._activations(batch, self.precision))
        boxes = boxes or [WHOLE_IMAGE] * len(pixels)
        return [heat_map(values, self.head, box) for values, box in zip(activations, boxes, strict=True)]

    def features(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and last hidden layer, as in `ModelOutput`, of framed images, uint8 (n, 128, 128).

        Returns:
            float32 (n, channels) and (n, units).
        """
        features, hidden = [], []
        for start in range(0, len(pixels), BATCH):
            activations = self._activations(pixels[start : start + BATCH], self.precision)
            features.append(activations.mean(axis=(2, 3)))
            hidden.append(self.engine.head(activations)[1])
        return np.concatenate(features), np.concatenate(hidden)

    def _probabilities(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        activations = (self._activations(batch, precision) for batch in batches)
        return np.concatenate([_positive(self.engine.head(values)[0]) for values in activations])

    def _activations(self, pixels: np.ndarray, precision: str) -> np.ndarray:
        return self.engine.activations(preprocess(pixels, self.record.preprocessing), precision)

    def _recheck(self, probabilities: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Replace borderline probabilities by those of a second pass in float32."""
        again = np.flatnonzero(borderline(probabilities)) if self.rechecks else ()
        if len(again):
            probabilities[again] = self._probabilities(pixels[again], "float32")
        return probabilities

    def _predictions(self, probabilities: np.ndarray) -> list[Prediction]:
        scaled = calibrated(probabilities, self.record.temperature)
        return [
            Prediction(CLASS_NAMES[int(raw >= self.record.threshold)], float(raw), float(calm))
            for raw, calm in zip(probabilities, scaled, strict=True)
        ]


def _positive(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[:, POSITIVE].astype(np.float64)


def load_predictor(path: str | Path, precision: str = "auto", threads: int = 0) -> Predictor:
    """Load, compile and warm a model.

    Args:
        path: of a weights file.
        precision: `float32`, `bfloat16`, or `auto`. Auto is float32 where the processor does not support
            bfloat16. Elsewhere the first pass is in bfloat16, twice as fast, and images with probabilities
            between 0.15 and 0.85 go through a second pass in float32: there bfloat16 moved probabilities by
            up to 0.025 and changed 2 of 329 predicted labels. With it, probabilities stay within 0.01 of
            Keras in float32 (0.0075 at most; `python -m benchmarks` measures it).
        threads: to compute with; 0 for one per core.

    Raises:
        WeightsError: the file is missing, damaged or of another architecture.
    """
    arrays, record = read_model(path)
    first = processor.resolved(precision)
    rechecks = precision == "auto" and first == "bfloat16"
    needed = ("bfloat16", "float32") if rechecks else (first,)
    engine = Engine(arrays, record.scaling, needed, threads, record.architecture)
    head = {name: arrays[name] for name in DENSE_LAYERS}
    predictor = Predictor(engine, record, Path(path), first, rechecks, head)
    blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for name in needed:
        predictor.engine.head(predictor.engine.activations(blank, name))
    return predictor


def shared_predictor(path: Path, precision: str = "auto", threads: int | None = None) -> Predictor:
    """The model at `path`, loaded once per process, and again when its file changes.

    Args:
        threads: to compute with; 0 for one per core, None for what the environment says.

    Raises:
        WeightsError: the file is missing, damaged or of another architecture.
    """
    threads = processor.answering_threads() if threads is None else threads
    with _loading:
        return _loaded(path, _modified(path), precision, threads)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # loading says what is wrong
        return 0


@lru_cache(maxsize=len(STAGES))
def _loaded(path: Path, _modified: int, precision: str, threads: int) -> Predictor:
    return load_predictor(path, precision, threads)


_loading = threading.Lock()  # so that two threads do not load the same model twice
