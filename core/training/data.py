"""What a run trains, validates and tests on: rows of a data set, by role."""

import hashlib
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from core.config import TrainingSettings
from core.dataset import Dataset, augmented_views, rows_by_role
from core.images import network_input, preprocessed


@dataclass(frozen=True, eq=False)
class Films:
    """Images of one role.

    Attributes:
        dataset: they belong to.
        rows: int ndarray, row numbers in the data set.
        preprocessing: what is done to each of them, and to its views, before the network sees it.
    """

    dataset: Dataset
    rows: np.ndarray
    preprocessing: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> np.ndarray:
        """int64 ndarray of shape (n,)."""
        return self.dataset.labels[self.rows]

    @property
    def table(self) -> pd.DataFrame:
        """Their rows of the data set's table."""
        return self.dataset.table.iloc[self.rows]

    def digest(self) -> str:
        """SHA-256 over their contents, in order."""
        return hashlib.sha256("".join(self.table["sha256"]).encode()).hexdigest()

    def views(self, positions: np.ndarray, view: int, settings: TrainingSettings) -> np.ndarray:
        """Augmented view number `view` of some of them, as network input."""
        rows = self.rows[positions]
        digests = list(self.dataset.table["sha256"].to_numpy()[rows])
        views = augmented_views(
            self.dataset.pixels[rows], digests, [view] * len(rows), settings.augmentation, settings.seed
        )
        return network_input(preprocessed(views, self.preprocessing))

    def plain(self, positions: np.ndarray) -> np.ndarray:
        """Some of them without augmentation, as network input."""
        return network_input(preprocessed(self.dataset.pixels[self.rows[positions]], self.preprocessing))


@dataclass(frozen=True, eq=False)
class RunData:
    """The films of a run by role."""

    training: Films
    validation: Films
    test: Films

    @classmethod
    def select(cls, dataset: Dataset, settings: TrainingSettings) -> "RunData":
        """The films that `core.dataset.rows_by_role` names.

        Raises:
            UserError: a class has too few patients, or the cohort is unknown or lacks a class.
        """
        rows = rows_by_role(dataset, settings)
        return cls(**{role: Films(dataset, rows[role], settings.preprocessing) for role in rows})


def view_key(films: Films, view: int | None, settings: TrainingSettings) -> dict:
    """Everything that the pixels of a view depend on; `view` None stands for plain images."""
    key = {"films": films.digest(), "augmentation": None}
    if films.preprocessing != "none":
        key["preprocessing"] = films.preprocessing
    if view is not None and settings.augmentation is not None:
        key |= {"augmentation": asdict(settings.augmentation), "seed": settings.seed, "view": view}
    return key
