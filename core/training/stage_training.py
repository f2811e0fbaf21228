"""What a stage's training needs: its settings, read from disk once, its data, network and run."""

from dataclasses import dataclass
from pathlib import Path

import keras

from core.config import Stage, TrainingSettings
from core.runs import Run, stage_steps
from core.training.data import RunData
from core.training.progress import Progress
from core.weights import ModelRecord


@dataclass(frozen=True, eq=False)
class StageTraining:
    """A stage in training.

    Attributes:
        run: its folder receives progress, checkpoints and results.
        settings: of the run.
        stage: the stage to train.
        data: images by role.
        network: the whole network, with the weights that the stage starts from.
        record: provenance, saved inside the weights file.
        progress: of the run.
    """

    run: Run
    settings: TrainingSettings
    stage: Stage
    data: RunData
    network: keras.Model
    record: ModelRecord
    progress: Progress

    @property
    def steps(self) -> int:
        """Steps per epoch."""
        return stage_steps(self.settings, self.stage.number, len(self.data.training))

    @property
    def weights_path(self) -> Path:
        """Path of the best weights."""
        return self.run.weights_path(self.stage.number)
