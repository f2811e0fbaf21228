import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit
from site_measurements import measured, of_table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from core.errors import UserError
from core.evaluation import calibrated
from core.site import SiteMeasurement, find_site_temperature, measure
from core.site.patient_folds import patient_folds

IMAGES = 800  # of 400 patients: enough of each class


def overconfident(factor: float = 3.0) -> SiteMeasurement:
    """Of a model whose log-odds are too extreme by a factor, and not calibrated."""
    table = measured(IMAGES).readings.table.copy()
    random = np.random.default_rng(2)
    odds = random.normal(0, 1.5, IMAGES // 2).repeat(2)
    positive = (random.random(IMAGES // 2) < calibrated(1 / (1 + np.exp(-odds[::2])), 1)).repeat(2)
    table["label"] = np.where(positive, "PNEUMONIA", "NORMAL")
    table["raw"] = table["probability"] = 1 / (1 + np.exp(-factor * odds))
    return of_table(table)


@pytest.fixture(scope="module")
def measurement() -> SiteMeasurement:
    return overconfident()


def test_the_temperature_is_the_inverse_slope_of_scikit_learns_regression_without_intercept(measurement):
    scaling = find_site_temperature(measurement)
    labels, raw = measurement.predictions.labels, measurement.predictions.table["raw"].to_numpy()
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10).fit(logit(raw)[:, None], labels)
    assert scaling.temperature == pytest.approx(1 / model.coef_[0, 0], rel=1e-4)
    assert scaling.temperature == pytest.approx(3, rel=0.2)


def test_what_is_expected_is_the_loss_of_patients_that_the_temperature_was_not_fitted_to(measurement):
    scaling = find_site_temperature(measurement)
    predictions = measurement.predictions
    labels, raw = predictions.labels, predictions.table["raw"].to_numpy()
    assert scaling.loss_before == pytest.approx(log_loss(labels, predictions.probabilities))
    folds, losses = patient_folds(labels, predictions.patients, 5), []
    for fold in range(5):
        inside = folds == fold
        regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
        regression.fit(logit(raw[~inside])[:, None], labels[~inside])
        chances = regression.predict_proba(logit(raw[inside])[:, None])[:, 1]
        losses.append(log_loss(labels[inside], chances) * inside.sum())
    assert scaling.loss_after == pytest.approx(sum(losses) / len(labels), rel=1e-4)
    assert scaling.better and scaling.values()["check"]["passed"] and scaling.difference[1] < 0
    assert scaling.line_after.slope == pytest.approx(1, abs=0.1) and scaling.line_before.slope < 0.5
    json.dumps(scaling.values(), allow_nan=False)


def test_no_improvement_is_promised_of_probabilities_that_are_right_or_say_nothing(measurement):
    table = measurement.readings.table
    right = table.assign(probability=calibrated(table["raw"].to_numpy(), 3.0))
    scaling = find_site_temperature(of_table(right))
    assert not scaling.better and "keep the present calibration" in " ".join(scaling.sentences())
    random = np.random.default_rng(3).permutation(table["raw"].to_numpy())
    scaling = find_site_temperature(of_table(table.assign(raw=random, probability=random)))
    assert scaling.says_nothing and not scaling.values()["check"]["passed"]
    assert "next to nothing" in scaling.values()["check"]["detail"]


def test_fewer_patients_than_the_calculator_says_are_refused():
    with pytest.raises(
        UserError, match="at least 141 of each class, the number that the calculator asks for"
    ):
        find_site_temperature(measured(400))


def test_a_measurement_on_the_folder_that_the_probabilities_were_calibrated_on_is_too_favourable(measurement):
    rule = find_site_temperature(measurement).rule
    again = replace(measurement.readings, temperature_rule=rule)
    assert "calibrated on images of site" in " ".join(measure(again).cautions())
    assert "calibrated on" not in " ".join(measure(replace(again, name="ward")).cautions())
