"""What few images, or images without an error, can show: case 23."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from core.errors import UserError
from core.evaluation import (
    METRICS,
    Predictions,
    calibrated,
    delong,
    difference_table,
    evaluate_with_intervals,
    fit_temperature,
    pairwise_tests,
    too_few,
)
from core.evaluation.intervals import percentile_interval


def predictions(name: str, normal: list[float], pneumonia: list[float], per_patient: int = 1) -> Predictions:
    """A model's probabilities for normal images and for pneumonia."""
    labels = ["NORMAL"] * len(normal) + ["PNEUMONIA"] * len(pneumonia)
    numbers = [*range(len(normal)), *range(len(pneumonia))]
    table = pd.DataFrame(
        {
            "path": [f"{number:03d}" for number in range(len(labels))],
            "label": labels,
            "patient": [
                f"{label}-{number // per_patient}" for label, number in zip(labels, numbers, strict=True)
            ],
            "cause": "none",
            "probability": [*normal, *pneumonia],
        }
    )
    return Predictions.of(name, table)


def sentences(*models: Predictions) -> dict[str, str]:
    tests = pairwise_tests(list(models), {model.name: 0.5 for model in models})
    json.dumps([asdict(test) for test in tests], allow_nan=False)
    assert len(difference_table(tests)) == sum(test.reason == "" for test in tests)
    return {test.measure: test.sentence() for test in tests}


WRONG = ([0.6, 0.4], [0.5, 0.3])
RIGHT = ([0.1, 0.2], [0.8, 0.9])


def test_f23_two_and_two_images_show_nothing():
    shown = sentences(predictions("A", *WRONG), predictions("B", *RIGHT))
    for text in shown.values():
        assert "othing can be concluded" in text
        assert "significant" not in text and "p <" not in text and "higher" not in text


@pytest.mark.parametrize(("normal", "pneumonia"), [(2, 2), (2, 300), (300, 4), (4, 4), (1, 50)])
def test_f23_a_class_of_fewer_than_five_patients_shows_nothing(normal, pneumonia):
    chance = np.random.default_rng(1)
    first = predictions("A", list(chance.random(normal)), list(chance.random(pneumonia)))
    second = predictions("B", [0.1] * normal, [0.9] * pneumonia)
    shown = sentences(first, second)
    assert "significant" not in shown["auc"] + shown["accuracy"]
    assert ("concluded" in shown["sensitivity"]) == (pneumonia < 5)
    assert ("concluded" in shown["specificity"]) == (normal < 5)


def test_f23_many_images_of_few_patients_show_nothing():
    chance = np.random.default_rng(1)
    models = [
        predictions("A", list(chance.random(60)), list(chance.random(60)), 30),
        predictions("B", [0.1] * 60, [0.9] * 60, 30),
    ]
    assert all("Nothing can be concluded from 2" in text for text in sentences(*models).values())
    assert evaluate_with_intervals(models[0], 0.5)["intervals"]["auc"] is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (([0.2] * 10, [0.2] * 10), ([0.1] * 10, [0.9] * 10)),  # all alike against a perfect ranking
        (([0.9] * 10, [0.1] * 10), ([0.1] * 10, [0.9] * 10)),  # all wrong against all right
        (([0.5] * 2, [0.5] * 2), ([0.1] * 2, [0.9] * 2)),
    ],
)
def test_f23_a_variance_of_zero_shows_nothing(first, second):
    models = [predictions(name, *values) for name, values in (("A", first), ("B", second))]
    with pytest.raises(UserError, match="variance is zero .* nothing can be concluded"):
        delong(models[0].labels, models[0].probabilities, models[1].probabilities)
    assert "cannot be compared" in sentences(*models)["auc"]


def test_f23_two_perfect_models_are_not_shown_to_be_equal():
    chance = np.random.default_rng(2)
    models = [
        predictions(name, list(0.3 * chance.random(20)), list(0.7 + 0.3 * chance.random(20))) for name in "AB"
    ]
    text = sentences(*models)["auc"]
    assert "nothing can be concluded" in text and "+0.000 to +0.000" not in text


def test_f23_the_same_model_twice_has_no_difference():
    model = predictions("A", list(np.linspace(0, 0.6, 20)), list(np.linspace(0.4, 1, 20)))
    assert "ROC AUC is the same for" in sentences(model, Predictions.of("B", model.table))["auc"]


def test_f23_a_perfect_model_against_another_has_a_caution():
    chance = np.random.default_rng(3)
    perfect = predictions("B", [0.1] * 40, [0.9] * 40)
    other = predictions("A", list(chance.random(40)), list(0.2 + 0.8 * chance.random(40)))
    shown = sentences(other, perfect)
    assert "higher for B" in shown["auc"] and "the interval is too narrow" in shown["auc"]
    assert "too narrow" not in shown["accuracy"]


@pytest.mark.parametrize("size", [1, 2, 4, 5, 50])
def test_f23_no_interval_has_no_width(size):
    model = predictions("A", [0.1] * size, [0.9] * size)
    values = evaluate_with_intervals(model, 0.5)
    for name, bounds in values["intervals"].items():
        assert bounds is None or bounds[1] > bounds[0], name
    assert values["auc"] == 1 and values["intervals"]["auc"] is None
    assert METRICS["auc"].text(values["auc"], values["intervals"]["auc"]) == "1.000"
    low, high = values["intervals"]["sensitivity"]
    assert low < high == 1  # Wilson's interval knows better


def test_f23_few_patients_have_no_bootstrap_interval():
    few = predictions("A", [0.1, 0.6, 0.3, 0.2], [0.9, 0.4, 0.7, 0.8, 0.95, 0.6])
    intervals = evaluate_with_intervals(few, 0.5)["intervals"]
    for name, metric in METRICS.items():
        assert (intervals[name] is None) == (metric.estimator.interval_kind == "bootstrap"), name
    enough = predictions("A", [0.1, 0.6, 0.3, 0.2, 0.7], [0.9, 0.4, 0.7, 0.8, 0.95, 0.6])
    assert evaluate_with_intervals(enough, 0.5)["intervals"]["auc"] is not None


def test_f23_resamples_that_all_agree_give_no_interval():
    assert percentile_interval(np.ones(2000)) is None
    assert percentile_interval(np.r_[np.ones(1999), 0.9]) is None
    assert percentile_interval(np.r_[np.ones(1900), np.full(100, 0.9)]) is not None


@pytest.mark.parametrize("size", [2, 5, 200])
def test_f23_separated_images_do_not_make_the_model_certain(size):
    labels = np.repeat([0, 1], size)
    probabilities = np.where(labels, 0.6, 0.4)
    temperature = fit_temperature(labels, probabilities)
    assert temperature == 1 and calibrated(0.6, temperature) == pytest.approx(0.6)


def test_f23_enough_patients_of_one_class_are_enough():
    labels = np.ones(6, int)
    assert too_few(labels, np.arange(6).astype(str)) == ""
    assert "4 PNEUMONIA patients" in too_few(labels[:4], np.arange(4).astype(str))
