"""A sweep: a series of ordinary runs over settings and seeds, and a record of them (`.sweeps/NAME.json`).

Only `core.training.sweep` writes records; losses and states are read from the runs.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd

from core import atomic
from core.config import REFRAMED
from core.errors import UserError
from core.runs.folder import Run
from core.runs.jobs import runs_folder
from core.sentence import Sentence

FOLDER = ".sweeps"
TRIAL_OVER = ("finished", "pruned")  # states of a trial that is not taken up again
UNFINISHED = ("running", "failed", "died", "stopped", "queued")  # states of runs, most relevant first


@dataclass(frozen=True)
class Trial:
    """One combination of values, trained once per seed.

    Attributes:
        number: from 0.
        values: of the varied settings, by name.
        runs: names, in the order of the seeds.
        pruned: why the trial was pruned; "" if it was not.
    """

    number: int
    values: dict[str, object]
    runs: tuple[str, ...]
    pruned: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep. The outcomes of its trials are read from their runs once, when first needed.

    Attributes:
        name: of the sweep; the names of its runs begin with it.
        folder: of the runs.
        total: number of trials planned.
        terms: what must be unchanged for the sweep to be resumed, as plain values.
        trials: those that have been started.
    """

    name: str
    folder: Path
    total: int
    terms: dict
    trials: tuple[Trial, ...] = field(default_factory=tuple)

    @property
    def path(self) -> Path:
        """Path of the record."""
        return _path(self.folder, self.name)

    def runs(self, trial: Trial) -> list[Run]:
        """The runs of a trial that have been created."""
        runs = [Run(self.folder / name) for name in trial.runs]
        return [run for run in runs if run.exists()]

    @property
    def is_ablation(self) -> bool:
        """Whether each trial after the first changes one setting of the first."""
        return self.terms.get("search") == "ablation"

    def describe(self, trial: Trial) -> str:
        """A trial's values as text; in an ablation only the changed ones."""
        values = trial.values
        if self.is_ablation:
            first = self.trials[0].values
            values = {name: value for name, value in values.items() if value != first[name]}
        return ", ".join(f"{name} {_as_typed(value)}" for name, value in values.items()) or "nothing changed"

    def loss(self, trial: Trial) -> float | None:
        """Best validation loss of the last stage, mean over seeds; None until all have finished."""
        return self._outcomes[trial.number].loss

    def state(self, trial: Trial) -> str:
        """`finished`, `pruned`, or the state of the run that is holding the trial up."""
        return self._outcomes[trial.number].state

    def best(self) -> Trial | None:
        """The finished trial with the lowest validation loss."""
        finished = [trial for trial in self.trials if not trial.pruned and self.loss(trial) is not None]
        return min(finished, key=lambda trial: cast(float, self.loss(trial)), default=None)

    def done(self) -> float:
        """Fraction of the work done, 0 to 1."""
        return min(1.0, sum(outcome.done for outcome in self._outcomes.values()) / self.total)

    @cached_property
    def _outcomes(self) -> dict[int, "_Outcome"]:
        """Outcome of each trial, by number."""
        return {trial.number: self._outcome(trial) for trial in self.trials}

    def _outcome(self, trial: Trial) -> "_Outcome":
        runs = self.runs(trial)
        statuses = [run.status() for run in runs]
        states = [status.state for status in statuses] + ["queued"] * (len(trial.runs) - len(runs))
        state = next((name for name in UNFINISHED if name in states), "finished")
        losses = [validation_loss(run) for run in runs] if state == "finished" else [None]
        known = [loss for loss in losses if loss is not None]
        loss = sum(known) / len(losses) if len(known) == len(losses) else None
        if trial.pruned:
            return _Outcome("pruned", loss, 1.0)
        return _Outcome(state, loss, sum(status.done for status in statuses) / len(trial.runs))

    def table(self) -> pd.DataFrame:
        """One row per trial: trial, state, the varied settings, seeds, loss, loss_sd, auc, auc_sd.

        Validation loss and AUC of the last stage, mean and standard deviation over finished seeds.
        """
        rows = []
        for trial in self.trials:
            by_seed = self._metrics_by_seed(trial)
            summary: dict[str, Any] = {"seeds": len(by_seed)}
            for name in map(str, by_seed):
                summary |= {name: by_seed[name].mean(), f"{name}_sd": by_seed[name].std()}
            rows.append({"trial": trial.number, "state": self.state(trial), **trial.values, **summary})
        return pd.DataFrame(rows)

    def ablation_effects(self) -> pd.DataFrame:
        """One row per change and seed of an ablation: change, seed, and the differences of loss and auc.

        Validation loss and AUC of the last stage, minus those of the first trial with the same seed; seeds
        that have not finished in both trials are left out.
        """
        first, *others = self.trials
        base = self._metrics_by_seed(first)
        tables = [
            self._metrics_by_seed(trial).sub(base).dropna(how="all").assign(change=self.describe(trial))
            for trial in others
        ]
        return pd.concat([base.iloc[:0].assign(change=""), *tables]).rename_axis("seed").reset_index()

    def _metrics_by_seed(self, trial: Trial) -> pd.DataFrame:
        """Validation loss and AUC of a trial's finished runs, by seed."""
        runs = [run for run in self.runs(trial) if run.status().state == "finished"]
        rows = {run.settings().seed: (validation_loss(run), _validation_auc(run)) for run in runs}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["loss", "auc"], dtype=float)

    def with_trial(self, trial: Trial) -> "Sweep":
        """The sweep with a trial added or replaced, saved to disk."""
        trials = {item.number: item for item in self.trials} | {trial.number: trial}
        changed = replace(self, trials=tuple(trials[number] for number in sorted(trials)))
        changed.save()
        return changed

    def save(self) -> None:
        """Write the record."""
        atomic.write_json(
            self.path,
            {"total": self.total, "terms": self.terms, "trials": [asdict(trial) for trial in self.trials]},
        )


