from math import exp, pi, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from core.errors import UserError
from core.evaluation import auc_interval_width, delong, images_for_auc_margin, smallest_auc_margin
from core.evaluation.auc_sizes import auc_covariance


def published_covariance(first: float, second: float, ratio: float, correlation: float) -> float:
    """Of two fitted AUCs, times the positives: Obuchowski and McClish 1997, equation 5, equal spreads."""
    (a, f, g), (b, h, k) = (
        (
            distance,
            exp(-(distance**2) / 4) / sqrt(4 * pi),
            -exp(-(distance**2) / 4) * distance / sqrt(16 * pi),
        )
        for distance in (sqrt(2) * norm.ppf(auc) for auc in (first, second))
    )
    squared = correlation**2
    of_distances = f * h * (correlation + correlation / ratio + squared * a * b / 2)
    return of_distances + g * k * squared * (1 + ratio) / (2 * ratio) + squared / 2 * (f * k * a + h * g * b)


def published_variance(auc: float, ratio: float) -> float:
    """Their equation 4, which leaves out the covariance of distance and spreads."""
    distance = sqrt(2) * norm.ppf(auc)
    left_out = -(distance**2) * exp(-(distance**2) / 2) / (8 * pi)
    return published_covariance(auc, auc, ratio, 1) - left_out


def test_the_published_formulas_give_the_example_of_proc():
    """pROC, power.roc.test: A1 = 1.5, A2 = 1, B1 = B2 = 1, correlations 0.5, power 80%, 5% two-sided."""
    first, second = (float(norm.cdf(distance / sqrt(2))) for distance in (1.5, 1.0))
    null = 2 * published_variance(first, 1) - 2 * published_covariance(first, first, 1, 0.5)
    alternative = published_variance(first, 1) + published_variance(second, 1)
    alternative -= 2 * published_covariance(first, second, 1, 0.5)
    cases = (norm.ppf(0.975) * sqrt(null) + norm.ppf(0.8) * sqrt(alternative)) ** 2 / (first - second) ** 2
    assert cases == pytest.approx(118.5139, abs=1e-4)


@pytest.mark.parametrize("auc", [0.75, 0.9, 0.97])
@pytest.mark.parametrize("ratio", [1, 4])
@pytest.mark.parametrize("correlation", [0.3, 0.7, 1])
def test_an_empirical_auc_varies_a_little_more_than_a_fitted_one(auc, ratio, correlation):
    covariance = auc_covariance(auc, 10_000, 10_000 * ratio, correlation) * 10_000
    assert 0.99 < covariance / published_covariance(auc, auc, ratio, correlation) < 1.25


@pytest.mark.parametrize(
    ("auc", "margin", "ratio", "correlation"),
    [(0.9, 0.06, 2, 0.6), (0.95, 0.03, 4, 0.5), (0.85, 0.06, 1, 0.8)],
)
def test_so_many_images_show_non_inferiority_as_often_as_promised(auc, margin, ratio, correlation):
    """Two equal models with correlated binormal scores, tested by DeLong's interval."""
    numbers = images_for_auc_margin(auc, margin, ratio, correlation)
    random = np.random.default_rng(1)
    labels = np.r_[np.ones(numbers.positives), np.zeros(numbers.negatives)]
    shift, spread = labels * sqrt(2) * norm.ppf(auc), sqrt(1 - correlation**2)
    shown = 0
    for _ in range(300):
        first, other = random.standard_normal((2, len(labels)))
        second = correlation * first + spread * other
        shown += delong(labels, first + shift, second + shift).interval[0] > -margin
    assert shown / 300 == pytest.approx(0.8, abs=0.06)  # 2.6 standard errors


def test_an_interval_is_as_wide_as_auc_vary_in_simulation():
    random, labels = np.random.default_rng(0), np.r_[np.ones(20), np.zeros(30)]
    scores = random.standard_normal((4000, 50)) + labels * sqrt(2) * norm.ppf(0.85)
    areas = (scores[:, :20, np.newaxis] > scores[:, np.newaxis, 20:]).mean(axis=(1, 2))
    assert auc_interval_width(0.85, 20, 30) == pytest.approx(2 * 1.96 * areas.std(), rel=0.05)


def test_the_smallest_margin_of_so_many_images_is_the_one_they_were_planned_for():
    numbers = images_for_auc_margin(0.95, 0.03, 3)
    assert 0.029 < smallest_auc_margin(0.95, numbers.positives, numbers.negatives) <= 0.03
    with pytest.raises(UserError, match="margin of 1e-05"):
        images_for_auc_margin(0.95, 1e-5, 3)
