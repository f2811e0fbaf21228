"""`evaluate`: the metrics of a weights file on a split of a data set."""

from pathlib import Path

import click
import numpy as np

from core.cli.output import Bar, as_json, percent, precision, print_json
from core.dataset import open_dataset
from core.diagnosis import load_predictor
from core.errors import UserError
from core.evaluation import evaluate as compute_metrics

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
    metrics = compute_metrics(dataset.labels[rows], np.concatenate(parts))
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
