"""A stage of a run that was evaluated: one of the models of a comparison."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from core.dataset import as_published, current_labels, known_folders
from core.errors import UserError
from core.evaluation import Predictions
from core.runs import Run
from core.sentence import Sentence
from core.weights import ModelRecord, WeightsError, read_record


@dataclass(frozen=True)
class EvaluatedStage:
    """A stage of a run that was evaluated.

    Attributes:
        run: the run.
        number: of the stage.
        short_name: among the stages that it is compared with; "" where it goes by its full name.
    """

    run: Run
    number: int
    short_name: str = ""

    @property
    def name(self) -> str:
        """The short name if there is one, else the full one."""
        return self.short_name or self.full_name

    @property
    def full_name(self) -> str:
        """Stage and run, as in `Stage 2 · my-run`."""
        stage = self.run.stage(self.number)
        if stage.for_diagnosis:
            return Sentence("Stage {number} · {run}", number=stage.number, run=self.run.name)
        return f"{stage.name} · {self.run.name}"

    @property
    def label(self) -> str:
        """Name of the stage, as in `Stage 2`."""
        return self.run.stage(self.number).label

    @property
    def data(self) -> Path:
        """Folder of the data set that the run was trained on.

        A bundled run records only the folder's name: a folder of that name that was opened here before stands
        for it.
        """
        folder = Path(self.run.settings().data)
        if folder.is_absolute() or folder.is_dir():
            return folder
        return next((known for known in known_folders() if known.name == folder.name), folder)

    @property
    def record(self) -> ModelRecord | None:
        """Of its weights; None without any, as for most stages of a packed run."""
        try:
            return read_record(self.run.weights_path(self.number))
        except WeightsError:
            return None

    def is_network_of(self, record: ModelRecord) -> bool:
        """Whether a record is of its weights, at whatever threshold; a later run of its name has others."""
        if self.run.name != record.run:  # reads no file of most runs
            return False
        own = self.record
        return own is not None and own.network == record.network

    def predictions(
        self, split: str, images: frozenset[str] | None = None, reviewed: bool = False
    ) -> Predictions:
        """Predictions for a split, or for some of its images.

        Args:
            split: `test` or `validation`.
            images: SHA-256 of the images to select; None for all.
            reviewed: whether to label the images by the latest reviews, and leave out those that these
                exclude, instead of labelling them as published.

        Raises:
            UserError: the stage was not evaluated on the split, or none of the images is in it.
        """
        table = self.run.results.predictions(self.number, split)
        table = None if table is None else labelled(table, reviewed)
        if table is not None and images is not None:
            table = table[table["sha256"].isin(images)]
            if table.empty:
                raise UserError(
                    Sentence(
                        "The {split} split of {name} has no image of this cohort. Choose another cohort.",
                        split=split,
                        name=self.run.name,
                    )
                )
        return Predictions.of(self.name, pd.DataFrame() if table is None else table)


def labelled(table: pd.DataFrame, reviewed: bool) -> pd.DataFrame:
    """Images of a run's table that count, with their labels as reviewed last or as published."""
    return current_labels(table).applied(table) if reviewed else as_published(table)


def shortly_named(stages: list[EvaluatedStage]) -> list[EvaluatedStage]:
    """The same stages, named by what tells them apart: their stage if they are of one run, or their run."""
    if len({stage.run.name for stage in stages}) == 1:
        return [replace(stage, short_name=stage.label) for stage in stages]
    if len({stage.label for stage in stages}) == 1:
        return [replace(stage, short_name=stage.run.name) for stage in stages]
    return stages


def stage_named(name: str, stages: list[EvaluatedStage]) -> EvaluatedStage | None:
    """The stage that a name means, whatever other stages there were when it was written down.

    Args:
        name: in full, or what told the stage apart from the others.
        stages: newest run first. A short name means the oldest run that has it, which was there at first.
    """
    in_full = [stage for stage in stages if name in (stage.name, stage.full_name)]
    in_short = [stage for stage in stages if name in (stage.label, stage.run.name)]
    return next(iter([*in_full, *reversed(in_short)]), None)


def evaluated_stages(runs: list[Run]) -> list[EvaluatedStage]:
    """Every evaluated stage of the runs, in the runs' order."""
    return [EvaluatedStage(run, int(stage)) for run in runs for stage in sorted(run.results.evaluation())]
