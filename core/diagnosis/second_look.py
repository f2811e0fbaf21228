"""A model asked again about films of which a part is hidden, and what its last hidden layer says.

A model that loses little when no lung is hidden did not need what was; one that loses much read it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.config import IMAGE_SIZE
from core.diagnosis.predictor import BATCH, Predictor

OUTER = round(0.15 * IMAGE_SIZE)  # width of the ring
CORNER = IMAGE_SIZE // 4  # side of the squares


def _outer() -> np.ndarray:
    mask = np.ones((IMAGE_SIZE, IMAGE_SIZE), bool)
    mask[OUTER:-OUTER, OUTER:-OUTER] = False
    return mask


def _corners() -> np.ndarray:
    mask = np.zeros((IMAGE_SIZE, IMAGE_SIZE), bool)
    for rows in (slice(CORNER), slice(-CORNER, None)):
        for columns in (slice(CORNER), slice(-CORNER, None)):
            mask[rows, columns] = True
    return mask


MASKS = {"outer 15 %": _outer(), "corners": _corners()}  # bool (128, 128) each, True is hidden


@dataclass(frozen=True, eq=False)
class SecondLook:
    """What a model said of films, again.

    Attributes:
        masked: probability of PNEUMONIA by mask, float64 (n,) each.
        hidden: output of the last hidden layer, float16 (n, 1152), of the whole films.
    """

    masked: dict[str, np.ndarray]
    hidden: np.ndarray


def second_look(
    predictor: Predictor, pixels: np.ndarray, progress: Callable[[int, int], None] | None = None
) -> SecondLook:
    """Ask about films with each of `MASKS`, and for the last hidden layer.

    Args:
        pixels: uint8 (n, 128, 128).
        progress: called with (films done, films in all).
    """
    masked = {name: [] for name in MASKS}
    hidden = []
    for start in range(0, len(pixels), BATCH):
        batch = np.array(pixels[start : start + BATCH])
        hidden.append(predictor.seen(batch)[1].astype(np.float16))
        for name, mask in MASKS.items():
            masked[name].append(predictor.probabilities(hide(batch, mask)))
        if progress:
            progress(min(start + BATCH, len(pixels)), len(pixels))
    return SecondLook({name: np.concatenate(parts) for name, parts in masked.items()}, np.concatenate(hidden))


def hide(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Films with a part replaced by the mean grey of the rest of each film.

    Args:
        pixels: uint8 (n, 128, 128).
        mask: bool (128, 128), True is hidden.
    """
    hidden = pixels.copy()
    rest = pixels[:, ~mask].mean(axis=1)
    hidden[:, mask] = np.rint(rest)[:, np.newaxis].astype(np.uint8)
    return hidden
