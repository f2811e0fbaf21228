"""`sweep`: runs over settings and seeds."""

from pathlib import Path

import click

from core.cli.output import Bar, as_json, print_json
from core.runs import TRIAL_OVER, Sweep, Trial


@click.command()
@click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
@click.option("--cluster", metavar="ADDRESS", help="HOST:PORT of a Ray cluster with shared folders.")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder that holds the runs.")
@as_json
def sweep(file: Path, cluster: str | None, runs: Path | None, as_json: bool) -> int:
    """Run a sweep: a grid, an ablation or a search.

    FILE describes it. Each trial runs once with every seed and is an ordinary run. The same command resumes a
    sweep that was interrupted; finished trials are not trained again. Ctrl-C stops the sweep, but not the run
    in training. The exit code is 1 if a trial did not finish.
    """
    # Imported lazily: Optuna takes a second to import.
    from core.training.sweep import LocalTrainer, run_sweep
    from core.training.sweep_cluster import ClusterTrainer
    from core.training.sweep_plan import read_plan

    plan = read_plan(file, Bar("Decoding", "image"), runs)
    trainer = ClusterTrainer(cluster, plan.cpus) if cluster else LocalTrainer()
    if not as_json:
        print(
            f"Sweep {plan.name}: {plan.trials} trials, {len(plan.seeds)} seeds each, "
            f"{trainer.parallel_trials} in parallel"
        )
    result = run_sweep(plan, trainer, runs, None if as_json else print_trial)
    best = result.best()
    if as_json:
        rows = [
            {**vars(trial), "state": result.state(trial), "loss": result.loss(trial)}
            for trial in result.trials
        ]
        print_json({"sweep": result.name, "trials": rows, "best": best and best.number})
    elif best:
        print(f"Best: trial {best.number} with {result.describe(best)}, runs {', '.join(best.runs)}")
    return 0 if all(result.state(trial) in TRIAL_OVER for trial in result.trials) else 1


def print_trial(sweep: Sweep, trial: Trial) -> None:
    """Print one line about a trial that has ended."""
    state, loss = sweep.state(trial), sweep.loss(trial)
    outcome = f"validation loss {loss:.4f}" if state == "finished" else f"{state} {trial.pruned}".rstrip()
    print(f"trial {trial.number}: {sweep.describe(trial)}: {outcome}", flush=True)
