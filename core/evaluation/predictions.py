"""What one model said of the images of one split, checked, as arrays in one order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.config import CLASS_NAMES, POSITIVE
from core.errors import UserError


@dataclass(frozen=True, eq=False)
class Predictions:
    """Answers of a model.

    Attributes:
        name: of the model, for messages and tables.
        table: a row for each image, sorted by path: path, label, patient, cause, probability and
            whatever else was kept.
    """

    name: str
    table: pd.DataFrame

    @classmethod
    def of(cls, name: str, table: pd.DataFrame) -> "Predictions":
        """Answers from a run's table.

        Raises:
            UserError: there are none, or a probability is not a number between 0 and 1.
        """
        if not len(table):
            raise UserError(f"{name} holds no predictions: it was not measured on this split.")
        bad = table.loc[~pd.to_numeric(table["probability"], errors="coerce").between(0, 1)]
        if len(bad):
            raise UserError(
                f"{name} holds {len(bad)} predictions that are no numbers between 0 and 1 (the first: "
                f"{bad['path'].iloc[0]}). Train or evaluate it again."
            )
        return cls(name, table.sort_values("path", ignore_index=True))

    def __len__(self) -> int:
        return len(self.table)

    @property
    def labels(self) -> np.ndarray:
        """int64 (n,): 0 NORMAL, 1 PNEUMONIA."""
        return (self.table["label"] == CLASS_NAMES[POSITIVE]).to_numpy(np.int64)

    @property
    def probabilities(self) -> np.ndarray:
        """float64 (n,), of PNEUMONIA."""
        return self.table["probability"].to_numpy(np.float64)

    @property
    def patients(self) -> np.ndarray:
        """Patient of each image, (n,); an image of an unknown patient is a patient of its own."""
        return self.table["patient"].where(self.table["patient"] != "", self.table["path"]).to_numpy(str)

    def where(self, chosen: np.ndarray) -> "Predictions":
        """Only the images that the mask chooses."""
        return Predictions(self.name, self.table.loc[chosen].reset_index(drop=True))

    def with_probabilities(self, probabilities: np.ndarray) -> "Predictions":
        """The same images with other probabilities, such as calibrated ones."""
        return Predictions(self.name, self.table.assign(probability=probabilities))


def check_same_images(models: list[Predictions]) -> None:
    """Refuse to compare answers about different images.

    Raises:
        UserError: two of them differ; the sentence says which and by how much.
    """
    first = models[0]
    for other in models[1:]:
        if list(first.table["path"]) != list(other.table["path"]):
            shared = len(set(first.table["path"]) & set(other.table["path"]))
            raise UserError(
                f"{first.name} was measured on {len(first)} images, {other.name} on {len(other)}; {shared} "
                f"of them are the same. Compare models that were measured on the same images."
            )
