"""A sweep: many runs of one question, and a record beside them (`.sweeps/NAME.json`) that says which.

The runs are ordinary ones; who looks at a sweep reads them. Only `core.training.sweep` writes here.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pandas as pd

from core import atomic
from core.errors import UserError
from core.runs.jobs import runs_folder
from core.runs.run import Run

FOLDER = ".sweeps"


@dataclass(frozen=True)
class Trial:
    """One choice of values, trained once for each seed.

    Attributes:
        number: from 0.
        values: of the settings that the sweep varies, by their names.
        runs: names, in the order of the seeds.
        pruned: why it was given up early; "" where it was not.
    """

    number: int
    values: dict[str, object]
    runs: tuple[str, ...]
    pruned: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep and what became of it so far.

    Attributes:
        name: of the sweep; its runs begin with it.
        folder: of the runs.
        total: trials there are to be.
        terms: what must stay the same for a second start to go on, as plain values.
        trials: those that have begun.
    """

    name: str
    folder: Path
    total: int
    terms: dict
    trials: tuple[Trial, ...] = field(default_factory=tuple)

    @property
    def path(self) -> Path:
        """The record's file."""
        return _path(self.folder, self.name)

    def runs(self, trial: Trial) -> list[Run]:
        """Those of a trial's runs that were made."""
        found = [Run(self.folder / name) for name in trial.runs]
        return [run for run in found if (run.path / "state.json").exists()]

    def loss(self, trial: Trial) -> float | None:
        """Mean over the seeds of the best validation loss of the last stage; None until all have finished."""
        runs = self.runs(trial)
        if len(runs) < len(trial.runs) or any(run.status().state != "finished" for run in runs):
            return None
        losses = [validation_loss(run) for run in runs]
        return None if None in losses else sum(losses) / len(losses)

    def state(self, trial: Trial) -> str:
        """`finished`, `pruned`, or the state of the run that keeps it from being finished."""
        if trial.pruned:
            return "pruned"
        states = [run.status().state for run in self.runs(trial)]
        states += ["queued"] * (len(trial.runs) - len(states))
        order = ("running", "failed", "died", "stopped", "queued")
        return next((state for state in order if state in states), "finished")

    def best(self) -> Trial | None:
        """The finished trial of the lowest validation loss."""
        losses = {trial.number: self.loss(trial) for trial in self.trials if not trial.pruned}
        known = {number: loss for number, loss in losses.items() if loss is not None}
        return self.trials[min(known, key=known.get)] if known else None

    def done(self) -> float:
        """Share of the runs that have ended, 0 to 1."""
        a_trial = max((len(trial.runs) for trial in self.trials), default=1)
        ended = 0.0
        for trial in self.trials:
            ended += a_trial if trial.pruned else sum(run.status().done for run in self.runs(trial))
        return min(1.0, ended / (a_trial * self.total))

    def table(self) -> pd.DataFrame:
        """A row a trial, seeds folded: trial, state, the varied settings, seeds, loss, loss_sd, auc, auc_sd.

        Loss and AUC are of validation, of the last stage, over the seeds that have finished.
        """
        rows = []
        for trial in self.trials:
            runs = [run for run in self.runs(trial) if run.status().state == "finished"]
            losses = pd.Series([validation_loss(run) for run in runs], dtype=float)
            aucs = pd.Series([_validation_auc(run) for run in runs], dtype=float)
            measured = {"seeds": len(runs), "loss": losses.mean(), "loss_sd": losses.std()}
            measured |= {"auc": aucs.mean(), "auc_sd": aucs.std()}
            rows.append({"trial": trial.number, "state": self.state(trial), **trial.values, **measured})
        return pd.DataFrame(rows)

    def with_trial(self, trial: Trial) -> "Sweep":
        """The sweep with a trial added, or changed, written to disk."""
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


def validation_loss(run: Run) -> float | None:
    """The best validation loss of a run's last stage; None before its first epoch."""
    epochs = run.epochs()
    losses = epochs[epochs["stage"] == run.settings().stages[-1]]["val_loss"].dropna()
    return float(losses.min()) if len(losses) else None


def _validation_auc(run: Run) -> float | None:
    return run.evaluation().get(str(run.settings().stages[-1]), {}).get("validation", {}).get("auc")


def open_sweep(name: str, folder: Path | None = None) -> Sweep:
    """The sweep of that name.

    Raises:
        UserError: there is none, or its record is damaged.
    """
    folder = runs_folder(folder)
    try:
        content = json.loads(_path(folder, name).read_text(encoding="utf-8"))
        trials = [Trial(**{**item, "runs": tuple(item["runs"])}) for item in content["trials"]]
        return Sweep(name, folder, content["total"], content["terms"], tuple(trials))
    except FileNotFoundError:
        raise UserError(f"There is no sweep {name!r} in {folder}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"The record of the sweep {name}, {_path(folder, name)}, is damaged.") from error


def list_sweeps(folder: Path | None = None) -> list[Sweep]:
    """All sweeps whose records can be read, the one that changed last first."""
    paths = sorted((runs_folder(folder) / FOLDER).glob("*.json"), key=lambda path: -path.stat().st_mtime)
    found = []
    for path in paths:
        try:
            found.append(open_sweep(path.stem, folder))
        except UserError:
            continue
    return found


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"
