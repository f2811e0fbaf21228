"""Golden images: up to 20 images with recorded probabilities that travel with a model.

Wherever the model is used, it must give the recorded probabilities again. A registered version has them in
`golden.npz` beside its weights: test images of its data set, or drawn ones where the set is not here. The
bundled model's are drawn from a seed; `golden.json` in its run's folder holds seed and probabilities.
"""

import json
import threading
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from core import atomic
from core.config import IMAGE_SIZE
from core.dataset import CAUSES, Dataset, draw_chest, open_dataset
from core.disk import stamp
from core.errors import UserError
from core.images import Image
from core.inference import Predictor, Reader
from core.registry.models import RegisteredModel
from core.runs import Run
from core.sentence import Sentence, template
from core.weights import member_paths

MAX_GOLDEN_IMAGES = 20
TOLERANCE = 0.01  # of a probability; the largest difference between precisions
GOLDEN_FILE = "golden.npz"  # beside the weights of a registered version
DRAWN_FILE = "golden.json"  # in the folder of a bundled run
SEED = 2018
_computed: dict[tuple, np.ndarray] = {}  # probabilities on this computer, by files of a model and pixels
_computing = threading.Lock()  # so that two threads do not compute the same


@dataclass(frozen=True, eq=False)
class GoldenImages:
    """Images and the probabilities that a model gave them when they were recorded.

    Attributes:
        pixels: whole images, uint8 (n, 128, 128).
        probabilities: of PNEUMONIA in float32, not calibrated, float64 (n,).
        source: where the images come from, for people.
    """

    pixels: np.ndarray
    probabilities: np.ndarray
    source: str

    def agreement(self, probabilities: np.ndarray) -> "GoldenAgreement":
        """Compare these probabilities with the recorded ones."""
        largest = float(np.abs(probabilities - self.probabilities).max())
        detail = Sentence(
            "Largest difference {largest:.4f} on {count} golden images ({source}); at most {tolerance:g} is "
            "allowed.",
            largest=largest,
            count=len(self.pixels),
            source=self.source,
            tolerance=TOLERANCE,
        )
        return GoldenAgreement(largest <= TOLERANCE, detail, largest)  # False for NaN, too


@dataclass(frozen=True)
class GoldenAgreement:
    """Whether a model gives the recorded probabilities on this computer.

    Attributes:
        passed: whether every probability is within the tolerance.
        detail: the figures, or why it cannot be told.
        largest: the largest difference of a probability; None if it cannot be told.
    """

    passed: bool
    detail: str
    largest: float | None = None


class NoGoldenImages(UserError):
    """A model has no golden images, such as a version from before there were any."""


def golden_images(item: RegisteredModel) -> GoldenImages:
    """The golden images of a registered version or of the bundled model.

    Raises:
        NoGoldenImages: it has none.
        UserError: the file is damaged.
    """
    path = _drawn_path(item) if item.model.bundled else item.model.path.with_name(GOLDEN_FILE)
    try:
        if not item.model.bundled:
            with np.load(path) as file:
                return GoldenImages(file["pixels"], file["probabilities"], str(file["source"]))
        content = json.loads(path.read_text(encoding="utf-8"))
        probabilities = np.array(content["probabilities"], float)
        return GoldenImages(drawn_images(len(probabilities), content["seed"]), probabilities, "drawn images")
    except FileNotFoundError as error:
        raise NoGoldenImages(
            Sentence(
                "{title} has no golden images: {path} is missing. Restore it, or override this check "
                "with a reason.",
                title=item.title,
                path=path,
            )
        ) from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            Sentence("The golden images in {path} cannot be read: {error}.", path=path, error=str(error))
        ) from error


def golden_agreement(item: RegisteredModel) -> GoldenAgreement:
    """Compare the probabilities of a model's golden images on this computer with the recorded ones.

    They are computed once per process, and again when a file of the model has changed; a second thread waits.
    """
    try:
        golden = golden_images(item)
        key = (*map(stamp, (item.model.path, *_members(item))), golden.pixels.tobytes())
        with _computing:
            if key not in _computed:
                _computed[key] = _probabilities(Reader.of(item.model).predictor, golden.pixels)
        return golden.agreement(_computed[key])
    except UserError as error:
        return GoldenAgreement(False, str(error))


