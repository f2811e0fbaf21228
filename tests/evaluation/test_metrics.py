import numpy as np
import pytest

from core.errors import UserError
from core.evaluation import evaluate, net_benefit, predictive_values


def test_a_small_example_by_hand():
    metrics = evaluate(np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.6, 0.2, 0.9, 0.4]))
    assert metrics["confusion_matrix"] == [[2, 1], [1, 1]]
    assert metrics["accuracy"] == pytest.approx(3 / 5)
    assert metrics["ppv"] == metrics["sensitivity"] == metrics["f1"] == pytest.approx(1 / 2)
    assert metrics["specificity"] == pytest.approx(2 / 3)
    assert metrics["auc"] == pytest.approx(5 / 6)  # of the six pairs, 0.4 stands below 0.6 alone
    expected = -np.log([0.9, 0.4, 0.8, 0.9, 0.4]).mean()
    assert metrics["loss"] == pytest.approx(expected)
    assert metrics["n"] == 5


def test_the_threshold_itself_is_positive():
    assert evaluate(np.array([1, 0]), np.array([0.7, 0.2]), threshold=0.7)["sensitivity"] == 1


def test_undefined_metrics_are_none():
    metrics = evaluate(np.array([1, 1]), np.array([0.1, 0.2]))
    assert metrics["auc"] is metrics["specificity"] is metrics["ppv"] is None
    assert metrics["sensitivity"] == 0


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.1])
def test_values_that_are_no_probabilities_are_refused(bad):
    with pytest.raises(UserError, match="probabilities outside 0 to 1"):
        evaluate(np.array([0, 1]), np.array([0.5, bad]))


def test_no_images_are_refused():
    with pytest.raises(UserError, match="no images"):
        evaluate(np.array([]), np.array([]))


def test_net_benefit_is_that_of_the_definition():
    # Vickers and Elkin 2006: true positives / n - false positives / n x odds of the threshold.
    labels, probabilities = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1])
    benefits = net_benefit(labels, probabilities, np.array([0.5, 0.2]))
    assert benefits == pytest.approx([1 / 4 - 1 / 4 * 1, 2 / 4 - 1 / 4 * 0.25])


def test_predictive_values_follow_the_prevalence():
    metrics = evaluate(np.array([1] * 10 + [0] * 10), np.array([0.9] * 9 + [0.1] + [0.9] + [0.1] * 9))
    ppv, npv = predictive_values(metrics["sensitivity"], metrics["specificity"], 0.5)
    assert (ppv, npv) == pytest.approx((metrics["ppv"], metrics["npv"]))
    assert predictive_values(0.0, 1.0, 0.3) is None
