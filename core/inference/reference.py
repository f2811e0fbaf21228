"""The training images as one model sees them: the reference that new images are compared with.

Distance: see `class_distance`; of the logarithms of the last convolution's spatial means. `reference_fitting`
computes it.
"""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import numpy as np

from core import atomic
from core.anatomy import Lungs, lung_network
from core.config import old_names
from core.images import pseudonym_key
from core.inference.class_distance import class_distances
from core.inference.likeness import Likeness, appearance
from core.inference.orientation import ORIENTATIONS, thumbnails

LIKENESS = "likeness"  # prefix of its arrays in the file


@dataclass(frozen=True)
class Neighbour:
    """A training image similar to another image.

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
    """Training images as one model sees them.

    Attributes:
        created: creation time in the model's record; identifies the model.
        sha256, labels: of the images, str (n,) each.
        hidden: output of the last hidden layer, scaled to length 1, float16 (n, units).
        means: of the logarithms of the features, by class, float32 (2, channels).
        precision: inverse covariance around the means, float32 (channels, channels).
        distance_limit: distance that 99% of the validation images stay within.
        coefficients, intercepts: of the orientation classifier, float32 (5, 256) and (5,).
        peaks: share of validation images whose heat map peaks in each cell, float64 (rows, columns).
        orientation_limit: probability of not being upright that 99% of the validation images stay within.
        lung_network: what found the lungs, see `core.anatomy.lung_network`; "" in older references.
        lung_limit: implausibility of the lungs that 99% of the validation images stay within; at least 1.
        likeness: what the images look like to the lung network; None in older references and of small sets.
        all_sha256: SHA-256 of all training images, uint8 (n, 32), where they are more than `sha256`; None
            where they are not, and in older references.
        rounding: by how much bfloat16 moves log-odds at most; None where it was not measured.
        patients: pseudonyms of the patients of all training images that are DICOM files, str (m,); None where
            none is known, and in older references.
        patients_key: of the home that gave them, `core.images.pseudonym_key`; "" without any.
        normal: mean activations of the sharper map's layer over normal training images, float16 (channels,
            rows, columns); None for a model without such a map, and in older references.
    """

    created: str
    sha256: np.ndarray
    labels: np.ndarray
    hidden: np.ndarray
    means: np.ndarray
    precision: np.ndarray
    distance_limit: float
    coefficients: np.ndarray
    intercepts: np.ndarray
    peaks: np.ndarray
    orientation_limit: float
    lung_network: str = ""
    lung_limit: float = 1.0  # of references written before lungs were checked
    likeness: Likeness | None = None
    all_sha256: np.ndarray | None = None
    rounding: float | None = None
    patients: np.ndarray | None = None
    patients_key: str = ""
    normal: np.ndarray | None = None

    def distance(self, features: np.ndarray) -> np.ndarray:
        """Out-of-distribution scores, float64 (n,): 1 at the 99th percentile of the validation images.

        Args:
            features: spatial means of the last convolution, float32 (n, channels).
        """
        return class_distances(np.log1p(features), self.means, self.precision) / self.distance_limit

    def orientation(self, pixels: np.ndarray) -> str:
        """One of `ORIENTATIONS` for an image, uint8 (128, 128); `upright` if in doubt."""
        scores = thumbnails(pixels[np.newaxis]) @ self.coefficients.T + self.intercepts
        probabilities = np.exp(scores[0] - scores.max())
        probabilities /= probabilities.sum()
        if 1 - probabilities[0] <= self.orientation_limit:
            return "upright"
        return list(ORIENTATIONS)[1 + int(probabilities[1:].argmax())]

    @property
    def current(self) -> bool:
        """Whether the lung network of this process found its lungs; what another one says is not compared."""
        return self.lung_network == lung_network()

    @property
    def current_lung_limit(self) -> float:
        """`lung_limit`, or 1 where another lung network is in use."""
        return self.lung_limit if self.current else 1.0

    def likeness_score(self, pixels: np.ndarray, lungs: Lungs) -> float:
        """How unlike the model's own images one is: above 1, it is warned of; 0 where that is unknown.

        Args:
            pixels: of the whole image, uint8 (128, 128).
            lungs: of the same image.
        """
        if self.likeness is None or not self.current:
            return 0.0
        seen = appearance(pixels, lungs)
        return 0.0 if seen is None else self.likeness.score(seen)

    def blur(self, pixels: np.ndarray) -> float:
        """As `Likeness.blur` of an image's pixels; 0 where that is unknown."""
        return self.likeness.blur(pixels) if self.likeness else 0.0

    def deviations(self, pixels: np.ndarray, lungs: Lungs, number: int) -> dict[str, float]:
        """As `Likeness.deviations` of an image's pixels and lungs; {} where that is unknown."""
        seen = appearance(pixels, lungs) if self.likeness and self.current else None
        return self.likeness.deviations(seen, number) if self.likeness and seen is not None else {}

    @property
    def training_images(self) -> frozenset[str]:
        """SHA-256 of the files of the training images, as far as they are known."""
        if self.all_sha256 is not None:
            return frozenset(row.tobytes().hex() for row in self.all_sha256)
        return frozenset(map(str, self.sha256))

    @property
    def training_patients(self) -> frozenset[str]:
        """Pseudonyms of their patients, as far as DICOM headers told them."""
        return frozenset() if self.patients is None else frozenset(map(str, self.patients))

    @property
    def patients_elsewhere(self) -> bool:
        """Whether another home gave these pseudonyms, so that nobody is recognised here."""
        return bool(self.patients_key) and self.patients_key != pseudonym_key()

    @property
    def known_images(self) -> int:
        """Of how many training images the digests are known, copies counted."""
        return len(self.sha256 if self.all_sha256 is None else self.all_sha256)

    @property
    def compared_images(self) -> int:
        """How many training images new ones are compared with."""
        return len(self.sha256)

    def nearest(self, hidden: np.ndarray, count: int = 5) -> list[Neighbour]:
        """The most similar training images, the nearest first.

        Args:
            hidden: output of the last hidden layer for an image, float32 (units,).
        """
        similarity = self.hidden.astype(np.float32) @ unit_length(hidden)
        return [
            Neighbour(str(self.sha256[row]), str(self.labels[row]), max(0.0, 1 - float(similarity[row])))
            for row in np.argsort(-similarity, kind="stable")[:count]
        ]

    def save(self, path: Path) -> None:
        """Write it as .npz; raises OSError if that fails."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != LIKENESS}
        arrays = {name: value for name, value in values.items() if value is not None}
        if self.likeness:
            arrays |= {f"{LIKENESS}_{name}": value for name, value in vars(self.likeness).items()}
        path.parent.mkdir(exist_ok=True)
        with atomic.replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """Read what `save` or an earlier version wrote, without unpickling anything.

        Raises:
            OSError, ValueError, KeyError, BadZipFile: it cannot be read.
        """
        with np.load(path, allow_pickle=False) as file:
            arrays = old_names.renamed(dict(file), old_names.REFERENCE)
        values = {name: array if array.ndim else array.item() for name, array in arrays.items()}
        likeness = None
        if f"{LIKENESS}_limit" in values:
            names = [field.name for field in fields(Likeness)]
            likeness = Likeness(**{name: values[f"{LIKENESS}_{name}"] for name in names})
        needed = [field.name for field in fields(cls) if field.name in values or field.default is MISSING]
        return cls(**{name: values[name] for name in needed}, likeness=likeness)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors scaled to length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
