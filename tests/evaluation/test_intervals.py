import time

import numpy as np
import pytest
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from core.evaluation import evaluate, intervals, wilson
from core.evaluation.intervals import (
    Scores,
    patient_weights,
    percentile_interval,
    weighted_auc,
    weighted_average_precision,
)


def films(n=120, seed=0):
    """Labels, probabilities with ties, and patients of one to three films each."""
    random = np.random.default_rng(seed)
    labels = (random.random(n) < 0.6).astype(int)
    probabilities = np.round(np.clip(random.normal(0.35 + 0.3 * labels, 0.25), 0, 1), 2)
    return labels, probabilities, np.array([f"{label}-{i // 3}" for i, label in enumerate(labels)])


@pytest.mark.parametrize(("part", "whole"), [(0, 5), (5, 5), (187, 234), (1, 3)])
def test_wilson_agrees_with_statsmodels(part, whole):
    assert wilson(part, whole) == pytest.approx(proportion_confint(part, whole, method="wilson"), abs=1e-9)


def test_a_proportion_of_nothing_has_no_interval():
    assert wilson(0, 0) is None


def test_weighted_metrics_are_those_of_the_repeated_images():
    labels, probabilities, patients = films()
    weights = patient_weights(patients, resamples=20)
    areas = weighted_auc(Scores.of(labels, probabilities), weights)
    precisions = weighted_average_precision(Scores.of(labels, probabilities), weights)
    for row, area, precision in zip(weights, areas, precisions, strict=True):
        truth, scores = np.repeat(labels, row), np.repeat(probabilities, row)
        assert area == pytest.approx(metrics.roc_auc_score(truth, scores))
        assert precision == pytest.approx(metrics.average_precision_score(truth, scores))


def test_images_of_one_patient_are_drawn_together():
    _, _, patients = films()
    weights = patient_weights(patients, resamples=50)
    for patient in np.unique(patients):
        mine = weights[:, patients == patient]
        assert (mine == mine[:, :1]).all()
    one_film_each = np.unique(patients, return_index=True)[1]
    assert (weights[:, one_film_each].sum(axis=1) == len(one_film_each)).all()


def test_every_metric_lies_within_its_interval_and_the_seed_fixes_it():
    labels, probabilities, patients = films()
    found, bounds = evaluate(labels, probabilities), intervals(labels, probabilities, patients)
    for name, (low, high) in bounds.items():
        # ECE is biased upwards in resamples; all others surround their value.
        assert low <= found[name] <= high or name == "ece", name
    assert bounds == intervals(labels, probabilities, patients)
    assert set(bounds) == set(found) - {"n", "threshold", "confusion_matrix"}


def test_few_patients_with_many_films_widen_the_interval():
    labels, probabilities, _ = films(300)
    each_alone = intervals(labels, probabilities, np.arange(300))
    ten_films_each = intervals(labels, probabilities, np.argsort(np.argsort(probabilities)) // 10)
    narrow, wide = np.ptp(each_alone["auc"]), np.ptp(ten_films_each["auc"])
    assert wide > 1.3 * narrow


def test_one_class_has_no_auc_and_no_interval_of_it():
    bounds = intervals(np.ones(5, int), np.linspace(0.1, 0.9, 5), np.arange(5))
    assert bounds["auc"] is None and bounds["specificity"] is None
    assert bounds["recall"] is not None
    assert percentile_interval(np.full(2000, np.nan)) is None


def test_a_whole_test_set_takes_under_two_seconds():
    labels, probabilities, patients = films(624)
    began = time.perf_counter()
    intervals(labels, probabilities, patients)
    assert time.perf_counter() - began < 2
