"""What a run trains, validates and tests on: rows of a data set, by role."""

import hashlib
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from core.config import Augmentation, TrainingSettings
from core.dataset import Dataset, augmented_views, rows_by_role
from core.images import network_input, preprocessed


@dataclass(frozen=True, eq=False)
class Films:
    """Images of one role.

    Attributes:
        dataset: they belong to.
        rows: int ndarray, row numbers in the data set.
        settings: of the run that sees them.
        frames: what a frame is drawn from that each film has where it is not augmented; None for none.
    """

    dataset: Dataset
    rows: np.ndarray
    settings: TrainingSettings
    frames: Augmentation | None = None

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
        return self._input(positions, self.settings.augmentation, view)

    def plain(self, positions: np.ndarray) -> np.ndarray:
        """Some of them without augmentation, as network input."""
        return self._input(positions, self.frames, 0)

    def _input(self, positions: np.ndarray, changes: Augmentation | None, view: int) -> np.ndarray:
        rows = self.rows[positions]
        digests = list(self.dataset.table["sha256"].to_numpy()[rows])
        pixels = self.dataset.pixels[rows]
        pixels = augmented_views(pixels, digests, [view] * len(rows), changes, self.settings.seed)
        return network_input(preprocessed(pixels, self.settings.preprocessing))


@dataclass(frozen=True, eq=False)
class RunData:
    """The films of a run by role.

    Attributes:
        training, validation, test: as their roles say.
        judging: those of validation as epochs are judged on them, in random frames where the settings say so.
    """

    training: Films
    validation: Films
    test: Films
    judging: Films

    @classmethod
    def select(cls, dataset: Dataset, settings: TrainingSettings) -> "RunData":
        """The films that `core.dataset.rows_by_role` names.

        Raises:
            UserError: a class has too few patients, or the cohort is unknown or lacks a class.
        """
        chosen = rows_by_role(dataset, settings).items()
        films = {role: Films(dataset, rows, settings) for role, rows in chosen}
        judging = films["validation"]
        if settings.validation_crop:
            judging = replace(judging, frames=Augmentation.frames(settings.validation_crop))
        return cls(**films, judging=judging)


def view_key(films: Films, view: int | None) -> dict:
    """Everything that the pixels of a view depend on; `view` None stands for plain images."""
    settings, key = films.settings, {"films": films.digest(), "augmentation": None}
    if settings.preprocessing != "none":
        key["preprocessing"] = settings.preprocessing
    changes, number = (films.frames, 0) if view is None else (settings.augmentation, view)
    if changes is not None:
        key |= {"augmentation": asdict(changes), "seed": settings.seed, "view": number}
    return key
