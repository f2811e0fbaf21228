"""Metrics, differences and subgroups as tables, for pages, reports and files."""

from collections.abc import Sequence

import pandas as pd

from core.evaluation.calibration import calibrated, fit_temperature
from core.evaluation.calibration_line import CalibrationLine, calibration_line
from core.evaluation.measurement import evaluate
from core.evaluation.metrics import METRICS
from core.evaluation.pairwise import PairwiseTest
from core.evaluation.predictions import Predictions
from core.evaluation.subgroups import subgroup_rates
from core.sentence import Sentence

COUNTS = ("TN", "FP", "FN", "TP")
LINE = ("slope", "slope low", "slope high", "intercept", "intercept low", "intercept high")


def side_by_side(models: dict[str, dict]) -> pd.DataFrame:
    """The models' metrics and counts as text: one row per metric, one column per model.

    Args:
        models: metrics of `evaluate_with_intervals` by model name.
    """
    columns = {}
    for name, metrics in models.items():
        texts = {
            metric.title: metric.text(metrics[key], metrics["intervals"][key])
            for key, metric in METRICS.items()
        }
        (tn, fp), (fn, tp) = metrics["confusion_matrix"]
        counts = {title: f"{count:,}" for title, count in zip(COUNTS, (tn, fp, fn, tp), strict=True)}
        columns[name] = {**texts, **counts, "Images": f"{metrics['n']:,}"}
    return pd.DataFrame(columns)


def metric_table(models: dict[str, dict]) -> pd.DataFrame:
    """The models' metrics as numbers: one row per model and metric, with interval and threshold.

    Args:
        models: as for `side_by_side`.
    """
    rows = [
        {
            "model": name,
            "metric": metric,
            "value": metrics[metric],
            "low": (metrics["intervals"][metric] or (None, None))[0],
            "high": (metrics["intervals"][metric] or (None, None))[1],
            "images": metrics["n"],
            "threshold": metrics["threshold"],
        }
        for name, metrics in models.items()
        for metric in METRICS
    ]
    return pd.DataFrame(rows)


def difference_table(tests: Sequence[PairwiseTest]) -> pd.DataFrame:
    """Tested pairs as numbers: one row per pair and metric, where anything can be concluded."""
    rows = [
        {
            "measure": METRICS[test.measure].label,
            "second minus first": f"{test.second} minus {test.first}",
            "difference": test.difference.value,
            "low": test.difference.interval[0],
            "high": test.difference.interval[1],
            "p": test.difference.p_value,
            "p after Holm": test.adjusted,
        }
        for test in tests
        if test.difference and not test.reason
    ]
    return pd.DataFrame(rows)


def difference_rows(tests: Sequence[PairwiseTest]) -> list[dict[str, str]]:
    """Tested pairs as text, by title of the column: one row per pair and metric."""
    return [_difference_row(test) for test in tests]


def _difference_row(test: PairwiseTest) -> dict[str, str]:
    row = {"Metric": METRICS[test.measure].title, "Models": f"{test.first}, {test.second}"}
    if test.difference is None or test.reason:
        return {**row, "Higher": Sentence("cannot be compared")}
    return {
        **row,
        "Higher": test.higher if test.difference.value else Sentence("neither"),
        "By": test.amount,
        "95% interval": test.bounds,
        "P": test.p_value.removeprefix("p = ").removeprefix("p "),
        "Significant": Sentence("yes") if test.significant else Sentence("no"),
    }


def subgroup_table(models: list[Predictions], thresholds: dict[str, float]) -> pd.DataFrame:
    """Sensitivity and specificity in subgroups: one row per model and subgroup."""
    parts = [
        pd.DataFrame(subgroup_rates(model, thresholds[model.name])).assign(model=model.name)
        for model in models
    ]
    return pd.concat(parts, ignore_index=True)


def calibration_table(models: list[Predictions], validation: dict[str, Predictions]) -> pd.DataFrame:
    """Temperature, calibration error and log loss before and after scaling, and the calibration line after.

    One row per model; without a line (see `calibration_line`), its columns are NaN.

    Args:
        validation: predictions for the validation images, on which temperatures are fitted, by model name.
    """
    rows = {}
    for model in models:
        fitted = validation[model.name]
        temperature = fit_temperature(fitted.labels, fitted.probabilities)
        scaled = calibrated(model.probabilities, temperature)
        before, after = (evaluate(model.labels, values) for values in (model.probabilities, scaled))
        rows[model.name] = {
            "temperature": temperature,
            "calibration error before": before["ece"],
            "calibration error after": after["ece"],
            "log loss before": before["loss"],
            "log loss after": after["loss"],
            **_line(calibration_line(model.labels, scaled, model.patients)),
        }
    return pd.DataFrame(rows).T


def calibration_text(table: pd.DataFrame) -> pd.DataFrame:
    """What `calibration_table` gives, as text; slope and intercept with their intervals in a column each."""
    text = table.map("{:.3f}".format).replace("nan", "–")
    for name in ("slope", "intercept"):
        interval = " (" + text.pop(f"{name} low") + " to " + text.pop(f"{name} high") + ")"
        text[name] = text[name] + interval.where(table[name].notna(), "")
    return text


def _line(line: CalibrationLine | None) -> dict:
    """Slope and intercept with their intervals."""
    values = (
        (line.slope, *line.slope_interval, line.intercept, *line.intercept_interval)
        if line
        else (float("nan"),) * len(LINE)
    )
    return dict(zip(LINE, values, strict=True))


def over_seeds(groups: dict[str, list[dict]]) -> pd.DataFrame:
    """Mean and spread of runs that differ only in their seed: one row per group and metric.

    Args:
        groups: metrics of `evaluate`, one dict per seed, by the group's name.

    Returns:
        model, metric, seeds, mean, standard_deviation (of the sample), lowest, highest; metrics that are
        undefined for a seed are left out.
    """
    rows = []
    for name, runs in groups.items():
        for metric in METRICS:
            values = pd.Series([metrics.get(metric) for metrics in runs], dtype=float)
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
