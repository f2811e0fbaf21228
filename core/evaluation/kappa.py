"""Agreement of readers beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation.intervals import Interval, wilson, z_value
from core.sentence import Sentence, joined

ROUNDING = 1e-6  # a standard error below it is 0


@dataclass(frozen=True)
class Kappa:
    """How often two readers agree, and how much of that is more than chance.

    Attributes:
        images: that both have labelled.
        agreed: images with the same label.
        value: Cohen's kappa, -1 to 1; None where both always give the same one label: chance agrees, too.
        interval: its 95% interval; None where kappa is None or its standard error 0, as at 1 and -1.
    """

    images: int
    agreed: int
    value: float | None
    interval: Interval | None

    def sentence(self) -> str:
        """The agreement in words."""
        if not self.images:
            return Sentence("no image has a label of both")
        low, high = wilson(self.agreed, self.images) or (0.0, 1.0)
        share = self.agreed / self.images
        agreed = Sentence(
            "agree on {agreed:,} of {images:,} images, {share:.0%} ({low:.0%} to {high:.0%})",
            agreed=self.agreed,
            images=self.images,
            share=share,
            low=low,
            high=high,
        )
        if self.value is None:
            return Sentence("{agreed}; kappa is undefined, as both always give the same label", agreed=agreed)
        parts = [agreed, self._value()]
        return joined([*parts, Sentence("that is no better than chance")] if self.value <= 0 else parts, "; ")

    def _value(self) -> Sentence:
        if self.interval is None:
            return Sentence("Cohen's kappa {kappa:.2f}", kappa=self.value)
        low, high = self.interval
        return Sentence(
            "Cohen's kappa {kappa:.2f} ({low:.2f} to {high:.2f})", kappa=self.value, low=low, high=high
        )


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> Kappa:
    """Cohen's kappa of two readers' labels of the same images, and its interval.

    The standard error is that of Fleiss, Cohen and Everitt, Psychological Bulletin 1969; 72: 323-327, which
    takes images as independent of one another.

    Args:
        first, second: a label for each image, (n,); any number of different ones, without order.

    >>> round(cohens_kappa("PPNN", "PNNN").value, 2)
    0.5
    """
    names, codes = np.unique([*first, *second], return_inverse=True)
    n = len(first)
    agreed = int((codes[:n] == codes[n:]).sum())
    if len(names) < 2:
        return Kappa(n, agreed, None, None)
    shares = np.zeros((len(names), len(names)))
    np.add.at(shares, (codes[:n], codes[n:]), 1 / n)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    by_chance = float(rows @ columns)
    kappa = (agreed / n - by_chance) / (1 - by_chance)
    error = _standard_error(shares, kappa, by_chance, n)
    margin = z_value() * error
    interval = (max(-1.0, kappa - margin), min(1.0, kappa + margin)) if error > ROUNDING else None
    return Kappa(n, agreed, kappa, interval)


def fleiss_kappa(labels: Sequence[Sequence[str]]) -> float | None:
    """Fleiss' kappa of several readers' labels of the same images: their mean agreement beyond chance.

    Source: Fleiss, Psychological Bulletin 1971; 76: 378-382.

    Args:
        labels: of each image by each of at least two readers, (n, readers); any number of different ones.

    Returns:
        At most 1; None without an image, or where all labels are the same: chance agrees, too.

    >>> round(fleiss_kappa(["PPP", "PPN", "NNN"]), 2)
    0.55
    """
    given = np.array([list(row) for row in labels])
    names, codes = np.unique(given, return_inverse=True)
    if len(names) < 2:
        return None
    counts = (codes.reshape(given.shape)[:, :, None] == np.arange(len(names))).sum(axis=1)  # (n, names)
    readers = given.shape[1]
    agreed = ((counts**2).sum(axis=1) - readers) / (readers * (readers - 1))
    by_chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return (float(agreed.mean()) - by_chance) / (1 - by_chance)


def _standard_error(shares: np.ndarray, kappa: float, by_chance: float, n: int) -> float:
    """Of kappa; `shares` (k, k) of the images by both readers' labels."""
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreement = np.diag(shares)
    same = agreement @ (1 - (rows + columns) * (1 - kappa)) ** 2
    pairs = (columns[:, None] + rows[None, :]) ** 2  # of label i by the first and j by the second reader
    different = (1 - kappa) ** 2 * ((shares * pairs).sum() - agreement @ np.diag(pairs))
    variance = same + different - (kappa - by_chance * (1 - kappa)) ** 2
    return float(np.sqrt(max(variance, 0.0) / n) / (1 - by_chance))