class _Outcome(NamedTuple):
    """Outcome of a trial: `Sweep.state`, `Sweep.loss`, and the fraction of its work done."""

    state: str
    loss: float | None
    done: float


def validation_loss(run: Run) -> float | None:
    """The best validation loss of a run's last stage; None before its first epoch."""
    epochs = run.epochs()
    losses = epochs[epochs["stage"] == run.settings().stages[-1]]["val_loss"].dropna()
    return float(losses.min()) if len(losses) else None


def _validation_auc(run: Run) -> float | None:
    """AUC on the selection set."""
    splits = run.results.evaluation().get(str(run.settings().stages[-1]), {})
    return splits.get(REFRAMED, splits.get("validation", {})).get("auc")


def open_sweep(name: str, folder: Path | None = None) -> Sweep:
    """Open a sweep by its name.

    Raises:
        UserError: there is no such sweep, or its record is damaged.
    """
    folder = runs_folder(folder)
    try:
        content = json.loads(_path(folder, name).read_text(encoding="utf-8"))
        trials = [Trial(**{**item, "runs": tuple(item["runs"])}) for item in content["trials"]]
        return Sweep(name, folder, content["total"], content["terms"], tuple(trials))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            Sentence("There is no sweep {name!r} in {folder}.", name=name, folder=folder)
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            Sentence(
                "The record of the sweep {name}, {path}, is damaged.", name=name, path=_path(folder, name)
            )
        ) from error


def sweep_names(folder: Path | None = None) -> list[str]:
    """Names of all sweeps, the most recently changed first."""
    paths = (runs_folder(folder) / FOLDER).glob("*.json")
    return [path.stem for path in sorted(paths, key=lambda path: -path.stat().st_mtime)]


def list_sweeps(folder: Path | None = None) -> list[Sweep]:
    """All sweeps with readable records, the most recently changed first."""
    sweeps = []
    for name in sweep_names(folder):
        try:
            sweeps.append(open_sweep(name, folder))
        except UserError:
            continue
    return sweeps


def _as_typed(value: object) -> str:
    """A setting's value as a person types it, floats shortened."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return value if isinstance(value, str) else json.dumps(value)


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"
