"""The models that are compared: where they come from, what they said, where each is cut."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from core.backbones import VGG19
from core.config import STAGES
from core.errors import UserError
from core.evaluation import OperatingPoint, Predictions, calibrated, ensemble, net_benefit, reliability
from core.runs import Run

ENSEMBLE = "Ensemble"


@dataclass(frozen=True)
class Candidate:
    """A stage of a run that has been measured."""

    run: Run
    stage: int

    @property
    def name(self) -> str:
        stage = f"Stage {self.stage}" if self.stage in STAGES else self.run.stage(self.stage).name
        return f"{stage} · {self.run.name}"

    @property
    def data(self) -> Path:
        """Folder of the set that the run was trained on."""
        return Path(self.run.settings().data)

    @property
    def can_be_asked(self) -> bool:
        """Whether diagnosis knows its network: VGG19, and no other backbone."""
        return self.run.settings().backbone == VGG19

    def predictions(self, split: str, films: frozenset[str] | None = None) -> Predictions:
        """What it said of a split, or of some films of it.

        Raises:
            UserError: it was not measured there, or none of the films is in the split.
        """
        table = self.run.predictions(self.stage, split)
        if table is not None and films is not None:
            table = table[table["sha256"].isin(films)]
            if table.empty:
                raise UserError(f"No film of that cohort is in {split} of {self.run.name}. Choose another.")
        return Predictions.of(self.name, pd.DataFrame() if table is None else table)


@dataclass(frozen=True, eq=False)
class Study:
    """A comparison.

    Attributes:
        candidates: where the models come from.
        split: `test` or `validation`.
        models: what they said of the split's films; an ensemble of them last, if asked for.
        validation: what they said of validation, by name: thresholds and temperatures are found there.
        baselines: what can be told of the same films without lungs, as the first run kept it.
        points: operating points by model name.
        films: how the films are called, if they are not all of the split.
    """

    candidates: list[Candidate]
    split: str
    models: list[Predictions]
    validation: dict[str, Predictions]
    baselines: list[Predictions]
    points: dict[str, OperatingPoint] = field(default_factory=dict)
    films: str = ""

    @classmethod
    def of(
        cls,
        candidates: list[Candidate],
        split: str,
        cohort: tuple[str, frozenset[str]] | None = None,
        with_ensemble: bool = False,
    ) -> "Study":
        """Read what the candidates said.

        Args:
            cohort: name and SHA-256 of the only films to look at.
            with_ensemble: whether the mean of their calibrated probabilities is one more model.

        Raises:
            UserError: one was not measured, or they are to be an ensemble and were measured on different
                images.
        """
        name, films = cohort or ("", None)
        models = [item.predictions(split, films) for item in candidates]
        validation = {item.name: item.predictions("validation") for item in candidates}
        if with_ensemble and len(models) > 1:
            fitted = list(validation.values())
            models.append(ensemble(ENSEMBLE, models, fitted))
            validation[ENSEMBLE] = ensemble(ENSEMBLE, fitted, fitted)
        return cls(candidates, split, models, validation, _baselines(candidates[0], split, films), films=name)

    def at(self, points: dict[str, OperatingPoint]) -> "Study":
        """The same with operating points."""
        return replace(self, points=points)

    @property
    def thresholds(self) -> dict[str, float]:
        """From which probability a film is called PNEUMONIA, by model name."""
        return {name: point.threshold for name, point in self.points.items()}

    def reliability(self, temperatures: Mapping[str, float]) -> tuple[dict, dict]:
        """Bins of the reliability diagram by model name, before and after temperature scaling."""
        before, after = {}, {}
        for model in self.models:
            scaled = calibrated(model.probabilities, temperatures[model.name])
            before[model.name] = reliability(model.labels, model.probabilities)
            after[model.name] = reliability(model.labels, scaled)
        return before, after

    def net_benefits(self, thresholds: np.ndarray) -> dict[str, np.ndarray]:
        """Of the decision curve, by model name, and of treating all."""
        found = {
            model.name: net_benefit(model.labels, model.probabilities, thresholds) for model in self.models
        }
        first = self.models[0]
        return found | {"treat all": net_benefit(first.labels, np.ones(len(first)), thresholds)}

    def histories(self) -> dict[str, pd.DataFrame]:
        """Epochs of the candidates by name; those that kept none are left out."""
        found = {}
        for item in self.candidates:
            epochs = item.run.epochs()
            if len(mine := epochs[epochs["stage"] == item.stage]):
                found[item.name] = mine
        return found

    @property
    def remarks(self) -> list[str]:
        """What the candidates' runs say of themselves, such as that their validation flatters them."""
        runs = {item.run.name: item.run for item in self.candidates}
        return [f"{name}: {note}" for name, run in runs.items() for note in run.status().notes]

    @property
    def synthetic(self) -> bool:
        """Whether any of the models was trained on drawn films."""
        return any(item.run.facts().get("synthetic") for item in self.candidates)


def measured_stages(runs: list[Run]) -> list[Candidate]:
    """Every stage of the runs that has predictions, in the runs' order."""
    return [Candidate(run, int(stage)) for run in runs for stage in sorted(run.evaluation())]


def _baselines(candidate: Candidate, split: str, films: frozenset[str] | None) -> list[Predictions]:
    found = []
    for view, table in candidate.run.baselines(split).items():
        kept = table if films is None else table[table["sha256"].isin(films)]
        found.append(Predictions.of(f"No lungs: {view}", kept))
    return found
