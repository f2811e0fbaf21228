import numpy as np
import pytest

from core.errors import UserError
from core.evaluation import at_least, evaluate, frozen_points, lowest_cost, specificities, youden

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
PROBABILITIES = np.array([0.1, 0.2, 0.3, 0.7, 0.4, 0.6, 0.8, 0.9])


def rates(point):
    metrics = evaluate(LABELS, PROBABILITIES, point.threshold)
    return metrics["sensitivity"], metrics["specificity"]


def test_each_point_follows_its_rule():
    assert rates(youden(LABELS, PROBABILITIES)) == (1.0, 0.75)
    assert rates(at_least(LABELS, PROBABILITIES, "sensitivity", 0.95)) == (1.0, 0.75)
    assert rates(at_least(LABELS, PROBABILITIES, "sensitivity", 0.5)) == (0.5, 1.0)
    assert rates(at_least(LABELS, PROBABILITIES, "specificity", 1.0)) == (0.5, 1.0)
    assert at_least(LABELS, PROBABILITIES, "sensitivity", 0.975).rule.startswith(
        "sensitivity of at least 97.5%"
    )
    assert rates(lowest_cost(LABELS, PROBABILITIES, 0.1)) == (0.5, 1.0)
    assert rates(lowest_cost(LABELS, PROBABILITIES, 10)) == (1.0, 0.75)


def test_two_points_are_saved_with_every_model():
    assert [point.name for point in frozen_points(LABELS, PROBABILITIES)] == ["sensitivity 95%", "Youden's J"]
    assert frozen_points(np.ones(3), PROBABILITIES[:3]) == []


def test_impossible_rules_are_refused():
    with pytest.raises(UserError, match="minimum sensitivity is 0"):
        at_least(LABELS, PROBABILITIES, "sensitivity", 0)
    with pytest.raises(UserError, match="cost ratio is -1"):
        lowest_cost(LABELS, PROBABILITIES, -1)
    with pytest.raises(UserError, match="one class only"):
        youden(np.ones(8), PROBABILITIES)


def test_the_specificity_at_a_sensitivity_is_the_best_that_reaches_it():
    assert specificities(LABELS, PROBABILITIES) == {0.9: 0.75, 0.95: 0.75, 0.98: 0.75}
    assert specificities([0, 0, 1], [0.1, 0.9, 0.5]) == {0.9: 0.5, 0.95: 0.5, 0.98: 0.5}
