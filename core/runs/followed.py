"""The followed images: a few validation images whose probabilities are kept after every epoch."""

import numpy as np

FOLLOWED = 8
NAMES = tuple(f"followed_{number}" for number in range(1, FOLLOWED + 1))
FOLLOWED_COLUMNS = ("stage", "epoch", *NAMES)


def followed_positions(labels: np.ndarray, seed: int) -> np.ndarray:
    """Positions of the followed images: up to `FOLLOWED`, half of each class where there are so many.

    They are drawn by a generator of their own, so that training draws the same numbers as without them.

    Args:
        labels: of the validation images, int ndarray of shape (n,).
        seed: of the run.

    Returns:
        int ndarray, by label, then by position.

    >>> labels = np.array([1] * 9 + [0] * 3)
    >>> labels[followed_positions(labels, seed=0)]
    array([0, 0, 0, 1, 1, 1, 1, 1])
    """
    order = np.random.default_rng([seed, FOLLOWED]).permutation(len(labels))
    rank = np.empty(len(labels), int)  # of each image in its class, in random order
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    chosen = np.argsort(rank, kind="stable")[:FOLLOWED]
    return chosen[np.lexsort((chosen, labels[chosen]))]
