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


NANNYML = {  # estimated recall and specificity of three chunks of 50, by NannyML 0.13.1 (CBPE)
    1.0: [  # as its calibration leaves them: not needed
        (0.807352215090444, 0.7470148984524368),
        (0.9364993138151875, 0.5177715654952076),
        (0.41533164699269254, 0.8577219861328561),
    ],
    2.0: [  # with temperature scaling for a calibrator
        (0.7011257401272475, 0.6709905760133956),
        (0.9014302657481863, 0.38437720253871827),
        (0.3083261054279929, 0.8319704292461018),
    ],
}


@pytest.mark.parametrize("temperature", NANNYML)
def test_another_program_expects_the_same(temperature):
    """What `nannyml.CBPE` estimates after a fit on 20,000 labels that were drawn by such probabilities."""
    for seed, shape, published in zip(
        (2, 3, 4), ((0.5, 0.7), (0.9, 0.4), (2, 5)), NANNYML[temperature], strict=True
    ):
        probabilities = np.random.default_rng(seed).beta(*shape, 50).round(3).clip(0.001, 0.999)
        expected = expected_rates(rows(probabilities, threshold=0.4), temperature)
        assert (expected.sensitivity, expected.specificity) == pytest.approx(published, abs=1e-12)


def test_labels_drawn_by_the_probabilities_have_the_expected_rates():
    random = np.random.default_rng(0)
    probabilities = random.beta(0.5, 0.7, 200_000)
    positive = random.random(200_000) < probabilities
    expected = expected_rates(rows(probabilities, threshold=0.4))
    assert (probabilities[positive] >= 0.4).mean() == pytest.approx(expected.sensitivity, abs=0.005)
    assert (probabilities[~positive] < 0.4).mean() == pytest.approx(expected.specificity, abs=0.005)


def test_of_results_that_are_all_withheld_nothing_is_expected():
    assert expected_rates(rows([None, None])) is None and expectation(None, None) == ""
