"""How many images a sensitivity or specificity needs: Wilson's interval, binomial distribution."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np

from core.errors import UserError
from core.evaluation.intervals import CONFIDENCE, Interval, wilson
from core.sentence import Sentence

MAX_IMAGES = 1_000_000  # more than anybody labels
ONE_SIDED = (1 - CONFIDENCE) / 2  # significance level that belongs to a two-sided 95% interval
POWER = 0.8
ENOUGH = 0.95  # probability of having enough images of both classes


@dataclass(frozen=True)
class ExactTest:
    """A one-sided exact binomial test that a rate is above a minimum.

    Attributes:
        images: of the class that the rate describes.
        correct: how many of them must be classified correctly.
    """

    images: int
    correct: int


def expected_interval(rate: float, images: int) -> Interval:
    """Wilson's 95% interval if a model reaches a rate on so many images.

    >>> low, high = expected_interval(0.75, 38)  # R package presize, prec_sens, method "wilson"
    >>> round(low, 4), round(high, 4)
    (0.5939, 0.8602)
    """
    interval = wilson(rate * images, images)
    assert interval is not None  # there are images
    return interval


def images_for_width(rate: float, width: float) -> int:
    """The fewest images with which Wilson's 95% interval of a rate is not wider than `width`.

    Source: Piegorsch, "Sample sizes for improved binomial confidence intervals", Computational Statistics &
    Data Analysis 2004.

    Args:
        rate: expected, 0 to 1.
        width: from the lower to the upper end, 0 to 1.

    Raises:
        UserError: that takes more than a million images.
    """
    return fewest(lambda images: _width(rate, images) <= width, f"A 95% interval only {width:g} wide")


def images_to_exceed(
    rate: float, minimum: float, power: float = POWER, significance: float = ONE_SIDED
) -> ExactTest:
    """The fewest images that show, with some power, that a rate is above a minimum.

    The power of an exact test rises with the number of images in a sawtooth: it is at least `power` with this
    number and with any larger one. Source: Flahault, Cadilhac and Thomas, "Sample size calculation should be
    performed for design accuracy in diagnostic test studies", Journal of Clinical Epidemiology 2005; Bailly
    et al., Journal of Investigative Medicine 2014, on the sawtooth.

    Args:
        rate: that the model is expected to have.
        minimum: that is to be shown, below `rate`.
        power: probability of showing it if the model has that rate.
        significance: probability of showing it if the model only has the minimum; one-sided.

    Raises:
        UserError: the minimum is not below the rate, or that takes more than a million images.
    """
    from scipy.special import bdtrc, ndtri

    if not 0 < minimum < rate <= 1:
        raise UserError(
            Sentence(
                "The minimum of {minimum:g} must be above 0 and below the expected rate of {rate:g}.",
                minimum=minimum,
                rate=rate,
            )
        )
    spreads = [np.sqrt(share * (1 - share)) for share in (minimum, rate)]
    z_values = [-ndtri(significance), ndtri(power)]
    largest = ceil(100 + 2 * (np.dot(z_values, spreads) / (rate - minimum)) ** 2)
    if largest > MAX_IMAGES:
        raise UserError(
            Sentence(
                "To tell a rate of {rate:g} from {minimum:g} takes hundreds of thousands of images. "
                "Choose a larger margin.",
                rate=rate,
                minimum=minimum,
            )
        )
    images = np.arange(1, largest + 1)
    correct = _least_unlikely(significance, images, minimum)
    enough = bdtrc(correct - 1, images, rate) >= power
    first = int(np.flatnonzero(~enough)[-1]) + 1 if not enough.all() else 0
    return ExactTest(int(images[first]), int(correct[first]))


def highest_minimum(images: int, rate: float, power: float = POWER, significance: float = ONE_SIDED) -> float:
    """The highest minimum that so many images show to be exceeded; arguments as for `images_to_exceed`.

    It is Clopper and Pearson's lower limit for the number of correct images that the model reaches with the
    probability `power`.
    """
    from scipy.special import bdtrc, betaincinv

    correct = images if rate == 1 else int(_least_unlikely(power, np.array(images), rate))
    while bdtrc(correct - 1, images, rate) < power:
        correct -= 1
    return float(betaincinv(correct, images - correct + 1, significance)) if correct > 0 else 0.0


def consecutive_images(
    positives: int, negatives: int, prevalence: float, probability: float = ENOUGH
) -> tuple[int, int]:
    """How many consecutive images have enough of both classes: on average, and with some probability.

    Source of the average: Buderer, Academic Emergency Medicine 1996; the other is exact, by the binomial
    distribution.

    Args:
        positives, negatives: images that are needed of each class.
        prevalence: share of images with pneumonia, above 0 and below 1.
        probability: of having enough.
    """
    from scipy.special import bdtr

    average = ceil(max(positives / prevalence, negatives / (1 - prevalence)) - 1e-9)

    def is_enough(images: int) -> bool:
        most = images - negatives
        if most < positives:
            return False
        below = bdtr(positives - 1, images, prevalence) if positives else 0.0
        return bool(bdtr(most, images, prevalence) - below >= probability)

    return average, fewest(is_enough, "Enough images of both classes at this prevalence")


def _least_unlikely(probability: float, images: np.ndarray, rate: float) -> np.ndarray:
    """The fewest successes that come up, or more do, with at most some probability, int64 (n,).

    SciPy's binomial distribution says the same (one more than `isf`), but its import takes a second.

    Args:
        probability: above 0 and below 1.
        images: tried, shape (n,).
        rate: of success, above 0 and below 1.
    """
    from scipy.special import bdtr, bdtrik

    failing = np.ceil(bdtrik(1 - probability, images, rate))
    one_less = np.maximum(failing - 1, 0)
    failing = np.where(bdtr(one_less, images, rate) >= 1 - probability, one_less, failing)
    return failing.astype(np.int64) + 1


def fewest(is_enough: Callable[[int], bool], purpose: str) -> int:
    """The smallest number that is enough, if every larger one is, too.

    Raises:
        UserError: not even a million images are enough for the purpose, with which the sentence begins.
    """
    if not is_enough(MAX_IMAGES):
        raise UserError(
            Sentence(
                "{purpose} takes more than {most:,} images. Ask for less precision.",
                purpose=purpose,
                most=MAX_IMAGES,
            )
        )
    low, high = 0, MAX_IMAGES  # not enough, enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _width(rate: float, images: int) -> float:
    low, high = expected_interval(rate, images)
    return high - low
