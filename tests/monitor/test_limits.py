import numpy as np
import pytest
from scipy.stats import betabinom, ks_2samp

from core.monitor.limits import Count, difference_p, limits, predictive, tail


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
