"""`train`: a run from the terminal, in the same process of its own that the page starts."""

import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import click
from tqdm import tqdm

from core.cli.output import Bar, as_json, gibibytes, percent, precision, print_json
from core.config import PRESETS, STAGE_NUMBERS, STAGES, preset
from core.dataset import choices, open_dataset
from core.errors import UserError
from core.runs import Run, create_run, jobs, kept_activations, open_run

SECONDS_BETWEEN_LOOKS = 0.5


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the data set.")
@click.option("--preset", "preset_name", default="seed", show_default=True, type=click.Choice(list(PRESETS)))
@click.option(
    "--stage",
    "stages",
    type=click.Choice([*map(str, STAGE_NUMBERS), "all"]),
    multiple=True,
    help="Given once or more often; all three if not given. 4 trains what --set strategy... names.",
)
@click.option(
    "--weights",
    metavar="imagenet|none|FILE",
    default="imagenet",
    show_default=True,
    help="Starting weights of VGG19: downloaded, random, or a file in Keras's no-top layout.",
)
@click.option("--epochs", type=int, help="Most epochs a stage.")
@click.option("--steps", type=int, help="Steps an epoch, in every stage.")
@click.option("--seed", type=int, help="Of split, augmentation, first weights and dropout.")
@precision
@click.option(
    "--set",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    help="Any other setting, such as momentum=0.9 or augmentation.rotation=10.",
)
@click.option("--resume", metavar="RUN", help="Go on with a run that stopped, failed or died; alone.")
@click.option("--run", "name", help="Name of the run; made from preset and time if not given.")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder that keeps the runs.")
@click.option("--model-dir", type=click.Path(path_type=Path), help="Folder for the finished weights.")
@as_json
def train(
    data: Path | None,
    preset_name: str,
    stages: tuple[str, ...],
    weights: str,
    epochs: int | None,
    steps: int | None,
    seed: int | None,
    precision: str,
    changes: tuple[str, ...],
    resume: str | None,
    name: str | None,
    runs: Path | None,
    model_dir: Path | None,
    as_json: bool,
) -> int:
    """Train one stage or all three, and show how it goes. Ctrl-C stops after the running step.

    One run trains at a time; others wait for their turn.
    """
    if resume:
        return _followed(open_run(resume, runs), as_json)
    if data is None:
        raise click.UsageError("Missing option '--data', the folder of the data set.")
    dataset = open_dataset(data, Bar("Decoding", "image"))
    settings = preset(preset_name).settings(
        **asdict(choices(dataset.root)),
        data=str(dataset.root),
        weights=weights if weights in ("imagenet", "none") else str(Path(weights).resolve()),
        precision=precision,
    )
    given = {"epochs": epochs, "steps": steps and (steps,) * len(STAGES), "seed": seed}
    settings = replace(settings, **{key: value for key, value in given.items() if value is not None})
    settings = settings.changed(_named_values(changes))
    if stages and "all" not in stages:
        settings = replace(settings, stages=tuple(sorted(map(int, set(stages)))))
    return _followed(create_run(settings, name, runs, model_dir), as_json)


def _named_values(changes: tuple[str, ...]) -> dict[str, str]:
    for change in changes:
        if "=" not in change:
            raise click.BadParameter(f"{change!r} is not NAME=VALUE, such as momentum=0.9.")
    return dict(change.split("=", 1) for change in changes)


def _followed(run: Run, as_json: bool) -> int:
    """Start a run, or let it go on, and follow it to its end."""
    jobs.start(run)
    _follow(run, quiet=as_json)
    return _report(run, as_json)


@click.command()
@click.option("--clear", is_flag=True, help="Delete them; the next run computes anew what it needs.")
@as_json
def features(clear: bool, as_json: bool) -> None:
    """Show the space that kept activations of frozen layers take, or clear it."""
    freed = kept_activations.clear() if clear else 0
    kept = kept_activations.size()
    if as_json:
        print_json({"folder": str(kept_activations.folder()), "bytes": kept, "freed": freed})
        return
    if clear:
        print(f"{gibibytes(freed)} freed")
    print(f"{gibibytes(kept)} of kept activations in {kept_activations.folder()}")


def _follow(run: Run, quiet: bool) -> None:
    """Show a run's progress until it ends."""
    if not quiet:
        print(f"Run {run.name} in {run.path}")
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(total=100, disable=hidden, bar_format="{l_bar}{bar}| {postfix}") as bar:
        while True:
            try:
                status = run.status()
                left = "" if not status.seconds_left else f" · {status.seconds_left // 60 + 1} min left"
                where = f" · epoch {status.epoch}/{status.epochs}" if status.epoch else ""
                bar.n = round(100 * status.done)
                bar.set_postfix_str(f"{status.message}{where}{left}", refresh=True)
                if status.state not in ("queued", "running"):
                    return
                jobs.keep_going(run.path.parent)
                time.sleep(SECONDS_BETWEEN_LOOKS)
            except KeyboardInterrupt:
                jobs.stop(run)
                bar.write("Stopping after the running step ...")


def _report(run: Run, as_json: bool) -> int:
    status = run.status()
    if status.state in ("failed", "died"):
        raise UserError(f"{status.message} Run {run.name}, log: {run.log_path}")
    evaluation = run.evaluation()
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
                    f"{percent(metrics['accuracy'])}  sensitivity {percent(metrics['recall'])}  "
                    f"specificity {percent(metrics['specificity'])}  n {metrics['n']}"
                )
    return 0 if status.state == "finished" else 1
