"""Runs over settings times seeds: which are tried next says Optuna, what they are is ordinary runs.

A trial is worth the mean over its seeds of the best validation loss of the last stage; test is never looked
at. One that does worse than half of the others at the same epoch is given up (`prune = false` forbids it; a
grid and an ablation try everything to its end unless `prune = true`).
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import optuna

from core.errors import UserError
from core.runs import DIVERGED, Run, create_run, jobs
from core.runs.sweeps import Sweep, Trial, open_sweep
from core.training.sweep_plan import SweepPlan

SECONDS_BETWEEN_LOOKS = 0.5
BEFORE_PRUNING = 3  # trials that must have finished


def run_sweep(
    plan: SweepPlan,
    trainer: "Trainer",
    folder: Path | None = None,
    ended: Callable[[Sweep, Trial], None] | None = None,
) -> Sweep:
    """Try what is left of a plan; returns when all trials have ended.

    Args:
        trainer: who trains the runs.
        folder: where runs are kept; the usual place if not given.
        ended: called after each trial.

    Raises:
        UserError: a sweep of this name was begun with another plan.
    """
    sweep = _opened(plan, jobs.runs_folder(folder))
    study = _study(plan, sweep)
    left = [trial for trial in sweep.trials if sweep.state(trial) not in ("finished", "pruned")]
    going: list[_Going] = []
    while True:
        while len(going) < trainer.at_once and (left or len(sweep.trials) < plan.trials):
            asked = None if left else study.ask(_distributions(plan))
            if asked is not None:
                number = len(sweep.trials)
                names = tuple(f"{plan.name}-{number:03d}-s{seed}" for seed in plan.seeds)
                sweep = sweep.with_trial(Trial(number, dict(asked.params), names))
            trial = left.pop(0) if left else sweep.trials[-1]
            going.append(_Going(plan, sweep, trial, asked, trainer))
        if not going:
            return sweep
        for item in list(going):
            if not item.look():
                continue
            going.remove(item)
            trial = replace(item.trial, pruned=item.pruned)
            sweep = sweep.with_trial(trial)
            _tell(study, plan, sweep, item, trial)
            if ended:
                ended(sweep, trial)
        time.sleep(SECONDS_BETWEEN_LOOKS)


class Trainer(Protocol):
    """Who trains the runs of a sweep.

    Attributes:
        at_once: trials that go on at the same time.
    """

    at_once: int

    def start(self, run: Run) -> None:
        """Let a run train, from its start or from where it ended; returns at once."""

    def is_busy(self, run: Run) -> bool:
        """Whether a run that was started waits or trains; asked again and again."""


class Queue:
    """Trains runs on this machine, one after another, as the page does."""

    at_once = 1

    def start(self, run: Run) -> None:
        """Put a run in the queue."""
        jobs.start(run)

    def is_busy(self, run: Run) -> bool:
        """Whether it waits or trains; sees to it that the queue is worked off."""
        jobs.keep_going(run.path.parent)
        return run.status().state in ("queued", "running")


class _Going:
    """A trial whose runs are trained one after another."""

    def __init__(self, plan: SweepPlan, sweep: Sweep, trial: Trial, asked, trainer: Trainer):
        self.trial, self.asked, self.pruned = trial, asked, ""
        self._plan, self._folder, self._trainer = plan, sweep.folder, trainer
        self._runs = self._started()
        self._run = next(self._runs, None)
        self._reported = 0

    def look(self) -> bool:
        """Whether the trial has ended; the next seed's run is started where one has."""
        if self._run is None:
            return True
        if self._trainer.is_busy(self._run):
            if not self.pruned and self._worse():
                self._run.request_stop()
            return False
        status = self._run.status()
        if status.state == "failed" and status.message.startswith(DIVERGED):
            self.pruned = status.message
        if self.pruned or status.state != "finished":
            return True
        self._run = next(self._runs, None)
        return self._run is None

    def _started(self) -> Iterator[Run]:
        """The runs, each made and started when it is asked for; those that have finished are passed over."""
        for name, seed in zip(self.trial.runs, self._plan.seeds, strict=True):
            run = Run(self._folder / name)
            if not (run.path / "state.json").exists():
                settings = self._plan.settings(self.trial.values, seed)
                run = create_run(settings, name, self._folder, publish=False)
            state = run.status().state
            if state == "finished":
                continue
            if state not in ("queued", "running"):
                self._trainer.start(run)
            yield run

    def _worse(self) -> bool:
        """Whether the first seed's run does so badly that Optuna gives the trial up."""
        if not self._plan.prune or self.asked is None or self._run.name != self.trial.runs[0]:
            return False
        for step, loss in list(_losses(self._run, self._plan).items())[self._reported :]:
            self.asked.report(loss, step)
            self._reported += 1
        if self._reported and self.asked.should_prune():
            stage, epoch = divmod(max(_losses(self._run, self._plan)), self._plan.base.epochs)
            self.pruned = f"stage {stage}, epoch {epoch + 1}: worse than half of the others"
        return bool(self.pruned)


