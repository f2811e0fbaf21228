"""Masks of lungs that people drew, checked against the images of a data set, by digest of the image."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image

from core.anatomy.agreement import packed_dice
from core.anatomy.dataset_lungs import DatasetLungs
from core.anatomy.masks import MaskSet, open_masks, with_passed_over
from core.config import IMAGE_SIZE
from core.dataset import Dataset, Progress
from core.errors import UserError
from core.images import ImageError, PassedOver, shown
from core.sentence import Sentence

MAX_SIDE = 256  # pixels of a stored mask: twice what the network sees
UNREADABLE = "unreadable, or grey rather than black and white"  # reasons to pass a mask over
OTHER_SHAPE = "not the proportions of its image"
EMPTY = "empty, or all white"
COPY = "of a copy of an image that has a mask"


@dataclass(frozen=True, eq=False)
class DrawnLungs:
    """Masks of both lungs that people drew, of some images.

    Attributes:
        sha256: digests of the images, str (n,).
        sizes: height and width of each mask, int32 (n, 2).
        bits: of all masks one after another, each filled up to whole bytes, uint8.
        source: file or folder that they came from.
        imported: when, in seconds since 1970.
        passed_over: what else was there.
    """

    sha256: np.ndarray
    sizes: np.ndarray
    bits: np.ndarray
    source: str
    imported: float
    passed_over: PassedOver

    @cached_property
    def _position(self) -> dict[str, int]:
        return {digest: position for position, digest in enumerate(self.sha256.tolist())}

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(-(-self.sizes.prod(axis=1) // 8))

    def mask(self, sha256: str) -> np.ndarray | None:
        """The mask of one image, bool (height, width); None if it has none."""
        position = self._position.get(sha256)
        if position is None:
            return None
        (height, width), end = self.sizes[position], self._ends[position]
        bits = self.bits[end - -(-height * width // 8) : end]
        return np.unpackbits(bits, count=height * width).reshape(height, width).astype(bool)

    def network_masks(self, sha256: np.ndarray) -> np.ndarray:
        """Masks at 128 x 128, bool (n, 128, 128); empty for images that have none."""
        masks = np.zeros((len(sha256), IMAGE_SIZE, IMAGE_SIZE), bool)
        for row, digest in enumerate(sha256):
            mask = self.mask(digest)
            if mask is not None:
                masks[row] = _resized(mask, (IMAGE_SIZE, IMAGE_SIZE))
        return masks

    def agreement(self, found: DatasetLungs) -> np.ndarray:
        """Dice coefficient of drawn and found lungs at 128 x 128, of each image; NaN without a drawn mask."""
        scores = np.full(len(found), np.nan)
        rows = np.flatnonzero(np.isin(found.sha256, self.sha256))
        drawn = np.packbits(self.network_masks(found.sha256[rows]).reshape(len(rows), -1), axis=1)
        scores[rows] = packed_dice(drawn, found.masks[rows])
        return scores

    def by_path(self, table: pd.DataFrame) -> MaskSet:
        """The masks of the images in a data set's table."""
        digests = table.loc[table["sha256"].isin(self.sha256)].set_index("path")["sha256"]

        def read(path: str) -> np.ndarray:
            mask = self.mask(digests[path])
            assert mask is not None  # only paths of images that have one are in the set
            return mask

        return MaskSet(read, frozenset(digests.index), self.passed_over)


def read_drawn_lungs(dataset: Dataset, source: str | Path, progress: Progress | None = None) -> DrawnLungs:
    """The masks of a data set's images from a file or folder, without those that cannot be used.

    Masks of more than 256 pixels a side are reduced to that.

    Args:
        dataset: opened.
        source: as for `open_masks`.
        progress: called with (masks read, masks to read).

    Raises:
        UserError: there is no mask that can be used.
    """
    table = dataset.table
    masks = open_masks(source, table["path"].tolist())
    square = Path(source).is_file()  # whatever the proportions of the images
    passed_over, packed, sizes = masks.passed_over, {}, []
    images = table.loc[table["path"].isin(masks.paths), ["path", "sha256", "height", "width"]]
    for done, (path, digest, *size) in enumerate(images.itertuples(index=False), start=1):
        mask, reason = _usable(masks, path, None if square else size)
        if reason or digest in packed:
            passed_over.add(reason or COPY, path)
        else:
            packed[digest] = np.packbits(mask)
            sizes.append(mask.shape)
        if progress and (done % 50 == 0 or done == len(images)):
            progress(done, len(images))
    if not packed:
        sentence = Sentence("{source} has no mask that can be used.", source=shown(source))
        raise UserError(with_passed_over(sentence, passed_over))
    return DrawnLungs(
        np.array(list(packed)),
        np.array(sizes, np.int32),
        np.concatenate(list(packed.values())),
        shown(Path(source).absolute()),
        time.time(),
        passed_over,
    )


def _usable(masks: MaskSet, path: str, size: Sequence[int] | None) -> tuple[np.ndarray, str]:
    """A mask of at most `MAX_SIDE` pixels a side, and why it cannot be used, or "".

    Args:
        masks, path: where it is.
        size: height and width of its image; None if its sides are square whatever the image's are.
    """
    try:
        mask = masks.read(path)
    except ImageError:
        return np.empty((0, 0), bool), UNREADABLE
    if size and not _same_proportions(mask.shape, size):
        return mask, OTHER_SHAPE
    if mask.all() or not mask.any():
        return mask, EMPTY
    scale = min(1.0, MAX_SIDE / max(mask.shape))
    return _resized(mask, (round(mask.shape[0] * scale), round(mask.shape[1] * scale))), ""


def _same_proportions(shape: Sequence[int], size: Sequence[int]) -> bool:
    """Whether sides are those of an image times one factor, rounded to whole pixels."""
    height, width = shape
    return min(abs(height - width * size[0] / size[1]), abs(width - height * size[1] / size[0])) <= 1


def _resized(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask at another height and width: true where at least half of a pixel is."""
    if mask.shape == size:
        return mask
    picture = PIL.Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(picture.resize((size[1], size[0]), PIL.Image.Resampling.BOX)) >= 128