def _members(item: RegisteredModel) -> list[Path]:
    """Weights files of an ensemble's members; none of another model."""
    return list(member_paths(item.model.path, item.model.record))


def save_golden_images(item: RegisteredModel, weights: Path) -> None:
    """Record golden images beside the weights of a version that is being registered.

    Those of the bundled model stay as they are: another threshold changes no probability.
    """
    if item.model.bundled:
        with suppress(UserError):  # it has none
            _write(weights, golden_images(item))
            return
    try:
        pixels, source = _test_images(item), template("test images of its data set")
    except UserError:
        pixels, source = drawn_images(), template("drawn images")
    probabilities = _probabilities(Reader(weights, "float32").predictor, pixels)
    _write(weights, GoldenImages(pixels, probabilities, source))


def _write(weights: Path, golden: GoldenImages) -> None:
    """Write golden images beside a weights file; raises OSError if that fails."""
    values = {**vars(golden), "source": np.array(golden.source)}
    with atomic.replacing(weights.with_name(GOLDEN_FILE)) as temporary:
        np.savez_compressed(temporary, **values)


def save_drawn_images(run: Run, stage: int) -> None:
    """Record the probabilities of drawn images in the folder of a packed run.

    Raises:
        UserError: the model cannot be loaded, or the folder cannot be written.
    """
    probabilities = _probabilities(Reader(run.weights_path(stage), "float32").predictor, drawn_images())
    content = {"seed": SEED, "probabilities": [round(float(value), 6) for value in probabilities]}
    atomic.write_json(run.path / DRAWN_FILE, content)


def drawn_images(count: int = MAX_GOLDEN_IMAGES, seed: int = SEED) -> np.ndarray:
    """Chests drawn from a seed, uint8 (count, 128, 128); drawn once per process, and not to be changed."""
    return _drawn(count, seed)


@lru_cache(maxsize=4)
def _drawn(count: int, seed: int) -> np.ndarray:
    images = [draw_chest(np.random.default_rng([seed, n]), CAUSES[n % len(CAUSES)]) for n in range(count)]
    factor = images[0].shape[0] // IMAGE_SIZE
    blocks = np.stack(images).reshape(count, IMAGE_SIZE, factor, IMAGE_SIZE, factor)
    pixels = np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)
    pixels.flags.writeable = False
    return pixels


def chosen_test_images(predictions: pd.DataFrame, run: Run) -> tuple[Dataset, np.ndarray, pd.DataFrame]:
    """Test images that can be golden: at most 20, evenly spread over those in the run's data set.

    Returns:
        The data set, its row numbers, and the rows of `predictions` that belong to them.

    Raises:
        UserError: the data set cannot be opened, or holds none of them.
    """
    dataset = open_dataset(run.settings().data)
    row_of = {digest: row for row, digest in enumerate(dataset.table["sha256"])}
    known = predictions[predictions["sha256"].isin(row_of)]
    if known.empty:
        raise UserError(Sentence("None of its test images is in the data set any more."))
    positions = np.linspace(0, len(known) - 1, min(MAX_GOLDEN_IMAGES, len(known))).round().astype(int)
    chosen = known.iloc[positions]
    return dataset, np.array([row_of[digest] for digest in chosen["sha256"]]), chosen


def _test_images(item: RegisteredModel) -> np.ndarray:
    """Test images of the run's data set; raises UserError if there are none here."""
    table = item.predictions("test")
    if table is None or item.run is None or not len(table):
        raise UserError(Sentence("{title} has no test images here.", title=item.title))
    dataset, rows, _ = chosen_test_images(table, item.run)
    return np.asarray(dataset.pixels[rows])


def _probabilities(predictor: Predictor, pixels: np.ndarray) -> np.ndarray:
    """Probability of PNEUMONIA of whole images, which the model frames itself: float64 (n,)."""
    predictions = predictor.predict(Image("", image, "") for image in pixels)
    return np.array([prediction.probability for prediction in predictions])


def _drawn_path(item: RegisteredModel) -> Path:
    return item.model.path.parent.parent / DRAWN_FILE  # the run's folder holds weights/
