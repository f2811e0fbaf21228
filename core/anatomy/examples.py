"""Images with the lungs that people drew, at the network's resolution, and which of them are held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image

from core.anatomy.masks import LEFT, RIGHT, MaskSet, Pair, read_mask, sides
from core.architecture import IMAGE_SIZE
from core.dataset import held_out_names
from core.images import network_pixels, read_image


@dataclass(frozen=True, eq=False)
class Examples:
    """Images of one source with their lungs.

    Attributes:
        title: for reports.
        images: uint8 (n, 128, 128).
        lungs: uint8 (n, 128, 128, 2): share of the right and the left lung in each pixel, 255 for all.
    """

    title: str
    images: np.ndarray
    lungs: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def dataset_examples(title: str, images: np.ndarray, paths: Sequence[str], masks: MaskSet) -> Examples:
    """The images of a data set that have a mask.

    Args:
        title: for reports.
        images: uint8 (n, 128, 128).
        paths: of the n images, relative to the data set.
        masks: of the data set.
    """
    rows = [row for row, path in enumerate(paths) if path in masks.paths]
    lungs = np.empty((len(rows), IMAGE_SIZE, IMAGE_SIZE, 2), np.uint8)
    for position, row in enumerate(rows):
        lungs[position] = lung_shares(masks.read(paths[row]))
    return Examples(title, images[rows], lungs)


def pair_examples(title: str, pairs: Sequence[Pair]) -> Examples:
    """Image files that have their mask beside them.

    Raises:
        ImageError: one of them cannot be read.
    """
    images = np.stack([network_pixels(read_image(pair.image)) for pair in pairs])
    return Examples(title, images, np.stack([lung_shares(read_mask(pair.mask)) for pair in pairs]))


def lung_shares(mask: np.ndarray) -> np.ndarray:
    """Share of the right and of the left lung in each pixel of the network: uint8 (128, 128, 2).

    Args:
        mask: bool (height, width) of both lungs of an upright image.
    """
    side_map, size = sides(mask), (IMAGE_SIZE, IMAGE_SIZE)
    planes = [
        PIL.Image.fromarray(np.where(side_map == side, np.uint8(255), np.uint8(0))) for side in (RIGHT, LEFT)
    ]
    return np.stack([np.asarray(plane.resize(size, PIL.Image.Resampling.BOX)) for plane in planes], axis=-1)


def split_pairs(pairs: Sequence[Pair], fraction: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on and pairs that are held out, by patient.

    Args:
        pairs: all.
        fraction: of the patients to hold out, 0 to 1.
        seed: another seed holds out other patients.
    """
    held_out = held_out_names({pair.patient for pair in pairs}, fraction, seed)
    return (
        [pair for pair in pairs if pair.patient not in held_out],
        [pair for pair in pairs if pair.patient in held_out],
    )
