"""`runs` and `stop`: what the Training page shows of all runs, and its stop button."""

from datetime import timedelta
from pathlib import Path

import click

from core.cli.output import as_json, print_json
from core.runs import Run, jobs, list_runs, open_run, queue

folder_option = click.option(
    "--runs", "folder", type=click.Path(path_type=Path), help="Folder that keeps the runs."
)


@click.command()
@folder_option
@as_json
def runs(folder: Path | None, as_json: bool) -> None:
    """List all runs: name, state, stage, epoch, and the reason of those that failed."""
    jobs.keep_going(folder)
    found = [_described(run) for run in list_runs(folder)]
    if as_json:
        print_json(found)
        return
    if not found:
        print("Nothing has been trained yet.")
    for item in found:
        where = f"stage {item['stage']} epoch {item['epoch']}" if item["stage"] else ""
        took = str(timedelta(seconds=int(item["seconds"] or 0)))
        print(f"{item['name']:<32} {item['state']:<9} {where:<18} {took:>8}  {item['reason']}")


@click.command()
@click.argument("run", metavar="RUN")
@folder_option
@as_json
def stop(run: str, folder: Path | None, as_json: bool) -> None:
    """Ask RUN to end after the running step, its state kept; or take it out of the queue.

    What has not ended after 20 seconds is ended by the scheduler. `train --resume RUN` goes on.
    """
    status = jobs.stop(found := open_run(run, folder))
    if as_json:
        print_json(_described(found))
    elif status.stopping:
        print(f"{run} stops after the running step.")
    else:
        print(f"{run} is {status.state}: {status.message}")


@click.command()
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--up", "places", flag_value=-1, type=int, help="Let RUN go one place ahead.")
@click.option("--down", "places", flag_value=1, type=int, help="Let RUN go one place back.")
@click.option("--clear", is_flag=True, help="Take all runs out.")
@folder_option
@as_json
def waiting(run: str | None, places: int | None, clear: bool, folder: Path | None, as_json: bool) -> None:
    """Show the runs that wait for their turn, reorder them, or take them all out."""
    folder = jobs.runs_folder(folder)
    if clear:
        queue.clear(folder)
    elif run and places:
        queue.move(folder, open_run(run, folder).name, places)
    names = queue.waiting(folder)
    if as_json:
        print_json(names)
    else:
        print("\n".join(names) or "No run waits.")


def _described(run: Run) -> dict:
    """A run for machines; `reason` says how one ended that was not finished."""
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
