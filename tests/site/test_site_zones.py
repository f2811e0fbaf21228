import json

import numpy as np
import pytest
from site_measurements import measured

from core.errors import UserError
from core.evaluation import RULE_OUT, UNDECIDED, find_zones
from core.site import find_site_zones


def test_zones_are_found_on_all_images_and_judged_without_their_patients():
    measurement = measured(600)
    found = find_site_zones(measurement, 0.05, 0.1)
    predictions, threshold = measurement.predictions, measurement.readings.threshold
    arguments = predictions.labels, predictions.probabilities, predictions.patients, threshold
    assert found.zones == find_zones(*arguments, 0.05, 0.1)
    assert found.expected.images == found.images == 600 and found.patients == 300
    assert found.expected.missed.rate == pytest.approx(0.05, abs=0.04)
    assert found.expected.false_alarms.rate == pytest.approx(0.1, abs=0.05)
    ruled_out = (predictions.probabilities < found.zones.low).sum()  # in sample: alike, but not the same
    assert sum(found.expected.counts[RULE_OUT].values()) == pytest.approx(ruled_out, rel=0.5)
    assert "5 folds" in found.sentences()[-1]
    json.dumps(found.values(), allow_nan=False)


def test_zones_of_probabilities_that_tell_nothing_are_undecided_and_still_keep_their_rates():
    measurement = measured(600)
    measurement.predictions.table["probability"] = np.random.default_rng(3).random(600)
    found = find_site_zones(measurement, 0.05, 0.05)
    assert sum(found.expected.counts[UNDECIDED].values()) > 0.8 * 600
    assert found.expected.missed.rate < 0.1 and found.expected.false_alarms.rate < 0.1


@pytest.mark.parametrize("rates, told", [((0.02, 0.05), "at least 62"), ((0.0, 0.05), "above 0 and below 1")])
def test_few_patients_and_rates_that_are_none_find_no_zones(rates, told):
    with pytest.raises(UserError, match=told):
        find_site_zones(measured(160), *rates)
