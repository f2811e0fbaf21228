"""What the user chose to compare."""

from dataclasses import dataclass

from core.config import STAGES
from core.evaluation import Predictions
from core.runs import Run

BY_CONTENT = {Predictions: lambda model: model.table.to_csv()}  # how caches tell models apart
PLAIN = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}}  # of every figure


@dataclass(frozen=True)
class Candidate:
    """A stage of a run that has been measured."""

    run: Run
    stage: int

    @property
    def name(self) -> str:
        stage = f"Stage {self.stage}" if self.stage in STAGES else self.run.stage(self.stage).name
        return f"{stage} · {self.run.name}"


@dataclass(frozen=True, eq=False)
class Selection:
    """The models on show.

    Attributes:
        candidates: where they come from.
        models: what they said of the chosen split.
        validation: what they said of validation, by name: thresholds and temperatures are found there.
        baselines: what can be told of the same films without lungs, as the first run kept it.
        thresholds: from which probability a film is called PNEUMONIA, by name.
        split: `test` or `validation`.
    """

    candidates: list[Candidate]
    models: list[Predictions]
    validation: dict[str, Predictions]
    baselines: list[Predictions]
    thresholds: dict[str, float]
    split: str
