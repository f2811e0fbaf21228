"""Simulated scores with a known distribution: the bound is then the expected rate of a new patient."""

import numpy as np
import pytest
from scipy.special import ndtr

from core.errors import UserError
from core.evaluation import (
    RULE_IN,
    RULE_OUT,
    UNDECIDED,
    Zones,
    find_zones,
    patients_for_rate,
    wilson,
    zone_outcome,
)

DRAWS = 2000
PATIENTS = 100
RATE = 0.05
SURE_NORMAL = 0.0


def bounds(scores, patients, rate=RATE):
    """The lower bound for images with pneumonia that are scored like this; the normals are all alike."""
    count = patients_for_rate(0.5)
    labels = np.repeat([1, 0], [len(scores), count])
    probabilities = np.concatenate([scores, np.full(count, SURE_NORMAL)])
    owners = np.concatenate([patients, -1 - np.arange(count)])
    return find_zones(labels, probabilities, owners, 1.0, rate, 0.5).low


def images_of_patients(random, sizes):
    """Scores whose distribution is uniform, and alike within each patient, with the patient of each."""
    patients = np.repeat(np.arange(len(sizes)), sizes)
    common, own = random.standard_normal(len(sizes)), random.standard_normal(len(patients))
    return ndtr(np.sqrt(0.7) * common[patients] + np.sqrt(0.3) * own), patients


def mean_and_error(values):
    return np.mean(values), np.std(values) / np.sqrt(len(values))


def test_the_promise_holds_on_average_over_2000_draws_and_is_nearly_used_up():
    random = np.random.default_rng(0)
    patients = np.arange(PATIENTS)
    mean, error = mean_and_error([bounds(random.random(PATIENTS), patients) for _ in range(DRAWS)])
    assert mean == pytest.approx(5 / 101, abs=4 * error)  # the 5th of 100 uniform numbers
    assert RATE - 2 / (PATIENTS + 1) <= mean <= RATE  # Angelopoulos et al., theorems 1 and 2


def test_without_the_correction_for_few_patients_it_does_not_hold():
    random = np.random.default_rng(0)
    patients = np.arange(PATIENTS)
    uncorrected = (RATE * PATIENTS + 1) / (
        PATIENTS + 1
    )  # with which 5 of 100 patients may be below the bound
    mean, error = mean_and_error(
        [bounds(random.random(PATIENTS), patients, uncorrected) for _ in range(DRAWS)]
    )
    assert mean - 4 * error > RATE


def test_the_promise_holds_where_patients_have_several_images():
    random = np.random.default_rng(1)
    sizes = np.resize([1, 1, 2, 5, 30], PATIENTS)
    mean, error = mean_and_error([bounds(*images_of_patients(random, sizes)) for _ in range(DRAWS)])
    assert mean + 4 * error >= RATE - 2 / (PATIENTS + 1)
    assert mean - 2 * error <= RATE


def test_images_counted_as_patients_would_break_it():
    """The many clear images of few patients, each taken for a patient, would allow far too many misses."""
    random = np.random.default_rng(2)
    rates = []
    for _ in range(200):
        hard, clear = random.random(PATIENTS), np.repeat(0.9 + 0.1 * random.random(10), 50)
        patients = np.concatenate([np.arange(PATIENTS), PATIENTS + np.repeat(np.arange(10), 50)])
        scores = np.concatenate([hard, clear])
        low = bounds(scores, patients), bounds(scores, np.arange(len(scores)))
        rates.append([PATIENTS / (PATIENTS + 10) * min(bound, 0.9) for bound in low])
    by_patient, by_image = np.mean(rates, axis=0)
    assert by_patient <= RATE < 3 * RATE < by_image


def test_each_bound_is_the_farthest_that_is_allowed():
    """99 patients and a rate of 2%: one may be below the bound, so it is the second score from below."""
    scores = np.linspace(0.3, 0.9, 99)
    patients = np.arange(99)
    assert bounds(scores, patients, 0.02) == scores[1]
    assert bounds(scores, patients, 0.0199) == scores[0]
    labels = np.repeat([0, 1], 99)
    both = np.concatenate([1 - scores, scores])
    zones = find_zones(labels, both, np.arange(198).astype(str), 0.5, 0.02, 0.04)
    assert (zones.low, zones.high) == (scores[1], 1 - scores[3])


def test_a_share_of_one_patients_images_counts_as_a_share():
    """Half a patient and a whole one are as many as 1.5 patients."""
    scores = np.concatenate([[0.1, 0.95], [0.2, 0.2], np.full(97, 0.9)])
    patients = np.concatenate([[97, 97], [98, 98], np.arange(97)])  # 99 patients
    assert bounds(scores, patients, 0.02) == 0.2  # 0.5 of 1 below it
    assert bounds(scores, patients, 0.025) == 0.9  # 1.5 of 1.5 below it


def test_zones_meet_at_the_decision_threshold_where_classes_are_far_apart():
    labels = np.repeat([0, 1], 60)
    probabilities = np.repeat([0.2, 0.8], 60)
    patients = np.arange(120).astype(str)
    for threshold, expected in ((0.5, (0.5, 0.5)), (0.1, (0.1, 0.2)), (0.9, (0.8, 0.9))):
        zones = find_zones(labels, probabilities, patients, threshold)
        assert (zones.low, zones.high) == expected


