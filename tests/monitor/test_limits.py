import numpy as np
import pytest
from scipy.stats import betabinom, ks_2samp

from core.monitor.limits import Count, difference_p, limits, mixture_difference_p, predictive, tail


@pytest.mark.parametrize("baseline", [Count(0, 100), Count(3, 100), Count(48, 100), Count(100, 100)])
def test_counts_follow_the_beta_binomial_distribution_of_scipy(baseline):
    a, b = baseline.count + 0.5, baseline.n - baseline.count + 0.5
    assert np.allclose(predictive(baseline, 50), betabinom(50, a, b).pmf(np.arange(51)))


def test_a_count_is_beyond_the_limits_if_its_tail_is_below_the_probability():
    baseline = Count(7, 100)
    low, high = limits(baseline, 50, 0.025)
    beyond = [count for count in range(51) if tail(Count(count, 50), baseline)[0] < 0.025]
    assert beyond == [count for count in range(51) if not low <= count <= high] and 0 <= low < high < 50
    assert tail(Count(0, 50), Count(90, 100))[1] == -1 and tail(Count(50, 50), Count(90, 100))[1] == 1


def test_the_two_sample_test_is_near_that_of_scipy_and_no_stricter():
    random = np.random.default_rng(0)
    for shift in (0.0, 0.4, 0.8):
        before, now = random.normal(size=100), random.normal(shift, 1, 50)
        exact = ks_2samp(before, now).pvalue
        assert exact <= difference_p(before, now) < 1.5 * exact + 0.02


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_mixture_of_two_classes_is_no_change_whatever_its_shares(share):
    """Nominal: at most 5 of 100 at p < 0.05; of a set of half pneumonias compared as it is, far more."""
    random = np.random.default_rng(7)
    alarms, as_it_is = 0, 0
    for _ in range(300):
        classes = random.normal(0, 1, 120), random.normal(2, 1, 80)
        positive = random.random(50) < share
        now = random.normal(2.0 * positive, 1)
        p, _share = mixture_difference_p(classes, now)
        alarms += p < 0.05
        as_it_is += difference_p(np.concatenate(classes), now) < 0.05
    assert alarms <= 300 * 0.08
    assert as_it_is > 150 or share == 0.5


def test_what_no_mixture_explains_is_a_change_and_the_share_is_estimated():
    random = np.random.default_rng(8)
    classes = random.normal(0, 1, 120), random.normal(2, 1, 80)
    p, _share = mixture_difference_p(classes, random.normal(-1, 1, 50))
    assert p < 0.0005
    p, share = mixture_difference_p(classes, random.normal(2.0 * (np.arange(50) < 15), 1))
    assert p > 0.2 and share == pytest.approx(0.7, abs=0.2)
