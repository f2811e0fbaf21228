"""Agreement of two masks."""

import numpy as np


def dice(mask: np.ndarray, other: np.ndarray) -> float:
    """Dice coefficient of two masks, 0 to 1; 1 if both are empty.

    Dice, "Measures of the amount of ecologic association between species", Ecology 26, 1945.

    Args:
        mask, other: bool, of the same shape.
    """
    total = int(mask.sum()) + int(other.sum())
    return 2 * int((mask & other).sum()) / total if total else 1.0


def packed_dice(masks: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The same of many pairs of masks, float (n,).

    Args:
        masks, others: packed bits, uint8 (n, bytes).
    """
    both, first, second = (
        np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in (masks & others, masks, others)
    )
    total = first + second
    return np.divide(2 * both, total, out=np.ones(len(masks)), where=total > 0)
