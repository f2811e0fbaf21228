"""`evaluate` and `compare`: metrics of a weights file on a data set, and measured models side by side."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from core import evaluation
from core.cli.output import Bar, as_json, operating_point, percent, precision, print_json
from core.dataset import cohort, open_dataset
from core.diagnosis import load_predictor
from core.errors import UserError
from core.runs import open_run
from core.study import Study, look_again, losses, measured_stages, write_report

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
@operating_point
@click.option("--cohort", "cohort_name", help="Only films of this cohort of each run's set.")
@click.option(
    "--ensemble", is_flag=True, help="The mean of their calibrated probabilities as one more model."
)
@click.option(
    "--again",
    is_flag=True,
    help="First ask each model again about films with the frame or the corners hidden, and keep that.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write a report into this new folder.")
@as_json
def compare(
    runs: tuple[str, ...],
    folder: Path | None,
    split: str,
    point: str,
    cohort_name: str | None,
    ensemble: bool,
    again: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Compare every measured stage of RUNs: metrics with 95 % intervals, and whether they differ."""
    candidates = measured_stages([open_run(name, folder) for name in runs])
    if not candidates:
        raise UserError(f"No stage of {', '.join(runs)} has been measured yet. Wait for one to finish.")
    if again:
        for candidate in filter(lambda item: item.can_be_asked, candidates):
            dataset = open_dataset(candidate.data, Bar("Decoding", "image"))
            look_again(candidate, split, dataset, Bar(f"Asking {candidate.name}", "image"))
    films = (cohort_name, cohort(candidates[0].data, cohort_name)) if cohort_name else None
    study = Study.of(candidates, split, films, ensemble)
    study = study.at(
        {
            name: evaluation.found_by(point, model.labels, model.probabilities)
            for name, model in study.validation.items()
        }
    )
    if report:
        path = write_report(study, report, lambda what: print(f"{what} ...", file=sys.stderr))
        print(f"Report: {path}", file=sys.stderr)
    differences = evaluation.compare(study.models, study.thresholds)
    found = {model.name: evaluation.measured(model, study.thresholds[model.name]) for model in study.models}
    hidden = losses(study)
    if as_json:
        print_json(
            {
                "split": split,
                "models": found,
                "differences": [_plain(item) for item in differences],
                "hidden": [asdict(item) for item in hidden],
            }
        )
        return
    for name, values in found.items():
        print(f"{name} on {split}: {values['n']} images, called PNEUMONIA from {values['threshold']:.3f}")
        for metric, title in evaluation.METRICS.items():
            print(f"  {title:<18} {evaluation.in_words(values[metric], values['intervals'][metric], metric)}")
    for item in differences:
        print(item.sentence())
    for item in hidden:
        change = f"ROC AUC {item.auc.value:+.3f}" if item.auc else "cannot be told: too few films of a class"
        print(f"{item.model} without {item.mask}: {change}")


def _plain(item: evaluation.Comparison) -> dict:
    """A comparison as plain values, with its sentence."""
    return {**asdict(item), "sentence": item.sentence()}
