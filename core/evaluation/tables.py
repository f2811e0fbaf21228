"""Metrics, differences and groups as tables, for pages, reports and files."""

import pandas as pd

from core.evaluation.calibration import calibrated, fit_temperature
from core.evaluation.comparison import MEASURES, Comparison
from core.evaluation.metrics import evaluate, intervals
from core.evaluation.predictions import Predictions
from core.evaluation.subgroups import rates

METRICS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "recall": "Sensitivity",
    "specificity": "Specificity",
    "precision": "PPV (precision)",
    "npv": "NPV",
    "f1": "F1",
    "auc": "ROC AUC",
    "average_precision": "Average precision",
    "loss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
}
AS_DECIMALS = ("auc", "average_precision", "loss", "brier", "ece")
COUNTS = ("true normal", "false alarms", "missed", "found")


def measured(model: Predictions, threshold: float) -> dict:
    """What `evaluate` gives, with what `intervals` gives under `intervals`."""
    answers = model.labels, model.probabilities
    return {
        **evaluate(*answers, threshold),
        "intervals": intervals(*answers, model.patients, threshold),
    }


def in_words(value: float | None, interval: tuple[float, float] | None, metric: str) -> str:
    """A metric with its interval for people; a dash where the images cannot tell.

    >>> in_words(0.912, (0.88, 0.94), "recall")
    '91.2% (88.0% to 94.0%)'
    """
    if value is None:
        return "–"
    form = "{:.3f}" if metric in AS_DECIMALS else "{:.1%}"
    low_to_high = "" if interval is None else " (" + " to ".join(map(form.format, interval)) + ")"
    return form.format(value) + low_to_high


def side_by_side(found: dict[str, dict]) -> pd.DataFrame:
    """The models' metrics in words: a row a metric and count, a column a model.

    Args:
        found: of `measured`, by model name.
    """
    columns = {}
    for name, values in found.items():
        said = {
            title: in_words(values[metric], values["intervals"][metric], metric)
            for metric, title in METRICS.items()
        }
        (tn, fp), (fn, tp) = values["confusion_matrix"]
        counts = {
            title.capitalize(): f"{count:,}" for title, count in zip(COUNTS, (tn, fp, fn, tp), strict=True)
        }
        columns[name] = {**said, **counts, "Images": f"{values['n']:,}"}
    return pd.DataFrame(columns)


def metric_table(found: dict[str, dict]) -> pd.DataFrame:
    """The models' metrics as numbers: a row a model and metric, with its interval and the threshold."""
    rows = [
        {
            "model": name,
            "metric": metric,
            "value": values[metric],
            "low": (values["intervals"][metric] or (None, None))[0],
            "high": (values["intervals"][metric] or (None, None))[1],
            "images": values["n"],
            "threshold": values["threshold"],
        }
        for name, values in found.items()
        for metric in METRICS
    ]
    return pd.DataFrame(rows)


def difference_table(found: list[Comparison]) -> pd.DataFrame:
    """Tested pairs as numbers: a row a pair and measure."""
    rows = [
        {
            "measure": MEASURES[item.measure],
            "second minus first": f"{item.second} minus {item.first}",
            "difference": item.difference.value,
            "low": item.difference.interval[0],
            "high": item.difference.interval[1],
            "p": item.difference.p_value,
            "p after Holm": item.adjusted,
        }
        for item in found
        if item.difference
    ]
    return pd.DataFrame(rows)


def group_table(models: list[Predictions], thresholds: dict[str, float]) -> pd.DataFrame:
    """Rates in groups of images, a row a model and group."""
    parts = [pd.DataFrame(rates(model, thresholds[model.name])) for model in models]
    return pd.concat(
        [part.assign(model=model.name) for model, part in zip(models, parts, strict=True)], ignore_index=True
    )


def calibration_table(models: list[Predictions], validation: dict[str, Predictions]) -> pd.DataFrame:
    """Temperature, calibration error and log loss before and after scaling: a row a model.

    Args:
        validation: what each model said of validation, where its temperature is fitted.
    """
    rows = {}
    for model in models:
        fitted = validation[model.name]
        temperature = fit_temperature(fitted.labels, fitted.probabilities)
        after = calibrated(model.probabilities, temperature)
        was, now = (evaluate(model.labels, values) for values in (model.probabilities, after))
        rows[model.name] = {
            "temperature": temperature,
            "calibration error before": was["ece"],
            "calibration error after": now["ece"],
            "log loss before": was["loss"],
            "log loss after": now["loss"],
        }
    return pd.DataFrame(rows).T


def over_seeds(found: dict[str, list[dict]]) -> pd.DataFrame:
    """Mean and spread of runs that differ only in their seed: a row a group and metric.

    Args:
        found: of `evaluate`, one a seed, by the group's name.

    Returns:
        model, metric, seeds, mean, standard_deviation (of the sample), lowest, highest; metrics that a
        seed lacks are left out.
    """
    rows = []
    for name, each in found.items():
        for metric in METRICS:
            values = pd.Series([values[metric] for values in each], dtype=float)
            if values.notna().all():
                rows.append(
                    {
                        "model": name,
                        "metric": metric,
                        "seeds": len(values),
                        "mean": values.mean(),
                        "standard_deviation": values.std(),
                        "lowest": values.min(),
                        "highest": values.max(),
                    }
                )
    return pd.DataFrame(rows)
