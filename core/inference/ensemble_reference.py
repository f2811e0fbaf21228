"""The references of an ensemble's members as one: of every check, the most cautious member counts."""

from dataclasses import dataclass, replace

import numpy as np

from core.anatomy import Lungs
from core.inference.reference import Neighbour, Reference


@dataclass(frozen=True, eq=False)
class EnsembleReference:
    """What `Reference` tells of one model, told of an ensemble.

    Attributes:
        members: the reference of each member, in order.
    """

    members: tuple[Reference, ...]

    @property
    def peaks(self) -> np.ndarray | None:
        """By cell, the largest of the members' shares of validation images whose heat map peaks there.

        None if their maps differ in size.
        """
        peaks = [member.peaks for member in self.members]
        return np.max(peaks, axis=0) if len({each.shape for each in peaks}) == 1 else None

    @property
    def current_lung_limit(self) -> float:
        """The lowest of the members' limits of plausible lungs."""
        return min(member.current_lung_limit for member in self.members)

    def distance(self, features: np.ndarray) -> np.ndarray:
        """Out-of-distribution scores, float64 (n,): the largest of the members'.

        Args:
            features: of the members one after the other, float32 (n, channels of all).
        """
        parts = _parts(features, [member.means.shape[1] for member in self.members])
        scores = [member.distance(part) for member, part in zip(self.members, parts, strict=True)]
        return np.max(scores, axis=0)

    def likeness_score(self, pixels: np.ndarray, lungs: Lungs) -> float:
        """As of one model; the largest of the members'."""
        return max(member.likeness_score(pixels, lungs) for member in self.members)

    def blur(self, pixels: np.ndarray) -> float:
        """As of one model; the largest of the members'."""
        return max(member.blur(pixels) for member in self.members)

    def deviations(self, pixels: np.ndarray, lungs: Lungs, number: int) -> dict[str, float]:
        """As of one model; of the first member that knows, as all were trained on images of one data set."""
        known = (member.deviations(pixels, lungs, number) for member in self.members)
        return next(filter(None, known), {})

    def orientation(self, pixels: np.ndarray) -> str:
        """One of `ORIENTATIONS` for an image, uint8 (128, 128); `upright` if no member says otherwise."""
        orientations = [member.orientation(pixels) for member in self.members]
        return next((orientation for orientation in orientations if orientation != "upright"), "upright")

    @property
    def training_images(self) -> frozenset[str]:
        """SHA-256 of the files on which any member was trained."""
        return frozenset().union(*(member.training_images for member in self.members))

    @property
    def training_patients(self) -> frozenset[str]:
        """Pseudonyms of the patients on whom any member was trained, as far as DICOM headers told them."""
        return frozenset().union(*(member.training_patients for member in self.members))

    @property
    def patients_elsewhere(self) -> bool:
        """Whether another home gave some of these pseudonyms, so that they are not recognised here."""
        return any(member.patients_elsewhere for member in self.members)

    @property
    def known_images(self) -> int:
        """Of how many training images digests are known, copies counted; the least of the members."""
        return min(member.known_images for member in self.members)

    @property
    def compared_images(self) -> int:
        """How many training images new ones are compared with; the least of the members' numbers."""
        return min(member.compared_images for member in self.members)

    def nearest(self, hidden: np.ndarray, count: int = 5) -> list[Neighbour]:
        """The most similar training images by the mean of the members' distances, the nearest first.

        Only images that all members were trained on are compared.

        Args:
            hidden: of the members one after the other, float32 (units of all,).
        """
        parts = _parts(hidden, [member.hidden.shape[1] for member in self.members])
        each = [
            {image.sha256: image for image in member.nearest(part, len(member.sha256))}
            for member, part in zip(self.members, parts, strict=True)
        ]
        shared = set.intersection(*map(set, each))
        neighbours = [_mean([images[digest] for images in each]) for digest in shared]
        return sorted(neighbours, key=lambda image: (image.distance, image.sha256))[:count]


def _parts(values: np.ndarray, widths: list[int]) -> list[np.ndarray]:
    """Each member's part of values whose last axis holds those of all members."""
    return np.split(values, np.cumsum(widths)[:-1], axis=-1)


def _mean(same: list[Neighbour]) -> Neighbour:
    """One training image at the mean of its distances."""
    return replace(same[0], distance=float(np.mean([image.distance for image in same])))
