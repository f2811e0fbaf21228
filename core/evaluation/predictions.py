"""A model's predictions for the images of one split, checked and in a fixed order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError
from core.evaluation.patients import patient_groups
from core.sentence import Sentence


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions.

    Attributes:
        name: of the model, for messages and tables.
        table: a row for each image, sorted by path: path, label, patient, cause, probability and any
            other columns of the run's table.
    """

    name: str
    table: pd.DataFrame

    @classmethod
    def of(cls, name: str, table: pd.DataFrame | None) -> "Predictions":
        """Predictions from a run's table, which is None where the run has none.

        Raises:
            UserError: there is no table or it is empty, or a probability is not a number between 0 and 1.
        """
        if table is None or not len(table):
            raise UserError(
                Sentence(
                    "{name} has no predictions: it was not evaluated on this split. Choose the other split.",
                    name=name,
                )
            )
        invalid = table.loc[~pd.to_numeric(table["probability"], errors="coerce").between(0, 1)]
        if len(invalid):
            raise UserError(
                Sentence(
                    "{name} has {count} predictions that are not numbers between 0 and 1 (the first: "
                    "{path}). Train or evaluate it again.",
                    name=name,
                    count=len(invalid),
                    path=invalid["path"].iloc[0],
                )
            )
        return cls(name, table.sort_values("path", ignore_index=True))

    def __len__(self) -> int:
        return len(self.table)

    @property
    def labels(self) -> np.ndarray:
        """True labels, int64 (n,): 0 NORMAL, 1 PNEUMONIA."""
        return (self.table["label"] == CLASS_NAMES[POSITIVE]).to_numpy(np.int64)

    @property
    def probabilities(self) -> np.ndarray:
        """float64 (n,), of PNEUMONIA."""
        return self.table["probability"].to_numpy(np.float64)

    @property
    def patients(self) -> np.ndarray:
        """Patient of each image, (n,); an image of an unknown patient counts as a patient of its own."""
        return patient_groups(self.table, "path").to_numpy(str)

    def wrong_at(self, threshold: float) -> np.ndarray:
        """Which images are misclassified at a decision threshold, bool (n,)."""
        return (self.probabilities >= threshold) != (self.labels == 1)

    def where(self, chosen: np.ndarray) -> "Predictions":
        """Only the images that a mask of shape (n,) selects."""
        return Predictions(self.name, self.table.loc[chosen].reset_index(drop=True))

    def with_probabilities(self, probabilities: np.ndarray) -> "Predictions":
        """The same images with other probabilities, such as calibrated ones."""
        return Predictions(self.name, self.table.assign(probability=probabilities))


def on_common_images(models: list[Predictions]) -> list[Predictions]:
    """Predictions for the images that all models have; unchanged if these are of one class or none."""
    common = set.intersection(*(set(model.table["path"]) for model in models))
    reduced = [model.where(model.table["path"].isin(common).to_numpy()) for model in models]
    return reduced if len(set(reduced[0].labels)) == len(CLASS_NAMES) else models


def check_same_images(models: list[Predictions]) -> None:
    """Refuse to compare predictions for different images.

    Raises:
        UserError: two models' images differ; the message gives both counts and the overlap.
    """
    first = models[0]
    for other in models[1:]:
        if list(first.table["path"]) != list(other.table["path"]):
            shared = len(set(first.table["path"]) & set(other.table["path"]))
            raise UserError(
                Sentence(
                    "{name} was evaluated on {images} images, {other} on {other_images}; {shared} of them "
                    "are the same. Compare models that were evaluated on the same images.",
                    name=first.name,
                    images=len(first),
                    other=other.name,
                    other_images=len(other),
                    shared=shared,
                )
            )
