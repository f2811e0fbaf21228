import numpy as np
import pandas as pd
import pytest

from core import evaluation
from core.errors import UserError
from core.evaluation import Predictions


def model(name, seed=0, films=60):
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 2, films)
    table = pd.DataFrame(
        {
            "path": [f"{number:03}" for number in range(films)],
            "label": np.where(np.arange(films) % 3, "PNEUMONIA", "NORMAL"),
            "patient": "",
            "cause": "none",
            "probability": np.clip(0.3 * labels + 0.7 * chance.random(films), 0, 1),
        }
    )
    return Predictions.of(name, table)


def test_the_table_of_numbers_and_the_table_of_words_say_the_same():
    found = {name: evaluation.measured(model(name, seed), 0.5) for name, seed in (("a", 0), ("b", 1))}
    numbers = evaluation.metric_table(found).set_index(["model", "metric"])
    words = evaluation.side_by_side(found)
    assert len(numbers) == 2 * len(evaluation.METRICS)
    for (name, metric), row in numbers.iterrows():
        said = words.loc[evaluation.METRICS[metric], name]
        assert said == evaluation.in_words(row["value"], (row["low"], row["high"]), metric)
        assert row["low"] <= row["value"] <= row["high"]
    counted = words.loc[["True normal", "False alarms", "Missed", "Found"], "a"].astype(int)
    assert counted.sum() == 60


def test_what_cannot_be_told_is_a_dash():
    only = model("a").where(model("a").labels == 1)
    found = {"a": evaluation.measured(only, 0.5)}
    assert evaluation.side_by_side(found).loc["ROC AUC", "a"] == "–"
    assert evaluation.metric_table(found).set_index("metric")["value"].isna()["auc"]


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


def test_an_ensemble_is_the_mean_of_calibrated_probabilities():
    first, second = model("a", 0), model("b", 1)
    found = evaluation.ensemble("both", [first, second], [first, second])
    calm = [
        evaluation.calibrated(item.probabilities, evaluation.fit_temperature(item.labels, item.probabilities))
        for item in (first, second)
    ]
    assert found.probabilities == pytest.approx((calm[0] + calm[1]) / 2)
    with pytest.raises(UserError, match="measured on 60 images, b on 59"):
        evaluation.ensemble("both", [first, second.where(np.arange(60) > 0)], [first, second])
