import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from core.evaluation import calibrated, evaluate, fit_temperature, reliability
from core.evaluation.calibration import expected_calibration_error


def overconfident(n=4000):
    """Labels drawn from probabilities, and what a model says that trebles the log-odds."""
    random = np.random.default_rng(2)
    odds = random.normal(0, 1.5, n)
    return (random.random(n) < expit(odds)).astype(int), expit(3 * odds)


def test_the_temperature_of_an_overconfident_model_is_found():
    labels, probabilities = overconfident()
    temperature = fit_temperature(labels, probabilities)
    assert temperature == pytest.approx(3, rel=0.1)
    before, after = evaluate(labels, probabilities), evaluate(labels, calibrated(probabilities, temperature))
    assert after["loss"] < before["loss"] and after["ece"] < before["ece"] / 3
    assert after["auc"] == pytest.approx(before["auc"])


def test_the_temperature_is_that_of_an_unpenalised_logistic_regression():
    labels, probabilities = overconfident()
    odds = np.log(probabilities / (1 - probabilities))[:, np.newaxis]
    reference = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit(odds, labels)
    assert fit_temperature(labels, probabilities) == pytest.approx(1 / reference.coef_[0, 0], rel=1e-3)


def test_one_class_leaves_probabilities_as_they_are():
    assert fit_temperature(np.ones(4), np.linspace(0.2, 0.8, 4)) == 1.0


def test_the_calibration_error_agrees_with_scikit_learns_curve():
    labels, probabilities = overconfident(500)
    truth, said = calibration_curve(labels, probabilities, n_bins=10, strategy="uniform")
    counts = np.histogram(probabilities, np.linspace(0, 1, 11))[0]
    expected = (np.abs(truth - said) * counts[counts > 0]).sum() / 500
    assert expected_calibration_error(labels, probabilities)[0] == pytest.approx(expected)
    bins = reliability(labels, probabilities)
    assert [row["positives"] / row["n"] for row in bins] == pytest.approx(list(truth))
    assert [row["probability"] for row in bins] == pytest.approx(list(said))


def test_weights_count_images_as_often_as_they_say():
    labels, probabilities = overconfident(50)
    weights = np.random.default_rng(0).integers(0, 4, 50)
    repeated = expected_calibration_error(np.repeat(labels, weights), np.repeat(probabilities, weights))
    assert expected_calibration_error(labels, probabilities, weights)[0] == pytest.approx(repeated[0])
