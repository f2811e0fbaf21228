"""Results in a run's folder: metrics, predictions, shortcut baselines and occlusion tests.

evaluation.json                                metrics by stage and split
predictions/model_01-test.csv                  path, label, patient, cause, probability of each image
predictions/no_lungs_frame-test.csv            the same from a shortcut baseline
predictions/second_look_model_01-test.csv|npy  probabilities of occluded images, last hidden layer
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core import atomic
from core.config import Stage, old_names
from core.runs.json_file import read_json

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """Results of a run.

    Attributes:
        path: the run's folder.
        stage: returns a stage by its number.
    """

    path: Path
    stage: Callable[[int], Stage]

    def write_evaluation(self, stage: int, evaluation: dict) -> None:
        """Save a stage's metrics by split."""
        atomic.write_json(self.path / "evaluation.json", {**self.evaluation(), str(stage): evaluation})

    def evaluation(self) -> dict[str, dict]:
        """Metrics by stage number (as text) and split; {} before the first stage ends."""
        return {
            stage: {
                split: old_names.with_both(metrics, old_names.METRICS) for split, metrics in splits.items()
            }
            for stage, splits in read_json(self.path / "evaluation.json").items()
        }

    def write_predictions(self, stage: int, split: str, table: pd.DataFrame) -> None:
        """Save the predictions of a stage's best weights, one row per image of the split."""
        atomic.write_text(self.predictions_path(stage, split), table.to_csv(index=False))

    def predictions(self, stage: int, split: str) -> pd.DataFrame | None:
        """What `write_predictions` saved, or None."""
        path = self.predictions_path(stage, split)
        return _table(path) if path.exists() else None

    def write_baseline(self, view: str, split: str, table: pd.DataFrame) -> None:
        """Save the predictions of a shortcut baseline, named by what it sees, such as `frame`."""
        atomic.write_text(
            self.path / "predictions" / f"no_lungs_{view}-{split}.csv", table.to_csv(index=False)
        )

    def baselines(self, split: str) -> dict[str, pd.DataFrame]:
        """What `write_baseline` saved, by view."""
        paths = sorted((self.path / "predictions").glob(f"no_lungs_*-{split}.csv"))
        return {
            path.name.removeprefix("no_lungs_").removesuffix(f"-{split}.csv"): _table(path) for path in paths
        }

    def write_occlusion_test(self, stage: int, split: str, table: pd.DataFrame, hidden: np.ndarray) -> None:
        """Save probabilities of occluded images, and the last hidden layer of each image."""
        with atomic.replacing(self._occlusion_path(stage, split, ".npy")) as temporary:
            np.save(temporary, hidden)
        atomic.write_text(self._occlusion_path(stage, split, ".csv"), table.to_csv(index=False))

    def occlusion_test(self, stage: int, split: str) -> tuple[pd.DataFrame, np.ndarray] | None:
        """What `write_occlusion_test` saved, or None."""
        path = self._occlusion_path(stage, split, ".csv")
        if not path.exists():
            return None
        return _table(path).rename(columns=old_names.MASKS), np.load(path.with_suffix(".npy"))

    def predictions_path(self, stage: int, split: str) -> Path:
        """The file of `write_predictions`, which may be missing."""
        return self.path / "predictions" / f"{self.stage(stage).name}-{split}.csv"

    def _occlusion_path(self, stage: int, split: str, suffix: str) -> Path:
        return self.path / "predictions" / f"second_look_{self.stage(stage).name}-{split}{suffix}"


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd  # imported lazily: answers need no tables

    return pd.read_csv(path, keep_default_na=False)
