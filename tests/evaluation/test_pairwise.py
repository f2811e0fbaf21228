import numpy as np
import pandas as pd
import pytest

from core.errors import UserError
from core.evaluation import (
    Predictions,
    difference_rows,
    pairwise_tests,
    precision_recall,
    roc,
    subgroup_rates,
)
from core.evaluation.subgroups import subgroups


def predictions(name, quality=0.3, n=120, seed=0):
    """A model that is right more often the larger `quality` is."""
    labels = np.arange(n) % 3 > 0
    noise = np.random.default_rng(seed).normal(0, 0.25, n)
    table = pd.DataFrame(
        {
            "path": [f"test/{i:03d}.jpeg" for i in range(n)],
            "label": np.where(labels, "PNEUMONIA", "NORMAL"),
            "patient": [f"{'bacteria' if label else 'IM'}-{i // 2}" for i, label in enumerate(labels)],
            "cause": np.where(labels, np.where(np.arange(n) % 2, "virus", "bacteria"), "none"),
            "probability": np.clip(0.5 + quality * (labels - 0.5) + noise, 0, 1),
            "sha256": [str(i // 2 if i < 4 else i) for i in range(n)],
            "brightness": np.linspace(50, 200, n),
        }
    )
    return Predictions.of(name, table)


HALF = {"good": 0.5, "bad": 0.5, "also good": 0.5}


def test_a_clear_difference_is_significant_and_an_unclear_one_is_not():
    good, bad = predictions("good", 1.0), predictions("bad", 0.1, seed=1)
    tests = {item.measure: item for item in pairwise_tests([bad, good], HALF)}
    assert tests["auc"].adjusted < 0.001
    assert "higher for good than for bad" in tests["auc"].sentence()
    assert "statistically significant (p < 0.001)" in tests["auc"].sentence()
    (row,) = difference_rows([tests["auc"]])
    assert (row["Higher"], row["P"], row["Significant"]) == ("good", "< 0.001", "yes")
    assert row["By"] == tests["auc"].amount and row["95% interval"] in tests["auc"].sentence()
    similar = pairwise_tests([good, predictions("also good", 1.0, seed=3)], HALF)[0]
    assert similar.adjusted > 0.05 and "not statistically significant" in similar.sentence()


def test_p_values_of_three_models_are_corrected():
    models = [
        predictions("good", 0.6),
        predictions("bad", 0.4, seed=1),
        predictions("also good", 0.6, seed=2),
    ]
    for item in pairwise_tests(models, HALF):
        assert item.adjusted >= item.difference.p_value - 1e-12


def test_models_of_different_images_are_not_compared():
    shorter = predictions("bad").where(np.arange(120) < 100)
    with pytest.raises(UserError, match="good was evaluated on 120 images, bad on 100; 100 of them"):
        pairwise_tests([predictions("good"), shorter], HALF)


def test_one_class_gives_a_reason_instead_of_a_number():
    models = [predictions(name).where(np.arange(120) % 3 > 0) for name in ("good", "bad")]
    tests = {item.measure: item for item in pairwise_tests(models, HALF)}
    assert tests["auc"].difference is None and "two images of each class" in tests["auc"].sentence()
    (row,) = difference_rows([tests["auc"]])
    assert row == {"Metric": "ROC AUC", "Models": "good, bad", "Higher": "cannot be compared"}
    assert tests["specificity"].difference is None
    assert tests["sensitivity"].difference is not None


def test_predictions_that_are_not_numbers_are_refused():
    table = predictions("good").table
    with pytest.raises(UserError, match=r"2 predictions .* test/003.jpeg"):
        Predictions.of(
            "broken", table.assign(probability=table["probability"].where(~table.index.isin([3, 7])))
        )
    with pytest.raises(UserError, match="not evaluated on this split"):
        Predictions.of("empty", table.iloc[:0])


def test_subgroups_count_their_own_images():
    good = predictions("good", 1.0)
    groups = subgroups(good.table)
    assert groups["all images"].all()
    assert groups["without duplicates"].sum() == 118
    assert sum(groups[f"brightness, quarter {i} of 4"].sum() for i in (1, 2, 3, 4)) == 120
    rows = {row["group"]: row for row in subgroup_rates(good, 0.5)}
    assert rows["bacterial pneumonia"]["negatives"] == 0
    assert rows["bacterial pneumonia"]["specificity"] is None
    whole = rows["all images"]
    assert whole["positives"] == 80 and whole["sensitivity"] == whole["tp"] / 80
    assert whole["sensitivity_interval"][0] < whole["sensitivity"] <= whole["sensitivity_interval"][1]


def test_bands_surround_their_curves():
    good = predictions("good", 0.5)
    for curve in (roc(good), precision_recall(good)):
        assert (curve.low <= curve.high).all()
        middle = slice(10, 90)
        height = np.interp(curve.grid, curve.x, curve.y)[middle]
        assert np.mean((curve.low[middle] <= height) & (height <= curve.high[middle])) > 0.9