def _opened(plan: SweepPlan, folder: Path) -> Sweep:
    """The sweep's record, new or from before."""
    fresh = Sweep(plan.name, folder, plan.trials, plan.terms())
    if not fresh.path.exists():
        fresh.save()
        return fresh
    found = open_sweep(plan.name, folder)
    if found.terms != json.loads(json.dumps(plan.terms())):
        raise UserError(
            f"The sweep {plan.name} was begun with other settings or values. Give this one another name, or "
            f"delete {found.path} to forget it; its runs stay."
        )
    return replace(found, total=plan.trials)


def _study(plan: SweepPlan, sweep: Sweep) -> optuna.Study:
    """Optuna's study, told of the trials from before; points that are known wait in its queue."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = len(sweep.trials)  # so that a second start does not ask for the same again
    if plan.search == "tpe":
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(10, plan.trials // 3 + 1))
    else:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING)
    study = optuna.create_study(sampler=sampler, pruner=pruner if plan.prune else optuna.pruners.NopPruner())
    for trial in sweep.trials:
        if sweep.state(trial) in ("finished", "pruned"):
            study.add_trial(_past(plan, sweep, trial))
    tried = [trial.values for trial in sweep.trials]
    for point in plan.points():
        if point not in tried:
            study.enqueue_trial(point)
    return study


def _past(plan: SweepPlan, sweep: Sweep, trial: Trial) -> optuna.trial.FrozenTrial:
    """A trial that has ended, as Optuna keeps it."""
    loss, runs, state = sweep.loss(trial), sweep.runs(trial), optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=state.PRUNED if trial.pruned else state.FAIL if loss is None else state.COMPLETE,
        value=None if trial.pruned else loss,
        params=trial.values,
        distributions=_distributions(plan),
        intermediate_values=_losses(runs[0], plan) if runs else {},
    )


def _tell(study: optuna.Study, plan: SweepPlan, sweep: Sweep, item: "_Going", trial: Trial) -> None:
    """Let Optuna know what became of a trial."""
    past = _past(plan, sweep, trial)
    if item.asked is None:
        study.add_trial(past)
    else:
        study.tell(item.asked, past.value, past.state)


def _losses(run: Run, plan: SweepPlan) -> dict[int, float]:
    """Validation loss by a number that grows from epoch to epoch and stage to stage."""
    epochs = run.epochs().dropna(subset=["val_loss"])
    return {
        int(row.stage) * plan.base.epochs + int(row.epoch) - 1: float(row.val_loss)
        for row in epochs.itertuples()
    }


def _distributions(plan: SweepPlan) -> dict:
    """Optuna's view of values and ranges."""
    found = {name: optuna.distributions.CategoricalDistribution(known) for name, known in plan.values.items()}
    for name, item in plan.ranges.items():
        whole = isinstance(item.low, int) and isinstance(item.high, int)
        kind = optuna.distributions.IntDistribution if whole else optuna.distributions.FloatDistribution
        found[name] = kind(item.low, item.high, log=item.log)
    return found