def test_no_zone_contradicts_the_predicted_label():
    random = np.random.default_rng(3)
    labels, patients = random.integers(0, 2, 400), np.arange(400).astype(str)
    probabilities = np.clip(0.3 * random.standard_normal(400) + 0.3 + 0.4 * labels, 0, 1)
    for threshold in (0.0, 0.05, 0.5, 0.95, 1.0):
        zones = find_zones(labels, probabilities, patients, threshold)
        assert zones.low <= threshold <= zones.high
        assert {zones.of(value) for value in probabilities if value >= threshold} <= {UNDECIDED, RULE_IN}
        assert {zones.of(value) for value in probabilities if value < threshold} <= {UNDECIDED, RULE_OUT}


def test_equal_scores_are_all_on_the_same_side():
    labels = np.repeat([0, 1], 200)
    probabilities = np.concatenate([np.full(200, 0.4), np.full(200, 0.4)])
    zones = find_zones(labels, probabilities, np.arange(400).astype(str), 0.4)
    assert zones == Zones(0.4, 0.4)
    assert zones.of(0.4) == UNDECIDED


def test_a_stricter_promise_never_decides_more():
    random = np.random.default_rng(4)
    labels, patients = random.integers(0, 2, 600), random.integers(0, 300, 600).astype(str)
    probabilities = random.random(600)
    lows, highs = [], []
    for rate in (0.01, 0.02, 0.1, 0.3):
        zones = find_zones(labels, probabilities, patients, 0.5, rate, rate)
        lows.append(zones.low)
        highs.append(zones.high)
    assert lows == sorted(lows) and highs == sorted(highs, reverse=True)


def test_too_few_patients_are_refused_with_the_number_that_is_needed():
    assert [patients_for_rate(rate) for rate in (0.01, 0.02, 0.05, 0.1, 0.3)] == [99, 49, 19, 9, 3]
    labels, probabilities = np.repeat([0, 1], [19, 49]), np.repeat([0.1, 0.9], [19, 49])
    patients = np.arange(68).astype(str)
    assert find_zones(labels, probabilities, patients) == Zones(0.5, 0.5)
    with pytest.raises(UserError, match="miss rate of 0.02 takes 49 patients with pneumonia, there are 48"):
        find_zones(labels[:-1], probabilities[:-1], patients[:-1])
    same_patient = np.concatenate([patients[:-1], patients[-2:-1]])
    with pytest.raises(UserError, match="there are 48"):
        find_zones(labels, probabilities, same_patient)
    with pytest.raises(UserError, match="a false-alarm rate of 0.01 takes 99 patients without, there are 19"):
        find_zones(labels, probabilities, patients, false_alarm_rate=0.01)
    with pytest.raises(UserError, match="a miss rate .* there are 0; a false-alarm rate"):
        find_zones(labels[:5], probabilities[:5], patients[:5])


def test_impossible_rates_and_probabilities_are_refused():
    labels, patients = np.repeat([0, 1], 60), np.arange(120).astype(str)
    for rate in (0, 1, -0.1, float("nan")):
        with pytest.raises(UserError, match="The miss rate is"):
            find_zones(labels, labels * 1.0, patients, miss_rate=rate)
        with pytest.raises(UserError, match="The false-alarm rate is"):
            find_zones(labels, labels * 1.0, patients, false_alarm_rate=rate)
    with pytest.raises(UserError, match="outside 0 to 1"):
        find_zones(labels, labels * 2.0, patients)


def test_the_outcome_counts_images_and_averages_over_patients():
    zones = Zones(0.2, 0.8, 0.02, 0.05)
    labels = np.array([1, 1, 1, 1, 0, 0])
    probabilities = np.array([0.1, 0.9, 0.9, 0.2, 0.9, 0.1])
    patients = np.array(["a", "a", "b", "c", "d", "e"])
    outcome = zone_outcome(zones, labels, probabilities, patients)
    assert outcome.counts == {
        RULE_OUT: {"NORMAL": 1, "PNEUMONIA": 1},
        UNDECIDED: {"NORMAL": 0, "PNEUMONIA": 1},
        RULE_IN: {"NORMAL": 1, "PNEUMONIA": 2},
    }
    assert (outcome.images, outcome.undecided) == (6, 1)
    assert outcome.missed.images == 1 and outcome.missed.rate == pytest.approx(1 / 6)
    assert outcome.false_alarms.rate == 0.5 and outcome.false_alarms.promised == 0.05
    assert outcome.missed.interval == wilson(0.5, 3)


def test_a_class_without_images_has_no_rate():
    outcome = zone_outcome(Zones(0.2, 0.8), np.ones(3), np.array([0.1, 0.5, 0.9]), np.array(["a", "b", "c"]))
    assert outcome.false_alarms.rate is outcome.false_alarms.interval is None
    assert outcome.missed.rate == pytest.approx(1 / 3)


MAPIES_BOUNDS = {  # patients and rate: of recall, by the method "crc", among multiples of 0.005
    (99, 0.033): 0.01,
    (99, 0.057): 0.04,
    (99, 0.113): 0.1,
    (99, 0.207): 0.195,
    (60, 0.05): 0.035,
    (60, 0.1): 0.08,
    (60, 0.2): 0.175,
}


@pytest.mark.parametrize(("count", "rate"), MAPIES_BOUNDS)
def test_bounds_agree_with_mapie(count, rate):
    """MAPIE 1.6.0, MultiLabelClassificationController; a patient is a sample, an image a label of it.

    Each score is in the middle between two bounds that MAPIE tries, and its bound is the one below ours.
    """
    patients = np.repeat(np.arange(count), 1 + np.arange(count) % 3)
    scores = (37 * np.arange(len(patients)) % 199 + 0.5) / 200
    assert bounds(scores, patients, rate) == pytest.approx(MAPIES_BOUNDS[count, rate] + 0.0025)
