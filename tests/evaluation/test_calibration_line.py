import numpy as np
import pytest
from scipy.special import expit, logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools import add_constant

from core.evaluation import calibration_line


@pytest.fixture
def images():
    """Labels, probabilities that are too extreme and too high, and patients with one to three images."""
    random = np.random.default_rng(0)
    patients = np.repeat(np.arange(120), random.integers(1, 4, 120))
    odds = random.normal(0, 1, 120)[patients] + random.normal(0, 0.3, len(patients))
    return random.random(len(patients)) < expit(odds), expit(2 * odds + 1), patients


def test_slope_intercept_and_their_intervals_agree_with_statsmodels(images):
    labels, probabilities, patients = images
    odds = logit(probabilities)
    by_patient = {"cov_type": "cluster", "cov_kwds": {"groups": patients}}
    of_slope = GLM(labels, add_constant(odds), Binomial()).fit(**by_patient)
    of_level = GLM(labels, np.ones_like(odds), Binomial(), offset=odds).fit(**by_patient)
    line = calibration_line(labels, probabilities, patients)
    assert line.slope == pytest.approx(of_slope.params[1])
    assert line.slope_interval == pytest.approx(tuple(of_slope.conf_int()[1]))
    assert line.intercept == pytest.approx(of_level.params[0])
    assert line.intercept_interval == pytest.approx(tuple(of_level.conf_int()[0]))


def test_the_fault_of_the_probabilities_is_told(images):
    labels, probabilities, patients = images
    sentence = calibration_line(labels, probabilities, patients).sentence()
    assert "are too extreme and are too high on the whole" in sentence
    assert "higher where pneumonia is rarer" in calibration_line(~labels, probabilities, patients).meaning()


def test_no_line_fits_one_class_separated_classes_or_equal_probabilities():
    patients = np.arange(6)
    rising = np.linspace(0.1, 0.9, 6)
    assert calibration_line(np.ones(6), rising, patients) is None
    assert calibration_line(np.array([0, 0, 0, 1, 1, 1]), rising, patients) is None
    assert calibration_line(np.array([1, 1, 1, 0, 0, 0]), rising, patients) is None
    assert calibration_line(np.array([0, 1, 0, 1, 0, 1]), np.full(6, 0.5), patients) is None
    assert calibration_line(np.array([0, 1, 0, 1, 0, 1]), rising, np.zeros(6)) is None
