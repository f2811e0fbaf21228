import numpy as np
import pytest
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from core.errors import UserError
from core.evaluation import (
    consecutive_images,
    expected_interval,
    highest_minimum,
    images_for_width,
    images_to_exceed,
    wilson,
)


def test_the_expected_interval_is_that_of_the_published_example():
    """R package presize: sensitivity 0.75, prevalence 0.15, 250 in all, so 38 positives."""
    assert expected_interval(0.75, 38) == pytest.approx((0.5938516, 0.8602435), abs=1e-7)


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.95, 1.0])
def test_the_interval_is_as_narrow_as_wanted_with_this_many_images_and_not_with_one_less(rate):
    images = images_for_width(rate, 0.1)
    widths = [
        np.ptp(proportion_confint(rate * count, count, method="wilson")) for count in (images, images - 1)
    ]
    assert widths[0] <= 0.1 < widths[1]


@pytest.mark.parametrize(("rate", "minimum"), [(0.95, 0.9), (0.9, 0.8), (0.99, 0.95), (0.6, 0.5), (1.0, 0.9)])
def test_an_exact_test_with_so_many_images_or_more_has_its_power(rate, minimum):
    test = images_to_exceed(rate, minimum)
    p_values = [
        binomtest(correct, test.images, minimum, "greater").pvalue
        for correct in (test.correct, test.correct - 1)
    ]
    assert p_values[0] <= 0.025 < p_values[1]
    assert binom.sf(test.correct - 1, test.images, rate) >= 0.8

    def power(images: int) -> float:
        fewest = next(n for n in range(images + 2) if binom.sf(n - 1, images, minimum) <= 0.025)
        return binom.sf(fewest - 1, images, rate)

    assert power(test.images - 1) < 0.8
    assert all(power(test.images + more) >= 0.8 for more in range(30))


def test_the_highest_minimum_is_a_lower_limit_of_clopper_and_pearson():
    minimum = highest_minimum(50, 0.9)
    correct = next(n for n in range(50, 0, -1) if binom.sf(n - 1, 50, 0.9) >= 0.8)
    assert minimum == pytest.approx(proportion_confint(correct, 50, method="beta")[0])
    assert highest_minimum(50, 1.0) == pytest.approx(0.025 ** (1 / 50))
    assert highest_minimum(images_to_exceed(0.9, 0.8).images, 0.9) >= 0.8


def test_consecutive_images_have_enough_of_both_classes_with_the_probability_wanted():
    average, enough = consecutive_images(138, 138, 0.2)
    assert average == 690  # Buderer 1996: 138 / 0.2

    def probability(images: int) -> float:
        return sum(binom.pmf(positives, images, 0.2) for positives in range(138, images - 138 + 1))

    assert probability(enough) >= 0.95 > probability(enough - 1)


def test_what_nobody_can_label_is_refused_in_a_sentence():
    with pytest.raises(UserError, match="interval only 0.0001 wide takes more than 1,000,000 images"):
        images_for_width(0.9, 1e-4)
    with pytest.raises(UserError, match="Choose a larger margin"):
        images_to_exceed(0.9, 0.8999)
    with pytest.raises(UserError, match="below the expected rate"):
        images_to_exceed(0.9, 0.9)


def test_wilson_takes_a_share_of_an_image():
    assert wilson(4.5, 10) != wilson(4, 10)
