"""How many images a ROC AUC needs.

As in Obuchowski and McClish, "Sample size determination for diagnostic accuracy studies involving binormal
ROC curve indices", Statistics in Medicine 1997, scores of both classes are taken to be normally distributed,
here with the same spread. Their variance, that of a fitted curve, leaves out a covariance and so asks for two
to three times the images that DeLong's test of the empirical AUC needs. Here stands the variance of that AUC,
after DeLong, DeLong and Clarke-Pearson, Biometrics 1988; the tests simulate it.
"""

from dataclasses import dataclass
from math import ceil, sqrt

from core.evaluation.intervals import z_value
from core.evaluation.rate_sizes import ONE_SIDED, POWER, fewest

CORRELATION = 0.5  # between two models' scores of the same images, if nothing is known of it


@dataclass(frozen=True)
class ImagesByClass:
    """Numbers of images.

    Attributes:
        positives: PNEUMONIA.
        negatives: NORMAL.
    """

    positives: int
    negatives: int


def auc_covariance(auc: float, positives: int, negatives: int, correlation: float) -> float:
    """Covariance of the empirical AUCs of two equally good models on the same images.

    Args:
        auc: of both, above 0 and below 1.
        positives, negatives: numbers of images, at least 1.
        correlation: of the models' scores within a class, 0 to 1; at 1 it is the variance of one AUC.
    """
    pairs = positives * negatives
    sharing_one = pairs * (positives + negatives - 2)  # pairs of pairs with one image in common
    same_pair = _both_right(auc, correlation) - auc**2
    one_in_common = _both_right(auc, correlation / 2) - auc**2
    return (pairs * same_pair + sharing_one * one_in_common) / pairs**2


def auc_interval_width(auc: float, positives: int, negatives: int) -> float:
    """Expected width of the 95% interval of a ROC AUC; arguments as for `auc_covariance`."""
    return 2 * z_value() * sqrt(auc_covariance(auc, positives, negatives, 1))


def images_for_auc_margin(
    auc: float,
    margin: float,
    ratio: float,
    correlation: float = CORRELATION,
    power: float = POWER,
    significance: float = ONE_SIDED,
) -> ImagesByClass:
    """The fewest images that show that a new model's AUC is not more than `margin` lower.

    Both models read the same images and have the same AUC. Source of the design: Obuchowski, "Testing for
    equivalence of diagnostic tests", American Journal of Roentgenology 1997.

    Args:
        auc: of both models, above 0.5 and below 1.
        margin: of non-inferiority, above 0.
        ratio: negatives per positive.
        correlation: of the models' scores within a class, at least 0, below 1.
        power: probability of showing it.
        significance: one-sided.

    Raises:
        UserError: that takes more than a million positives.
    """

    def is_enough(positives: int) -> bool:
        negatives = ceil(ratio * positives)
        return smallest_auc_margin(auc, positives, negatives, correlation, power, significance) <= margin

    positives = fewest(is_enough, f"To show a margin of {margin:g} of the ROC AUC")
    return ImagesByClass(positives, ceil(ratio * positives))


def smallest_auc_margin(
    auc: float,
    positives: int,
    negatives: int,
    correlation: float = CORRELATION,
    power: float = POWER,
    significance: float = ONE_SIDED,
) -> float:
    """The smallest margin that so many images can show; other arguments as for `images_for_auc_margin`."""
    from scipy.special import ndtri

    variance, covariance = (auc_covariance(auc, positives, negatives, value) for value in (1, correlation))
    return float((ndtri(power) - ndtri(significance)) * sqrt(2 * (variance - covariance)))


def _both_right(auc: float, correlation: float) -> float:
    """Probability that two pairs of a positive and a negative image are both ranked correctly.

    Source of the bivariate normal distribution by Owen's T: Owen, Annals of Mathematical Statistics 1956.

    Args:
        correlation: between the differences of the scores in the two pairs.
    """
    from scipy.special import ndtri, owens_t

    return float(auc - 2 * owens_t(ndtri(auc), sqrt((1 - correlation) / (1 + correlation))))
