"""The verdict says which model is better only where the images show it."""

import numpy as np
import pandas as pd
import pytest

from core.comparison import ModelComparison, verdict
from core.evaluation import DEFAULT, Predictions, evaluate_with_intervals, pairwise_tests

LABELS = np.repeat([0, 1], 60)
CLOSE, SHARP = (np.random.default_rng(0).normal(LABELS * gain, 1) for gain in (0.5, 4.0))
ALL_ONE = np.full(len(LABELS), 5.0)


def sentences(**scores: np.ndarray) -> str:
    """The verdict on models whose log-odds are given."""
    models = [
        Predictions.of(
            name,
            pd.DataFrame(
                {
                    "path": [f"{number:03}" for number in range(len(LABELS))],
                    "label": np.array(["NORMAL", "PNEUMONIA"])[LABELS],
                    "patient": [f"p{number}" for number in range(len(LABELS))],
                    "probability": 1 / (1 + np.exp(-(values - values.mean() * (name != "all")))),
                }
            ),
        )
        for name, values in scores.items()
    ]
    points = {model.name: DEFAULT for model in models}
    comparison = ModelComparison([], "test", models, {}, [], points)
    metrics = {model.name: evaluate_with_intervals(model, DEFAULT.threshold) for model in models}
    return " ".join(verdict(comparison, metrics, pairwise_tests(models, comparison.thresholds)))


def test_the_better_model_is_named_first_with_difference_interval_and_p_value():
    text = sentences(close=CLOSE, sharp=SHARP)
    assert text.startswith("sharp ranks 120 test images better than close, the next best: ROC AUC ")
    assert "95% interval of +" in text and "(p < 0.001)" in text
    assert "At its decision threshold of 0.500, sharp has a sensitivity of" in text


def test_models_that_do_not_differ_are_not_ranked():
    text = sentences(close=CLOSE, same=CLOSE + np.random.default_rng(1).normal(0, 0.05, len(LABELS)))
    assert text.startswith("Neither ") and "is shown to rank 120 test images better" in text


def test_one_model_is_described():
    assert sentences(sharp=SHARP).startswith("sharp has a ROC AUC of ")


@pytest.mark.parametrize(("values", "label"), [(ALL_ONE, "PNEUMONIA"), (-ALL_ONE, "NORMAL")])
def test_a_model_that_predicts_one_label_for_all_is_named(values, label):
    assert f"all predicts {label} for every image." in sentences(sharp=SHARP, all=values)
