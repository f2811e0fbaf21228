import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from core import evaluation
from core.errors import UserError
from core.evaluation import Predictions, fit_temperature


def model(name, seed=0, images=60):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, images)
    table = pd.DataFrame(
        {
            "path": [f"{number:03}" for number in range(images)],
            "label": np.where(np.arange(images) % 3, "PNEUMONIA", "NORMAL"),
            "patient": "",
            "cause": "none",
            "probability": np.clip(0.3 * labels + 0.7 * random.random(images), 0, 1),
        }
    )
    return Predictions.of(name, table)


def test_the_table_of_numbers_and_the_table_of_text_agree():
    models = [model("a", 0), model("b", 1)]
    metrics = {item.name: evaluation.evaluate_with_intervals(item, 0.5) for item in models}
    numbers = evaluation.metric_table(metrics).set_index(["model", "metric"])
    texts = evaluation.side_by_side(metrics)
    assert len(numbers) == 2 * len(evaluation.METRICS)
    for (name, metric), row in numbers.iterrows():
        text = texts.loc[evaluation.METRICS[metric].title, name]
        assert text == evaluation.METRICS[metric].text(row["value"], (row["low"], row["high"]))
        assert row["low"] <= row["value"] <= row["high"]
    counts = texts.loc[["TN", "FP", "FN", "TP"], "a"].astype(int)
    assert counts.sum() == 60


def test_an_undefined_metric_is_a_dash():
    only = model("a").where(model("a").labels == 1)
    metrics = {"a": evaluation.evaluate_with_intervals(only, 0.5)}
    assert evaluation.side_by_side(metrics).loc["ROC AUC", "a"] == "–"
    assert evaluation.metric_table(metrics).set_index("metric")["value"].isna()["auc"]


def test_seeds_fold_into_mean_and_spread():
    each = [{**dict.fromkeys(evaluation.METRICS), "auc": value} for value in (0.8, 0.9, 0.7)]
    folded = evaluation.over_seeds({"three": each})
    assert folded.to_dict("records") == [
        {
            "model": "three",
            "metric": "auc",
            "seeds": 3,
            "mean": pytest.approx(0.8),
            "standard_deviation": pytest.approx(0.1),
            "lowest": 0.7,
            "highest": 0.9,
        }
    ]


def test_an_ensemble_is_the_mean_of_calibrated_log_odds():
    first, second = model("a", 0), model("b", 1)
    both = evaluation.ensemble("both", [first, second], [first, second])
    scaled = [
        logit(evaluation.calibrated(item.probabilities, fit_temperature(item.labels, item.probabilities)))
        for item in (first, second)
    ]
    assert logit(both.probabilities) == pytest.approx((scaled[0] + scaled[1]) / 2)
    with pytest.raises(UserError, match="evaluated on 60 images, b on 59"):
        evaluation.ensemble("both", [first, second.where(np.arange(60) > 0)], [first, second])


def test_the_calibration_table_gives_the_line_after_scaling_and_a_dash_where_none_fits():
    models = [model("a", 0), model("b", 1)]
    certain = models[1].with_probabilities(np.where(models[1].labels, 0.9, 0.1))
    table = evaluation.calibration_table([models[0], certain], {"a": models[1], "b": models[1]})
    temperature = fit_temperature(models[1].labels, models[1].probabilities)
    scaled = evaluation.calibrated(models[0].probabilities, temperature)
    line = evaluation.calibration_line(models[0].labels, scaled, models[0].patients)
    assert line is not None
    assert (
        table.loc["a", "slope"] == line.slope
        and table.loc["a", "intercept high"] == line.intercept_interval[1]
    )
    low, high = line.slope_interval
    text = evaluation.calibration_text(table)
    assert text.loc["a", "slope"] == f"{line.slope:.3f} ({low:.3f} to {high:.3f})"
    assert text.loc["b", "slope"] == text.loc["b", "intercept"] == "–"
    assert not [name for name in text.columns if name.endswith(("low", "high"))]
