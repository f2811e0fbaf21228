import json
from dataclasses import replace

import numpy as np
import pytest
from site_measurements import measured

from core.config import CLASS_NAMES
from core.errors import UserError
from core.evaluation import RULE_IN, RULE_OUT, UNDECIDED, find_zones, zone_outcome
from core.site import find_site_zones, measure


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


def test_zones_that_are_not_shown_to_beat_chance_or_break_a_promise_fail_a_check():
    found = find_site_zones(measured(600), 0.05, 0.1)
    assert found.values()["check"]["passed"] and not found.is_chance and not found.broken
    counts, (normal, pneumonia) = found.expected.counts, CLASS_NAMES
    right = counts[RULE_IN][pneumonia], counts[RULE_OUT][normal]
    wrong = counts[RULE_OUT][pneumonia], counts[RULE_IN][normal]
    images = [sum(by_label[name] for by_label in counts.values()) for name in (pneumonia, normal)]
    shares = [
        sum(number / of_class for number, of_class in zip(pair, images, strict=True))
        for pair in (right, wrong)
    ]
    assert found.advantage == pytest.approx(shares[0] - shares[1])
    low, high = found.advantage_interval
    assert 0 < low < found.advantage < high
    chance = replace(found, advantage=0.04, advantage_interval=(-0.01, 0.09))
    assert chance.is_chance and not chance.values()["check"]["passed"]
    assert "not shown to be better than chance" in chance.values()["check"]["detail"]
    tells_nothing = measured(600)
    tells_nothing.predictions.table["probability"] = np.random.default_rng(3).random(600)
    assert find_site_zones(tells_nothing, 0.05, 0.05).is_chance
    kept = replace(found.expected.false_alarms, rate=0.3, interval=(0.2, 0.4))
    broken = replace(found, expected=replace(found.expected, false_alarms=kept))
    assert broken.broken == ["false alarms"] and "broken here: false alarms" in broken.sentences()[-1]


def test_a_measurement_counts_by_the_models_own_zones_and_warns_of_those_found_here():
    measurement = measured(600)
    assert not measurement.zone_sentences() and measurement.values()["zone_outcome"] is None
    found = find_site_zones(measurement, 0.05, 0.1)
    readings = replace(measurement.readings, zones=found.zones, zones_rule=found.rule)
    again = measure(readings)
    predictions = again.predictions
    outcome = zone_outcome(found.zones, predictions.labels, predictions.probabilities, predictions.patients)
    assert again.zone_outcome == outcome and outcome.images == 600
    (sentence,) = again.zone_sentences()
    assert f"undecided {outcome.undecided} of 600" in sentence
    assert "The zones were found on images of" in " ".join(again.cautions())
    elsewhere = measure(replace(readings, name="elsewhere"))
    assert "The zones were found" not in " ".join(elsewhere.cautions())
    json.dumps(again.values(), allow_nan=False)
