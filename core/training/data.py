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
        settings: of the run that sees them.
    """

    dataset: Dataset
    rows: np.ndarray
    settings: TrainingSettings

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

    def views(self, positions: np.ndarray, view: int) -> np.ndarray:
        """Augmented view number `view` of some of them, as network input."""
        augmentation, seed = self.settings.augmentation, self.settings.seed
        rows = self.rows[positions]
        digests = list(self.dataset.table["sha256"].to_numpy()[rows])
        views = augmented_views(self.dataset.pixels[rows], digests, [view] * len(rows), augmentation, seed)
        return self._input(views)

    def plain(self, positions: np.ndarray) -> np.ndarray:
        """Some of them without augmentation, as network input."""
        return self._input(self.dataset.pixels[self.rows[positions]])

    def _input(self, pixels: np.ndarray) -> np.ndarray:
        return network_input(preprocessed(pixels, self.settings.preprocessing))


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
        chosen = rows_by_role(dataset, settings).items()
        return cls(**{role: Films(dataset, rows, settings) for role, rows in chosen})


def view_key(films: Films, view: int | None) -> dict:
    """Everything that the pixels of a view depend on; `view` None stands for plain images."""
    settings, key = films.settings, {"films": films.digest(), "augmentation": None}
    if settings.preprocessing != "none":
        key["preprocessing"] = settings.preprocessing
    if view is not None and settings.augmentation is not None:
        key |= {"augmentation": asdict(settings.augmentation), "seed": settings.seed, "view": view}
    return key
