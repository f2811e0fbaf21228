"""Sweeps: Optuna proposes trials; each trial is an ordinary run per seed.

The objective of a trial is the best validation loss of its last stage, mean over its seeds; test is never
used. A trial with a higher loss than the median of the others at the same epoch is pruned (`prune = false`
turns this off; grids and ablations run every trial to its end unless `prune = true`).
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import optuna

from core.config import TrainingSettings
from core.errors import UserError
from core.runs import DIVERGED, TRIAL_OVER, Run, Sweep, Trial, create_run, jobs, open_sweep
from core.training.sweep_plan import SweepPlan
from core.training.sweep_search import create_study, distributions, losses_by_step, report_outcome

POLL_S = 0.5


class Trainer(Protocol):
    """Trains the runs of a sweep.

    Attributes:
        parallel_trials: number of trials trained at the same time.
    """

    parallel_trials: int

    def start(self, run: Run) -> None:
        """Start a run, or resume it; returns at once."""
        ...

    def is_busy(self, run: Run) -> bool:
        """Whether a started run is queued or training; polled."""
        ...


class LocalTrainer:
    """Trains runs on this machine one after another, through the queue."""

    parallel_trials = 1

    def start(self, run: Run) -> None:
        """Put a run into the queue."""
        jobs.start(run)

    def is_busy(self, run: Run) -> bool:
        """Whether the run is queued or training; restarts the scheduler if needed."""
        jobs.ensure_scheduler(run.path.parent)
        return run.status().state in ("queued", "running")


def run_sweep(
    plan: SweepPlan,
    trainer: Trainer,
    folder: Path | None = None,
    on_trial_end: Callable[[Sweep, Trial], None] | None = None,
) -> Sweep:
    """Run the remaining trials of a plan; returns when all have ended.

    Args:
        plan: what to try.
        trainer: trains the runs.
        folder: where runs are kept; None for the default folder.
        on_trial_end: called after each trial.

    Raises:
        UserError: a sweep of this name was started with another plan.
    """
    sweep = _create_or_resume(plan, jobs.runs_folder(folder))
    study = create_study(plan, sweep)
    interrupted = [trial for trial in sweep.trials if sweep.state(trial) not in TRIAL_OVER]
    active: list[ActiveTrial] = []
    while True:
        while len(active) < trainer.parallel_trials and (interrupted or len(sweep.trials) < plan.trials):
            proposal = None if interrupted else study.ask(distributions(plan))
            if proposal is not None:
                sweep = sweep.with_trial(_new_trial(plan, len(sweep.trials), proposal))
            trial = interrupted.pop(0) if interrupted else sweep.trials[-1]
            active.append(ActiveTrial(plan, sweep, trial, proposal, trainer))
        if not active:
            return sweep
        for item in list(active):
            if not item.advance():
                continue
            active.remove(item)
            trial = replace(item.trial, pruned=item.pruned)
            sweep = sweep.with_trial(trial)
            report_outcome(study, plan, sweep, item.proposal, trial)
            if on_trial_end:
                on_trial_end(sweep, trial)
        time.sleep(POLL_S)


class ActiveTrial:
    """A trial in progress: its runs are trained one after another.

    Args:
        plan: of the sweep.
        sweep: the trial belongs to.
        trial: to run.
        proposal: Optuna's trial; None for a trial resumed from an earlier start.
        trainer: trains the runs.
    """

    def __init__(
        self,
        plan: SweepPlan,
        sweep: Sweep,
        trial: Trial,
        proposal: optuna.Trial | None,
        trainer: Trainer,
    ) -> None:
        self.trial, self.proposal, self.pruned = trial, proposal, ""
        self._plan, self._folder, self._trainer = plan, sweep.folder, trainer
        self._runs = self._start_runs()
        self._run = next(self._runs, None)
        self._reported_epochs = 0

    def advance(self) -> bool:
        """Start the next seed's run if the last one has ended; returns whether the trial has ended."""
        if self._run is None:
            return True
        if self._trainer.is_busy(self._run):
            if not self.pruned and self._should_prune(self._run):
                self._run.request_stop()
            return False
        status = self._run.status()
        if status.state == "failed" and status.message.startswith(DIVERGED.title):
            self.pruned = status.message
        if self.pruned or status.state != "finished":
            return True
        self._run = next(self._runs, None)
        return self._run is None

    def _start_runs(self) -> Iterator[Run]:
        """The trial's unfinished runs, each created and started when requested."""
        for name, seed in zip(self.trial.runs, self._plan.seeds, strict=True):
            run = Run(self._folder / name)
            if not run.exists():
                settings = self._plan.settings(self.trial.values, seed)
                run = create_run(settings, name, self._folder, publish=False)
            state = run.status().state
            if state == "finished":
                continue
            if state not in ("queued", "running"):
                self._trainer.start(run)
            yield run

    def _should_prune(self, run: Run) -> bool:
        """Whether Optuna prunes the trial by the losses of its first seed's run."""
        if not self._plan.prune or self.proposal is None or run.name != self.trial.runs[0]:
            return False
        losses = losses_by_step(run, self._plan)
        for step, loss in list(losses.items())[self._reported_epochs :]:
            self.proposal.report(loss, step)
            self._reported_epochs += 1
        if self._reported_epochs and self.proposal.should_prune():
            stage, epoch = divmod(max(losses), self._plan.max_epochs)
            self.pruned = f"stage {stage}, epoch {epoch + 1}: higher loss than the median of the other trials"
        return bool(self.pruned)


def _new_trial(plan: SweepPlan, number: int, proposal: optuna.Trial) -> Trial:
    """The trial that Optuna proposes, with the names of its runs."""
    names = tuple(f"{plan.name}-{number:03d}-s{seed}" for seed in plan.seeds)
    return Trial(number, dict(proposal.params), names)


def _create_or_resume(plan: SweepPlan, folder: Path) -> Sweep:
    """The sweep's record, created or read from an earlier start."""
    new = Sweep(plan.name, folder, plan.trials, plan.terms())
    if not new.path.exists():
        new.save()
        return new
    sweep = open_sweep(plan.name, folder)
    if _current(sweep.terms) != json.loads(json.dumps(plan.terms())):
        raise UserError(
            f"The sweep {plan.name} was started with other settings or values. Give this one another name, "
            f"or delete {sweep.path} to forget it; its runs stay."
        )
    return replace(sweep, total=plan.trials)


def _current(terms: dict) -> dict:
    """A record's terms with the settings of this version: under its names, new ones at their defaults."""
    base = TrainingSettings.from_json(terms["base"]).to_json()
    return {**terms, "base": json.loads(json.dumps(base))}
