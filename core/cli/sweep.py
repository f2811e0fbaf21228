"""`sweep`: runs over settings times seeds."""

from pathlib import Path

import click

from core.cli.output import Bar, as_json, print_json
from core.runs import Sweep, Trial


@click.command()
@click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
@click.option("--cluster", metavar="ADDRESS", help="Of a Ray cluster whose nodes see the same folders.")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder that keeps the runs.")
@as_json
def sweep(file: Path, cluster: str | None, runs: Path | None, as_json: bool) -> int:
    """Train what FILE says: a grid, or values that a search chooses, each with every seed.

    Each trial is an ordinary run. Whatever ends the sweep, the same words go on with it: what has finished is
    not trained again. Ctrl-C leaves the run that trains alone. Exit code 1 when a trial did not finish.
    """
    # Imported here: the other commands do without the search.
    from core.training.sweep import Queue, run_sweep
    from core.training.sweep_cluster import Cluster
    from core.training.sweep_plan import read_plan

    plan = read_plan(file, Bar("Decoding", "image"))
    trainer = Cluster(cluster, plan.cpus) if cluster else Queue()
    if not as_json:
        print(
            f"Sweep {plan.name}: {plan.trials} trials, {len(plan.seeds)} seeds each, "
            f"{trainer.at_once} at once"
        )
    found = run_sweep(plan, trainer, runs, None if as_json else say)
    best = found.best()
    if as_json:
        rows = [
            {**vars(trial), "state": found.state(trial), "loss": found.loss(trial)} for trial in found.trials
        ]
        print_json({"sweep": found.name, "trials": rows, "best": best and best.number})
    elif best:
        print(f"Best: trial {best.number} with {found.in_words(best)}, runs {', '.join(best.runs)}")
    good = all(found.state(trial) in ("finished", "pruned") for trial in found.trials)
    return 0 if good else 1


def say(found: Sweep, trial: Trial) -> None:
    """One line about a trial that has ended."""
    state, loss = found.state(trial), found.loss(trial)
    result = f"validation loss {loss:.4f}" if state == "finished" else f"{state} {trial.pruned}".rstrip()
    print(f"trial {trial.number}: {found.in_words(trial)}: {result}", flush=True)
