"""`train`: a run from the terminal, in a process of its own, as on the page."""

import sys
import time
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from core.cli.output import Bar, as_json, percent, print_json
from core.cli.run_settings import new_settings, settings_options
from core.dataset import few_validation_images, open_datasets, relabelled, rows_by_role
from core.disk import free_space
from core.errors import UserError
from core.runs import Run, alerts, create_run, epoch_sentences, jobs, open_run

SECONDS_BETWEEN_POLLS = 0.5
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Folder of the data set; may be repeated, to train on several sites.",
)


@click.command()
@data_option
@settings_options
@click.option(
    "--resume", metavar="RUN", help="Resume a run that stopped, failed or died, with its own settings."
)
@click.option("--run", "name", help="Name of the run; by default, preset and time.")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder that holds the runs.")
@click.option("--model-dir", type=click.Path(path_type=Path), help="Folder for the finished weights.")
@as_json
def train(
    data: tuple[Path, ...],
    resume: str | None,
    name: str | None,
    runs: Path | None,
    model_dir: Path | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Train one stage or all three and show the progress. Ctrl-C stops after the current step.

    One run trains at a time; others wait in the queue. Several data sets are joined, each as a site: patients
    are held out within each site, and images that several sites hold are used once.
    """
    if resume:
        return _followed(open_run(resume, runs), as_json)
    if not data:
        raise click.UsageError("Missing option '--data', the folder of the data set.")
    dataset = open_datasets(data, Bar("Decoding", "image"))
    settings = new_settings(dataset, **chosen)
    labelled = relabelled(dataset, settings.label_version)
    if few := few_validation_images(labelled, rows_by_role(dataset, settings)):
        print(few, file=sys.stderr)
    return _followed(create_run(settings, name, runs, model_dir), as_json)


def _followed(run: Run, as_json: bool) -> int:
    """Start or resume a run and follow it to its end; returns the exit code."""
    train_to_end(run, quiet=as_json)
    return _report(run, as_json)


def train_to_end(run: Run, quiet: bool) -> None:
    """Start or resume a run and follow it to its end."""
    jobs.start(run)
    _follow(run, quiet)


def _follow(run: Run, quiet: bool) -> None:
    """Show a run's progress until it ends."""
    if not quiet:
        print(f"Run {run.name} in {run.path}")
    hidden = quiet or not sys.stderr.isatty()
    told: set[object] = set(epoch_sentences(run.epochs()))  # those of earlier attempts
    with tqdm(total=100, disable=hidden, bar_format="{l_bar}{bar}| {postfix}") as bar:
        while True:
            try:
                status = run.status()
                left = "" if not status.seconds_left else f" · {status.seconds_left // 60 + 1} min left"
                epoch = f" · epoch {status.epoch}/{status.epochs}" if status.epoch else ""
                bar.n = round(100 * status.done)
                bar.set_postfix_str(f"{status.message}{epoch}{left}", refresh=True)
                if not quiet:
                    tell_news(run, bar, told)
                if not jobs.may_change(run):
                    return
                jobs.ensure_scheduler(run.path.parent)
                time.sleep(SECONDS_BETWEEN_POLLS)
            except KeyboardInterrupt:
                jobs.stop(run)
                bar.write("Stopping after the current step ...")


def tell_news(run: Run, bar: tqdm, told: set[object]) -> None:
    """Print a sentence for each new epoch and each alert that is new in its stage; note them in `told`."""
    epochs = run.epochs()
    stage = 0 if epochs.empty else int(epochs["stage"].iloc[-1])
    news: dict[object, str] = {sentence: sentence for sentence in reversed(epoch_sentences(epochs))}
    news |= {(stage, alert): f"! {text}" for alert, text in alerts(epochs, free_space(run.path)).items()}
    for key in [key for key in news if key not in told]:
        bar.write(news[key], file=sys.stderr)
        told.add(key)


def _report(run: Run, as_json: bool) -> int:
    """Print the results of a run that has ended; returns the exit code."""
    status = run.status()
    if status.state in ("failed", "died"):
        raise UserError(f"{status.message} Run {run.name}, log: {run.log_path}")
    evaluation = run.results.evaluation()
    if as_json:
        names = {number: run.stage(int(number)).name for number in evaluation}
        stages = {names[number]: evaluation[number] for number in evaluation}
        print_json({"run": run.name, "path": str(run.path), "state": status.state, "evaluation": stages})
    else:
        print(status.message)
        for number, splits in evaluation.items():
            for split, metrics in splits.items():
                auc = "–" if metrics["auc"] is None else f"{metrics['auc']:.3f}"
                print(
                    f"  stage {number}  {split:<10}  AUC {auc}  accuracy "
                    f"{percent(metrics['accuracy'])}  sensitivity {percent(metrics['sensitivity'])}  "
                    f"specificity {percent(metrics['specificity'])}  n {metrics['n']}"
                )
    return 0 if status.state == "finished" else 1
