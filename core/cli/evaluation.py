"""`evaluate` and `compare`: metrics of a weights file on a data set, and measured models side by side."""

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import pandas as pd

from core import evaluation
from core.cli.output import Bar, as_json, percent, precision, print_json
from core.dataset import cohort, open_dataset
from core.diagnosis import load_predictor
from core.errors import UserError
from core.evaluation import Predictions
from core.runs import open_run

BATCH = 32


@click.command()
@click.option("--model", required=True, type=click.Path(path_type=Path), help="Weights file (.h5).")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of the data set.")
@click.option("--split", default="test", show_default=True, type=click.Choice(["train", "val", "test"]))
@precision
@as_json
def evaluate(model: Path, data: Path, split: str, precision: str, as_json: bool) -> None:
    """Metrics of a weights file on a published split of a data set."""
    dataset = open_dataset(data, Bar("Decoding", "image"))
    rows = np.flatnonzero(dataset.table["split"] == split)
    if not len(rows):
        raise UserError(f"{dataset.root} holds no readable image in {split}/. Choose another split.")
    predictor = load_predictor(model, precision)
    bar, parts = Bar("Predicting", "image"), []
    for start in range(0, len(rows), BATCH):
        parts.append(predictor.probabilities(dataset.pixels[rows[start : start + BATCH]]))
        bar(min(start + BATCH, len(rows)), len(rows))
    metrics = evaluation.evaluate(dataset.labels[rows], np.concatenate(parts))
    if as_json:
        print_json(metrics)
        return
    print(f"{model.name} on {split} of {dataset.name}: {metrics['n']} images")
    for name in ("accuracy", "precision", "recall", "specificity", "f1"):
        print(f"  {name:<12} {percent(metrics[name])}")
    for name in ("auc", "loss"):
        print(f"  {name:<12} {'–' if metrics[name] is None else f'{metrics[name]:.4f}'}")
    (tn, fp), (fn, tp) = metrics["confusion_matrix"]
    print(f"  true normal  {tn}, false alarms {fp}, missed {fn}, found {tp}")


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that keeps the runs.")
@click.option("--split", default="test", show_default=True, type=click.Choice(["test", "validation"]))
@click.option(
    "--point",
    default="half",
    show_default=True,
    type=click.Choice(["half", "youden", "sensitivity"]),
    help="Threshold: one half, or found on validation by Youden's J or for a sensitivity of 95 %.",
)
@click.option("--cohort", "cohort_name", help="Only films of this cohort of each run's set.")
@as_json
def compare(
    runs: tuple[str, ...], folder: Path | None, split: str, point: str, cohort_name: str | None, as_json: bool
) -> None:
    """Compare every measured stage of RUNs: metrics with 95 % intervals, and whether they differ."""
    models, thresholds = [], {}
    for name in runs:
        run = open_run(name, folder)
        for stage in sorted(run.evaluation()):
            title = f"{name}/{run.stage(int(stage)).name}"
            tables = {role: run.predictions(int(stage), role) for role in ("validation", split)}
            if cohort_name and tables[split] is not None:
                films = cohort(Path(run.settings().data), cohort_name)
                tables[split] = tables[split][tables[split]["sha256"].isin(films)]
            found = {
                role: Predictions.of(title, pd.DataFrame() if table is None else table)
                for role, table in tables.items()
            }
            models.append(found[split])
            validation = found["validation"]
            thresholds[title] = evaluation.found_by(
                point, validation.labels, validation.probabilities
            ).threshold
    if not models:
        raise UserError(f"No stage of {', '.join(runs)} has been measured yet. Wait for one to finish.")
    differences = evaluation.compare(models, thresholds)
    measured = {model.name: _measured(model, thresholds[model.name]) for model in models}
    if as_json:
        print_json(
            {"split": split, "models": measured, "differences": [_plain(item) for item in differences]}
        )
        return
    for name, found in measured.items():
        print(f"{name} on {split}: {found['n']} images, called PNEUMONIA from {found['threshold']:.3f}")
        for metric, interval in found["intervals"].items():
            value = "–" if found[metric] is None else f"{found[metric]:.3f}"
            print(
                f"  {metric:<18} {value}"
                + (f"  ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")
            )
    for item in differences:
        print(item.sentence())


def _measured(model: Predictions, threshold: float) -> dict:
    """Metrics of a model, their intervals among them."""
    answers = model.labels, model.probabilities
    intervals = evaluation.intervals(*answers, model.patients, threshold)
    return {**evaluation.evaluate(*answers, threshold), "intervals": intervals}


def _plain(item: evaluation.Comparison) -> dict:
    """A comparison as plain values, with its sentence."""
    return {**asdict(item), "sentence": item.sentence()}
