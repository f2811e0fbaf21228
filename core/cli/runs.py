"""`runs`, `stop` and `queue`: the list of runs, its stop button and its queue, as on the Training page."""

import sys
from datetime import timedelta
from pathlib import Path

import click

from core.cli.output import as_json, print_json
from core.errors import UserError
from core.runs import Run, jobs, list_runs, open_run
from core.runs import queue as run_queue

folder_option = click.option(
    "--runs", "folder", type=click.Path(path_type=Path), help="Folder that holds the runs."
)


@click.command()
@folder_option
@as_json
def runs(folder: Path | None, as_json: bool) -> None:
    """List all runs, and why any did not finish.

    For each run: name, state, stage, epoch and duration.
    """
    try:
        jobs.ensure_scheduler(folder)
    except UserError as error:  # the runs can be listed all the same
        print(error, file=sys.stderr)
    rows = [_as_row(run) for run in list_runs(folder)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print("No runs yet.")
    for row in rows:
        position = f"stage {row['stage']} epoch {row['epoch']}" if row["stage"] else ""
        duration = str(timedelta(seconds=int(row["seconds"] or 0)))
        print(f"{row['name']:<32} {row['state']:<9} {position:<18} {duration:>8}  {row['reason']}")


@click.command()
@click.argument("name", metavar="RUN")
@folder_option
@as_json
def stop(name: str, folder: Path | None, as_json: bool) -> None:
    """Stop RUN after the current step, or unqueue it.

    A run saves its state before it stops; `train --resume RUN` resumes it. A run that has not stopped after
    20 seconds is killed.
    """
    run = open_run(name, folder)
    status = jobs.stop(run)
    if as_json:
        print_json(_as_row(run))
    elif status.stopping:
        print(f"{name} stops after the current step.")
    else:
        print(f"{name} is {status.state}: {status.message}")


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--up", "offset", flag_value=-1, type=int, help="Move RUN one position up.")
@click.option("--down", "offset", flag_value=1, type=int, help="Move RUN one position down.")
@click.option("--clear", is_flag=True, help="Remove all runs from the queue.")
@folder_option
@as_json
def queue(name: str | None, offset: int | None, clear: bool, folder: Path | None, as_json: bool) -> None:
    """Show, reorder or clear the queue of runs."""
    folder = jobs.runs_folder(folder)
    if clear:
        run_queue.clear(folder)
    elif name and offset:
        run_queue.move(folder, open_run(name, folder).name, offset)
    names = run_queue.names(folder)
    if as_json:
        print_json(names)
    else:
        print("\n".join(names) or "The queue is empty.")


def _as_row(run: Run) -> dict:
    """A run as JSON; `reason` says why it did not finish."""
    status = run.status()
    return {
        "name": run.name,
        "state": status.state,
        "stopping": status.stopping,
        "stage": status.stage,
        "epoch": status.epoch,
        "done": status.done,
        "seconds": status.seconds,
        "reason": status.message if status.can_resume else "",
        "note": run.note(),
    }
