"""A sweep: many runs of one question, and a record beside them (`.sweeps/NAME.json`) that says which.

The runs are ordinary ones; who looks at a sweep reads them. Only `core.training.sweep` writes here.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from core import atomic
from core.config import REFRAMED
from core.errors import UserError
from core.runs.jobs import runs_folder
from core.runs.run import Run

FOLDER = ".sweeps"
UNFINISHED = ("running", "failed", "died", "stopped", "queued")  # states of runs, the most telling first


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
    """A sweep and what had become of it when it was opened, or first asked about its trials.

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

    @property
    def is_ablation(self) -> bool:
        """Whether each trial but the first changes one setting of the first."""
        return self.terms.get("search") == "ablation"

    def in_words(self, trial: Trial) -> str:
        """A trial's values; of an ablation what it changes."""
        values = trial.values
        if self.is_ablation:
            first = self.trials[0].values
            values = {name: value for name, value in values.items() if value != first[name]}
        return ", ".join(f"{name} {_said(value)}" for name, value in values.items()) or "nothing changed"

    def loss(self, trial: Trial) -> float | None:
        """Mean over the seeds of the best validation loss of the last stage; None until all have finished."""
        return self._outcomes[trial.number].loss

    def state(self, trial: Trial) -> str:
        """`finished`, `pruned`, or the state of the run that keeps it from being finished."""
        return self._outcomes[trial.number].state

    def best(self) -> Trial | None:
        """The finished trial of the lowest validation loss."""
        known = [trial for trial in self.trials if not trial.pruned and self.loss(trial) is not None]
        return min(known, key=self.loss, default=None)

    def done(self) -> float:
        """Share of the runs that have ended, 0 to 1."""
        return min(1.0, sum(outcome.done for outcome in self._outcomes.values()) / self.total)

    @cached_property
    def _outcomes(self) -> dict[int, "_Outcome"]:
        """What has become of each trial, by number; one look at the runs, however much is asked of it."""
        return {trial.number: self._outcome(trial) for trial in self.trials}

    def _outcome(self, trial: Trial) -> "_Outcome":
        runs = self.runs(trial)
        statuses = [run.status() for run in runs]
        states = [status.state for status in statuses] + ["queued"] * (len(trial.runs) - len(runs))
        state = next((name for name in UNFINISHED if name in states), "finished")
        losses = [validation_loss(run) for run in runs] if state == "finished" else [None]
        loss = None if None in losses else sum(losses) / len(losses)
        if trial.pruned:
            return _Outcome("pruned", loss, 1.0)
        return _Outcome(state, loss, sum(status.done for status in statuses) / len(trial.runs))

    def table(self) -> pd.DataFrame:
        """A row a trial, seeds folded: trial, state, the varied settings, seeds, loss, loss_sd, auc, auc_sd.

        Loss and AUC are of validation, of the last stage, over the seeds that have finished.
        """
        rows = []
        for trial in self.trials:
            found = self._measured(trial)
            measured = {"seeds": len(found)}
            for name in found:
                measured |= {name: found[name].mean(), f"{name}_sd": found[name].std()}
            rows.append({"trial": trial.number, "state": self.state(trial), **trial.values, **measured})
        return pd.DataFrame(rows)

    def departures(self) -> pd.DataFrame:
        """Of an ablation, a row a change and seed: change, seed, loss, auc, minus what the first trial had.

        Loss and AUC are of validation, of the last stage; only runs that have finished on both sides count.
        """
        first, *others = self.trials
        base = self._measured(first)
        found = [self._measured(trial).sub(base).dropna(how="all") for trial in others]
        named = [
            table.assign(change=self.in_words(trial)) for trial, table in zip(others, found, strict=True)
        ]
        return pd.concat([base.iloc[:0].assign(change=""), *named]).rename_axis("seed").reset_index()

    def _measured(self, trial: Trial) -> pd.DataFrame:
        """Validation loss and AUC of a trial's runs that have finished, by seed."""
        runs = [run for run in self.runs(trial) if run.status().state == "finished"]
        rows = {run.settings().seed: (validation_loss(run), _validation_auc(run)) for run in runs}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["loss", "auc"], dtype=float)

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


class _Outcome(NamedTuple):
    """What has become of a trial: `Sweep.state`, `Sweep.loss`, and the share of its runs that has ended."""

    state: str
    loss: float | None
    done: float


def validation_loss(run: Run) -> float | None:
    """The best validation loss of a run's last stage; None before its first epoch."""
    epochs = run.epochs()
    losses = epochs[epochs["stage"] == run.settings().stages[-1]]["val_loss"].dropna()
    return float(losses.min()) if len(losses) else None


def _validation_auc(run: Run) -> float | None:
    """Of validation films as the training was judged on them."""
    splits = run.evaluation().get(str(run.settings().stages[-1]), {})
    return splits.get(REFRAMED, splits.get("validation", {})).get("auc")


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


def sweep_names(folder: Path | None = None) -> list[str]:
    """Names of all sweeps, the one that changed last first."""
    paths = (runs_folder(folder) / FOLDER).glob("*.json")
    return [path.stem for path in sorted(paths, key=lambda path: -path.stat().st_mtime)]


def list_sweeps(folder: Path | None = None) -> list[Sweep]:
    """All sweeps whose records can be read, the one that changed last first."""
    found = []
    for name in sweep_names(folder):
        try:
            found.append(open_sweep(name, folder))
        except UserError:
            continue
    return found


def _said(value: object) -> str:
    """A setting's value as it is typed, numbers short."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return value if isinstance(value, str) else json.dumps(value)


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"
