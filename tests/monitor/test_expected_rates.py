"""Rates that are to be expected without labels."""

import numpy as np
import pandas as pd
import pytest

from core.evaluation import calibrated
from core.monitor.expected_rates import expectation, expected_rates


def rows(probabilities, threshold: float = 0.5) -> pd.DataFrame:
    table = pd.DataFrame({"probability": probabilities, "threshold": threshold}, dtype=float)
    return table.set_index(pd.RangeIndex(1, len(table) + 1))


def test_the_steps_of_the_published_algorithm_give_the_same():
    """NannyML, "Estimation of Performance of the Monitored Model", CBPE of binary classes, steps 1 to 5."""
    probabilities, called = [0.9, 0.7, 0.6, 0.3, 0.1], [1, 1, 0, 0, 0]
    correct = [1 - abs(y - p) for p, y in zip(probabilities, called, strict=True)]
    hits = [sum(c for c, y in zip(correct, called, strict=True) if y == of_class) for of_class in (1, 0)]
    errors = [
        sum(1 - c for c, y in zip(correct, called, strict=True) if y == of_class) for of_class in (1, 0)
    ]
    expected = expected_rates(rows([*probabilities, None], threshold=0.65))
    assert expected.results == 5 and (expected.first, expected.last) == (1, 6)
    assert expected.sensitivity == pytest.approx(hits[0] / (hits[0] + errors[1]))
    assert expected.specificity == pytest.approx(hits[1] / (hits[1] + errors[0]))
    scaled = calibrated(np.array(probabilities), 2.0)
    raw = rows([*probabilities, None], threshold=0.65)
    assert expected_rates(raw, 2.0).sensitivity == pytest.approx(scaled[:2].sum() / scaled.sum())


def test_labels_drawn_by_the_probabilities_have_the_expected_rates():
    random = np.random.default_rng(0)
    probabilities = random.beta(0.5, 0.7, 200_000)
    positive = random.random(200_000) < probabilities
    expected = expected_rates(rows(probabilities, threshold=0.4))
    assert (probabilities[positive] >= 0.4).mean() == pytest.approx(expected.sensitivity, abs=0.005)
    assert (probabilities[~positive] < 0.4).mean() == pytest.approx(expected.specificity, abs=0.005)


def test_of_results_that_are_all_withheld_nothing_is_expected():
    assert expected_rates(rows([None, None])) is None and expectation(None, None) == ""
