"""The films that a model learnt from, as it sees them: what a new film is held against.

Distance: Mahalanobis to the nearer class mean, as in Lee et al., "A simple unified framework for detecting
out-of-distribution samples and adversarial attacks", NeurIPS 2018; here of the logarithms of the last
convolution's means over places. Attitude: logistic regression on thumbnails of the training films as they
are, inverted and turned.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import atomic
from core.config import CLASS_NAMES, IMAGE_SIZE
from core.dataset import Dataset, rows_by_role
from core.diagnosis.predictor import Predictor, load_predictor
from core.errors import UserError
from core.images import Radiograph
from core.runs import Run, open_run
from core.weights import ModelRecord

MOST_FILMS = 10_000  # that are kept
TURNED_FILMS = 400  # that attitudes are learnt from
PEAK_FILMS = 200  # whose heat maps are made
QUANTILE = 0.99  # of the validation films pass
THUMBNAIL = 16  # pixels a side
BATCH = 128

ATTITUDES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "upright": lambda pixels: pixels,
    "inverted": lambda pixels: 255 - pixels,
    "upside down": lambda pixels: pixels[..., ::-1, :],
    "turned to the left": lambda pixels: np.rot90(pixels, 1, (-2, -1)),
    "turned to the right": lambda pixels: np.rot90(pixels, -1, (-2, -1)),
}
UNDONE = {"turned to the left": "turned to the right", "turned to the right": "turned to the left"}


@dataclass(frozen=True)
class Neighbour:
    """A training film that looks like another to the model.

    Attributes:
        sha256: of its file.
        label: `NORMAL` or `PNEUMONIA`.
        distance: cosine distance of the last hidden layer's outputs, 0 (the same) to 1.
    """

    sha256: str
    label: str
    distance: float


@dataclass(frozen=True, eq=False)
class Reference:
    """Training films as one model sees them.

    Attributes:
        created: when the model was made, as its record says: whose reference this is.
        sha256, labels: of the films, str (n,) each.
        hidden: their last hidden layer, scaled to length 1, float16 (n, 1152).
        means: of the logarithms of their features, by class, float32 (2, 512).
        precision: inverse covariance around them, float32 (512, 512).
        far: distance that 99 % of the validation films keep below.
        slopes, intercepts: of the attitudes, float32 (5, 256) and (5,).
        peaks: share of validation films whose heat map peaks in each cell, float64 (8, 8).
        doubtful: probability of another attitude than upright that 99 % of the validation films keep below.
    """

    created: str
    sha256: np.ndarray
    labels: np.ndarray
    hidden: np.ndarray
    means: np.ndarray
    precision: np.ndarray
    far: float
    slopes: np.ndarray
    intercepts: np.ndarray
    peaks: np.ndarray
    doubtful: float

    def distance(self, features: np.ndarray) -> np.ndarray:
        """How unlike the training films: 1 at the 99th percentile of the validation films; float64 (n,).

        Args:
            features: as `Predictor.look` gives them, float32 (n, 512).
        """
        return _distances(features, self.means, self.precision) / self.far

    def attitude(self, pixels: np.ndarray) -> str:
        """Which of `ATTITUDES` a film, uint8 (128, 128), is in; upright where that is not sure."""
        scores = thumbnails(pixels[np.newaxis]) @ self.slopes.T + self.intercepts
        chances = np.exp(scores[0] - scores.max())
        chances /= chances.sum()
        if 1 - chances[0] <= self.doubtful:
            return "upright"
        return list(ATTITUDES)[1 + int(chances[1:].argmax())]

    def nearest(self, hidden: np.ndarray, count: int = 5) -> list[Neighbour]:
        """The training films most like one, the nearest first.

        Args:
            hidden: last hidden layer of the film, float32 (1152,).
        """
        likeness = self.hidden.astype(np.float32) @ _unit(hidden)
        return [
            Neighbour(str(self.sha256[place]), str(self.labels[place]), max(0.0, 1 - float(likeness[place])))
            for place in np.argsort(-likeness, kind="stable")[:count]
        ]

    def save(self, path: Path) -> None:
        """Keep it as .npz; raises OSError when that cannot be written."""
        path.parent.mkdir(exist_ok=True)
        with atomic.replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """What `save` kept; nothing in it is ever unpickled.

        Raises:
            OSError, ValueError, KeyError, BadZipFile: it cannot be read.
        """
        with np.load(path, allow_pickle=False) as kept:
            values = {field.name: kept[field.name] for field in fields(cls)}
        plain = {name: values[name].item() for name in ("created", "far", "doubtful")}
        return cls(**{**values, **plain})


def keep_reference(
    run: Run, stage: int, dataset: Dataset, progress: Callable[[int, int], None] | None = None
) -> None:
    """Show a stage its training and validation films once more, and keep with its run what it sees.

    Args:
        dataset: what the run was trained on, opened.
        progress: called with (films done, films in all).

    Raises:
        UserError: the weights are gone or of another backbone, or the set has other films now.
    """
    roles = rows_by_role(dataset, run.settings())
    if dataset.fingerprint != run.facts().get("fingerprint"):
        raise UserError(f"{dataset.root} has changed since {run.name} was trained on it.")
    predictor = load_predictor(run.weights_path(stage))
    found = measure_reference(predictor, dataset, roles["training"], roles["validation"], progress)
    found.save(run.reference_path(stage))


def measure_reference(
    predictor: Predictor,
    dataset: Dataset,
    training: np.ndarray,
    validation: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
) -> Reference:
    """What a model sees in its training films, and how far from them its validation films lie.

    Args:
        training, validation: row numbers; at most 10,000 of the first are kept, by a fixed seed.
        progress: called with (films done, films in all).
    """
    # Imported here: it takes a second, and only this needs it.
    from sklearn.covariance import LedoitWolf
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    kept = np.sort(random.permutation(training)[:MOST_FILMS])
    rows = np.concatenate([kept, validation])
    features, hidden = [], []
    for start in range(0, len(rows), BATCH):
        seen = predictor.seen(dataset.pixels[rows[start : start + BATCH]])
        features.append(seen[0])
        hidden.append(_unit(seen[1]).astype(np.float16))
        if progress:
            progress(start, len(rows))
    features, held_out = np.split(np.concatenate(features), [len(kept)])

    logarithms, classes = np.log1p(features), dataset.labels[kept]
    means = np.stack([logarithms[classes == number].mean(axis=0) for number in range(len(CLASS_NAMES))])
    fitted = LedoitWolf(assume_centered=True).fit(logarithms - means[classes])
    precision = fitted.precision_.astype(np.float32)

    shown = dataset.pixels[np.sort(random.permutation(kept)[:TURNED_FILMS])]
    views = np.concatenate([thumbnails(turn(shown)) for turn in ATTITUDES.values()])
    attitudes = LogisticRegression(C=0.01, max_iter=3000)
    attitudes.fit(views, np.repeat(np.arange(len(ATTITUDES)), len(shown)))
    others = 1 - attitudes.predict_proba(thumbnails(dataset.pixels[validation]))[:, 0]
    return Reference(
        created=predictor.record.created,
        sha256=dataset.table["sha256"].to_numpy()[kept].astype(str),
        labels=np.array(CLASS_NAMES)[classes],
        hidden=np.concatenate(hidden)[: len(kept)],
        means=means,
        precision=precision,
        far=float(np.quantile(_distances(held_out, means, precision), QUANTILE)),
        slopes=attitudes.coef_.astype(np.float32),
        intercepts=attitudes.intercept_.astype(np.float32),
        peaks=_peaks(predictor, dataset.pixels[validation[:PEAK_FILMS]]),
        doubtful=float(max(0.5, np.quantile(others, QUANTILE))),
    )


def _peaks(predictor: Predictor, pixels: np.ndarray) -> np.ndarray:
    """How often the heat maps of films peak in each cell."""
    looks = predictor.look([Radiograph("", film, "") for film in pixels], heat=True)
    counts = np.zeros(looks[0].heat.values.shape)
    for look in looks:
        if look.heat.values.any():
            counts[look.heat.peak] += 1
    return counts / len(looks)


def thumbnails(pixels: np.ndarray) -> np.ndarray:
    """Means over 8 x 8 pixels, each film's with mean 0 and deviation 1: float32 (n, 256).

    Args:
        pixels: uint8 (n, 128, 128).
    """
    block = IMAGE_SIZE // THUMBNAIL
    parts = pixels.reshape(len(pixels), THUMBNAIL, block, THUMBNAIL, block)
    small = parts.mean(axis=(2, 4), dtype=np.float32).reshape(len(pixels), -1)
    spread = small.std(axis=1, keepdims=True)
    return (small - small.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-6)


def reference_of(record: ModelRecord) -> Reference | None:
    """What the run of a model kept for it; None where the run is gone or kept none."""
    try:
        path = open_run(record.run).reference_path(record.stage)
        found = _loaded(path, path.stat().st_mtime_ns)
    except (UserError, OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return found if found.created == record.created else None


@lru_cache(maxsize=4)
def _loaded(path: Path, _modified: int) -> Reference:
    return Reference.load(path)


def _distances(features: np.ndarray, means: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """To the nearer mean."""
    logarithms = np.log1p(features)
    away = [logarithms - mean for mean in means]
    squares = [np.einsum("ij,jk,ik->i", part, precision, part, optimize=True) for part in away]
    return np.sqrt(np.maximum(np.min(squares, axis=0), 0).astype(np.float64))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors scaled to length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
