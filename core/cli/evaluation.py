"""`evaluate` and `compare`: metrics of a weights file, and evaluated models side by side."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import pandas as pd

from core import evaluation
from core.cli.occlusion import print_occlusion
from core.cli.output import Bar, as_json, precision, print_json
from core.comparison import (
    SYNTHETIC,
    ModelComparison,
    ModelZones,
    OcclusionEffect,
    evaluated_stages,
    heat_share_table,
    model_zones,
    occlusion_effects,
    run_occlusion_test,
    verdict,
    write_report,
)
from core.dataset import open_dataset, read_cohort
from core.errors import UserError
from core.evaluation import METRICS, PairwiseTest
from core.inference import BATCH, load_predictor
from core.runs import open_run

OWN = "own"  # as `--point`: each model's own operating point
COLUMN = 2 + max(len(metric.title) for metric in METRICS.values())


@click.command()
@click.option("--model", required=True, type=click.Path(path_type=Path), help="Weights file (.h5).")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of the data set.")
@click.option(
    "--split",
    default="test",
    show_default=True,
    type=click.Choice(["train", "val", "test"]),
    help="Published split to evaluate on.",
)
@precision
@as_json
def evaluate(model: Path, data: Path, split: str, precision: str, as_json: bool) -> None:
    """Evaluate a weights file at a decision threshold of 0.5."""
    dataset = open_dataset(data, Bar("Decoding", "image"))
    rows = np.flatnonzero(dataset.table["split"] == split)
    if not len(rows):
        raise UserError(f"{dataset.root} has no readable image in {split}/. Choose another split.")
    predictor = load_predictor(model, precision)
    pixels = predictor.framed(dataset, Bar("Framing", "image"))
    bar, batches = Bar("Predicting", "image"), []
    for start in range(0, len(rows), BATCH):
        batches.append(predictor.probabilities(pixels[rows[start : start + BATCH]]))
        bar(min(start + BATCH, len(rows)), len(rows))
    metrics = evaluation.evaluate(dataset.labels[rows], np.concatenate(batches))
    if as_json:
        print_json(metrics)
        return
    threshold = f"decision threshold {metrics['threshold']:.3f}"
    print(f"{model.name} on {split} of {dataset.name}: {metrics['n']} images, {threshold}")
    for name, metric in METRICS.items():
        print(f"  {metric.title:<{COLUMN}}{metric.text(metrics[name])}")
    (tn, fp), (fn, tp) = metrics["confusion_matrix"]
    print(f"  TN {tn}, FP {fp}, FN {fn}, TP {tp}")


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--runs", "folder", type=click.Path(path_type=Path), help="Folder that holds the runs.")
@click.option(
    "--split",
    default="test",
    show_default=True,
    type=click.Choice(["test", "validation"]),
    help="Images to compare the models on.",
)
@click.option(
    "--point",
    type=click.Choice([OWN, "half", "youden", "sensitivity"]),
    default=OWN,
    show_default=True,
    help="Decision threshold: each model's own, one half, or chosen on validation by Youden's J or for a "
    "sensitivity of 95%.",
)
@click.option("--cohort", "cohort_name", help="Use only this cohort of the first run's data set.")
@click.option(
    "--labels",
    type=click.Choice(["published", "reviewed"]),
    default="published",
    show_default=True,
    help="Labels to measure by: as published, or as readers reviewed them last.",
)
@click.option("--ensemble", is_flag=True, help="Add the mean of the calibrated log-odds as a model.")
@click.option(
    "--occlusion",
    is_flag=True,
    help="First run the occlusion test: predict images with the border, the corners, the lungs or all but "
    "the lungs hidden, and save the results with the run.",
)
@click.option(
    "--miss-rate",
    default=evaluation.MISS_RATE,
    show_default=True,
    help="Of the zones: largest share of images with pneumonia to rule out.",
)
@click.option(
    "--false-alarm-rate",
    default=evaluation.FALSE_ALARM_RATE,
    show_default=True,
    help="Of the zones: largest share of images without pneumonia to rule in.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write a report to this new folder.")
@as_json
def compare(
    runs: tuple[str, ...],
    folder: Path | None,
    split: str,
    point: str,
    cohort_name: str | None,
    labels: str,
    ensemble: bool,
    occlusion: bool,
    miss_rate: float,
    false_alarm_rate: float,
    report: Path | None,
    as_json: bool,
) -> None:
    """Compare every evaluated stage of RUNs.

    Shows metrics with 95% intervals, and tests whether the models differ.
    """
    stages = evaluated_stages([open_run(name, folder) for name in runs])
    if not stages:
        raise UserError(f"No stage of {', '.join(runs)} has been evaluated yet. Wait for one to finish.")
    if occlusion:
        for stage in stages:
            dataset = open_dataset(stage.data, Bar("Decoding", "image"))
            run_occlusion_test(stage, split, dataset, Bar(f"Predicting with {stage.name}", "image"))
    cohort = (cohort_name, read_cohort(stages[0].data, cohort_name)) if cohort_name else None
    comparison = ModelComparison.of(stages, split, cohort, ensemble, labels == "reviewed")
    if point != OWN:
        comparison = comparison.at(
            {
                name: evaluation.find_point(point, model.labels, model.probabilities)
                for name, model in comparison.validation.items()
            }
        )
    if report:
        path = write_report(comparison, report, lambda step: print(f"{step} ...", file=sys.stderr))
        print(f"Report: {path}", file=sys.stderr)
    metrics = {
        model.name: evaluation.evaluate_with_intervals(model, comparison.thresholds[model.name])
        for model in comparison.models
    }
    tests = evaluation.pairwise_tests(comparison.models, comparison.thresholds)
    effects = occlusion_effects(comparison)
    zones, no_zones = _zones(comparison, miss_rate, false_alarm_rate)
    if as_json:
        print_json(
            {
                "split": split,
                "verdict": verdict(comparison, metrics, tests),
                "models": metrics,
                "differences": [{**asdict(test), "sentence": test.sentence()} for test in tests],
                "hidden": [asdict(effect) for effect in effects],
                "heat_in_lungs": [
                    {name: None if pd.isna(value) else value for name, value in row.items()}
                    for row in heat_share_table(comparison).to_dict("records")
                ],
                "zones": [asdict(item) for item in zones],
                "no_zones": no_zones,
                "synthetic": comparison.synthetic,
                "notes": comparison.notes,
            }
        )
    else:
        _print_comparison(comparison, metrics, tests, effects)
        for item in zones:
            print(f"{item.model}, zones: {item.sentence()}")
        if no_zones:
            print(f"No zones. {no_zones}")


def _zones(
    comparison: ModelComparison, miss_rate: float, false_alarm_rate: float
) -> tuple[list[ModelZones], str]:
    """The zones of each model, and why there are none; "" where there are."""
    try:
        return model_zones(comparison, miss_rate, false_alarm_rate), ""
    except UserError as error:
        return [], str(error)


def _print_comparison(
    comparison: ModelComparison,
    metrics: dict[str, dict],
    tests: list[PairwiseTest],
    effects: list[OcclusionEffect],
) -> None:
    """Metrics by model, then tests, then effects of the occlusion test."""
    for name, values in metrics.items():
        point = comparison.points[name]
        print(f"{name} on {comparison.split}: {values['n']} images")
        print(f"  Decision threshold {point.threshold:.3f}, {point.rule}")
        for key, metric in METRICS.items():
            print(f"  {metric.title:<{COLUMN}}{metric.text(values[key], values['intervals'][key])}")
    for sentence in [
        *([SYNTHETIC] if comparison.synthetic else []),
        *comparison.notes,
        *verdict(comparison, metrics, tests),
        *(test.sentence() for test in tests),
    ]:
        print(sentence)
    print_occlusion(effects, heat_share_table(comparison))
