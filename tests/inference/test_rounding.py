from dataclasses import replace

import numpy as np
import pytest

from core.evaluation import calibrated
from core.inference.rounding import MIN_IMAGES, SAFETY, UNKNOWN, largest_rounding, needs_float32, unsure
from core.weights import ModelRecord

PROBABILITIES = np.linspace(0.001, 0.999, 999)
EVEN = ModelRecord(threshold=0.5)


def test_without_a_measurement_the_middle_is_computed_again():
    again = PROBABILITIES[needs_float32(PROBABILITIES, UNKNOWN, EVEN)]
    assert again.min() == pytest.approx(0.146, abs=0.005) and again.max() == pytest.approx(0.854, abs=0.005)


def test_a_model_that_rounding_hardly_moves_is_computed_again_at_its_threshold_only():
    record = replace(EVEN, threshold=0.9)
    again = PROBABILITIES[needs_float32(PROBABILITIES, 0.03, record)]
    assert 0 < len(again) < 10 and np.abs(again - 0.9).max() < 0.03 * 0.9 * 0.1 + 0.001


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("rounding", [0.02, 0.06, 0.2])
def test_what_is_not_computed_again_is_within_a_hundredth_and_keeps_its_label(rounding, temperature):
    """Whatever the direction in which rounding moves the log-odds."""
    record = replace(EVEN, temperature=temperature, threshold=0.3)
    kept = PROBABILITIES[~needs_float32(PROBABILITIES, rounding, record)]
    for moved in (-rounding, rounding):
        exact = 1 / (1 + (1 / kept - 1) * np.exp(moved))
        difference = calibrated(kept, temperature) - calibrated(exact, temperature)
        assert np.abs(difference).max() < 0.01 + 1e-9
        assert ((kept >= 0.3) == (exact >= 0.3)).all()


def test_what_is_not_computed_again_keeps_its_zone():
    record = replace(EVEN, zones={"low": 0.01, "high": 0.97, "miss_rate": 0.02, "false_alarm_rate": 0.05})
    kept = PROBABILITIES[~needs_float32(PROBABILITIES, 0.03, record)]
    assert len(kept) > 900
    for moved in (-0.03, 0.03):
        exact = 1 / (1 + (1 / kept - 1) * np.exp(moved))
        assert ((kept < 0.01) == (exact < 0.01)).all() and ((kept > 0.97) == (exact > 0.97)).all()


def test_rounding_is_the_largest_of_unsure_images_with_room_for_others():
    exact = np.linspace(0.1, 0.9, MIN_IMAGES)
    rounded = exact.copy()
    rounded[3] = 1 / (1 + (1 / exact[3] - 1) * np.exp(0.04))
    assert largest_rounding(rounded, exact) == pytest.approx(0.04 * SAFETY)
    assert largest_rounding(rounded[1:], exact[1:]) is None  # too few to tell
    assert unsure(np.array([0.01, 0.5, 0.99])).tolist() == [False, True, False]
