"""The search of a sweep: Optuna's study, with the trials of earlier starts added to it."""

import optuna

from core.runs import TRIAL_OVER, Run, Sweep, Trial
from core.training.sweep_plan import SweepPlan

TRIALS_BEFORE_PRUNING = 3


def create_study(plan: SweepPlan, sweep: Sweep) -> optuna.Study:
    """An Optuna study that knows the earlier trials; the points of a grid or ablation are queued in it."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = len(sweep.trials)  # so that a second start does not propose the same values again
    if plan.search == "tpe":
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(10, plan.trials // 3 + 1))
    else:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=TRIALS_BEFORE_PRUNING)
    study = optuna.create_study(sampler=sampler, pruner=pruner if plan.prune else optuna.pruners.NopPruner())
    for trial in sweep.trials:
        if sweep.state(trial) in TRIAL_OVER:
            study.add_trial(_frozen_trial(plan, sweep, trial))
    tried = [trial.values for trial in sweep.trials]
    for point in plan.points():
        if point not in tried:
            study.enqueue_trial(point)
    return study


def report_outcome(
    study: optuna.Study, plan: SweepPlan, sweep: Sweep, proposal: optuna.Trial | None, trial: Trial
) -> None:
    """Report a trial that has ended to Optuna; `proposal` is None for one resumed from an earlier start."""
    outcome = _frozen_trial(plan, sweep, trial)
    if proposal is None:
        study.add_trial(outcome)
    else:
        study.tell(proposal, outcome.value, outcome.state)


def losses_by_step(run: Run, plan: SweepPlan) -> dict[int, float]:
    """Validation loss by a step number that increases from epoch to epoch and stage to stage."""
    epochs = run.epochs().dropna(subset=["val_loss"])
    return {
        int(stage) * plan.max_epochs + int(epoch) - 1: float(loss)
        for stage, epoch, loss in zip(epochs["stage"], epochs["epoch"], epochs["val_loss"], strict=True)
    }


def distributions(plan: SweepPlan) -> dict[str, optuna.distributions.BaseDistribution]:
    """The plan's values and ranges as Optuna's distributions."""
    by_name: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.CategoricalDistribution(values) for name, values in plan.values.items()
    }
    for name, item in plan.ranges.items():
        if isinstance(item.low, int) and isinstance(item.high, int):
            by_name[name] = optuna.distributions.IntDistribution(item.low, item.high, log=item.log)
        else:
            by_name[name] = optuna.distributions.FloatDistribution(item.low, item.high, log=item.log)
    return by_name


def _frozen_trial(plan: SweepPlan, sweep: Sweep, trial: Trial) -> optuna.trial.FrozenTrial:
    """A trial that has ended, as Optuna stores it."""
    loss, runs, state = sweep.loss(trial), sweep.runs(trial), optuna.trial.TrialState
    return optuna.trial.create_trial(
        state=state.PRUNED if trial.pruned else state.FAIL if loss is None else state.COMPLETE,
        value=None if trial.pruned else loss,
        params=trial.values,
        distributions=distributions(plan),
        intermediate_values=losses_by_step(runs[0], plan) if runs else {},
    )
