import time

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from core.evaluation import evaluate, intervals, wilson, wilson_by_patient
from core.evaluation.intervals import patient_weights, percentile_interval
from core.evaluation.ranking import RankedScores, weighted_auc, weighted_average_precision


def images(n=120, seed=0):
    """Labels, probabilities with ties, and patients of one to three images each."""
    random = np.random.default_rng(seed)
    labels = (random.random(n) < 0.6).astype(int)
    probabilities = np.round(np.clip(random.normal(0.35 + 0.3 * labels, 0.25), 0, 1), 2)
    return labels, probabilities, np.array([f"{label}-{i // 3}" for i, label in enumerate(labels)])


@pytest.mark.parametrize(("part", "whole"), [(0, 5), (5, 5), (187, 234), (1, 3), (7, 49), (4999, 5000)])
def test_wilson_agrees_with_statsmodels(part, whole):
    assert wilson(part, whole) == pytest.approx(proportion_confint(part, whole, method="wilson"), abs=1e-12)


def test_a_proportion_of_no_images_has_no_interval():
    assert wilson(0, 0) is None


def test_weighted_metrics_are_those_of_the_repeated_images():
    labels, probabilities, patients = images()
    weights = patient_weights(patients, resamples=20)
    areas = weighted_auc(RankedScores.of(labels, probabilities), weights)
    precisions = weighted_average_precision(RankedScores.of(labels, probabilities), weights)
    for row, area, precision in zip(weights, areas, precisions, strict=True):
        truth, scores = np.repeat(labels, row), np.repeat(probabilities, row)
        assert area == pytest.approx(roc_auc_score(truth, scores))
        assert precision == pytest.approx(average_precision_score(truth, scores))


def test_images_of_one_patient_are_drawn_together():
    _, _, patients = images()
    weights = patient_weights(patients, resamples=50)
    for patient in np.unique(patients):
        own = weights[:, patients == patient]
        assert (own == own[:, :1]).all()
    one_image_each = np.unique(patients, return_index=True)[1]
    assert (weights[:, one_image_each].sum(axis=1) == len(one_image_each)).all()


def test_every_metric_lies_within_its_interval_and_the_seed_fixes_it():
    labels, probabilities, patients = images()
    metrics, bounds = evaluate(labels, probabilities), intervals(labels, probabilities, patients)
    for name, (low, high) in bounds.items():
        # ECE is biased upwards in resamples; the intervals of all others contain their value.
        assert low <= metrics[name] <= high or name == "ece", name
    assert bounds == intervals(labels, probabilities, patients)
    assert set(bounds) == set(metrics) - {"n", "threshold", "confusion_matrix"}


def test_the_interval_is_wider_when_few_patients_have_many_images():
    labels, probabilities, _ = images(300)
    one_image_per_patient = intervals(labels, probabilities, np.arange(300))
    ten_images_each = intervals(labels, probabilities, np.argsort(np.argsort(probabilities)) // 10)
    narrow, wide = np.ptp(one_image_per_patient["auc"]), np.ptp(ten_images_each["auc"])
    assert wide > 1.3 * narrow


def test_one_class_has_no_auc_and_no_interval_of_it():
    bounds = intervals(np.ones(5, int), np.linspace(0.1, 0.9, 5), np.arange(5))
    assert bounds["auc"] is None and bounds["specificity"] is None
    assert bounds["sensitivity"] is not None
    assert percentile_interval(np.full(2000, np.nan)) is None


def test_a_whole_test_set_takes_under_two_seconds():
    labels, probabilities, patients = images(624)
    began = time.process_time()
    intervals(labels, probabilities, patients)
    assert time.process_time() - began < 2


def test_wilson_by_patient_is_wilson_where_every_image_is_of_another_patient():
    correct = np.arange(40) % 10 > 0
    assert wilson_by_patient(correct, np.arange(40)) == wilson(36, 40)
    assert wilson_by_patient(np.zeros(0, bool), np.zeros(0)) is None


def test_wilson_by_patient_counts_images_by_the_design_effect_of_statsmodels():
    random = np.random.default_rng(0)
    patients = np.repeat(np.arange(50), 4)
    correct = random.random(200) < random.beta(3, 1, 50)[patients]
    fit = OLS(correct.astype(float), np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": patients})
    worth = correct.mean() * (1 - correct.mean()) / fit.bse[0] ** 2
    assert worth < 150
    assert wilson_by_patient(correct, patients) == pytest.approx(wilson(correct.mean() * worth, worth))


def test_without_an_error_patients_are_counted_instead_of_images():
    assert wilson_by_patient(np.ones(40, bool), np.repeat(np.arange(10), 4)) == wilson(10, 10)
