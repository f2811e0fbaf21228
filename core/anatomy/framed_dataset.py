"""The images of a data set as a model sees them, cached beside the data set's index.

`framed-NETWORK-FINGERPRINT-MARGIN.npy`  uint8 (images, 128, 128), in the order of the data set's table;
                                         NETWORK is what `lung_network` returns
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core import atomic
from core.anatomy.dataset_lungs import dataset_lungs
from core.anatomy.framing import Frame, Framing
from core.anatomy.lung_finder import BATCH, lung_network
from core.config import IMAGE_SIZE, processor
from core.dataset import Dataset, Progress, storage_folder
from core.disk import new_array
from core.errors import UserError
from core.images import read_image, stored_path
from core.sentence import Sentence


def framed_pixels(dataset: Dataset, framing: Framing, progress: Progress | None = None) -> np.ndarray:
    """The images of a data set as a model of this framing sees them, computed once.

    Args:
        dataset: opened.
        framing: of the model.
        progress: called with (images done, images in total); first for the lungs, then for the frames.

    Returns:
        uint8 (images, 128, 128), memory-mapped, read-only; of whole images, the data set's own pixels.

    Raises:
        UserError: a file is gone or has changed, the disk is full, or the lung network is missing.
    """
    if not framing.by_lungs:
        return dataset.pixels
    folder = storage_folder(dataset.root)
    current = f"framed-{lung_network()}-{dataset.fingerprint[:16]}"
    path = folder / f"{current}-{framing.margin:g}.npy"
    if not path.exists():
        frames = dataset_frames(dataset, framing, progress)
        with atomic.replacing(path) as temporary:
            pixels = new_array(temporary, np.uint8, (len(frames), IMAGE_SIZE, IMAGE_SIZE))
            for row, image in enumerate(_framed(dataset, frames)):
                pixels[row] = image
                if progress and (row + 1) % BATCH == 0:
                    progress(row + 1, len(frames))
            pixels.flush()
        for stale in folder.glob("framed-*.npy"):
            if not stale.name.startswith(current):
                stale.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def dataset_frames(dataset: Dataset, framing: Framing, progress: Progress | None = None) -> list[Frame]:
    """The frame of each image of a data set.

    Args:
        dataset, framing, progress: as for `framed_pixels`.
    """
    if not framing.by_lungs:
        return [framing.frame()] * len(dataset.table)
    lungs = dataset_lungs(dataset, progress)
    return [framing.frame(lungs.box(row), lungs.remarks(row)) for row in range(len(lungs))]


def _framed(dataset: Dataset, frames: list[Frame]) -> Iterator[np.ndarray]:
    """The part of each image that its frame shows, from the files, on as many threads as there are cores."""
    root = stored_path(dataset.root)

    def framed(path: str, digest: str, frame: Frame) -> np.ndarray:
        image = read_image(Path(root) / path)
        if image.sha256 != digest:
            raise UserError(
                Sentence(
                    "{path} has changed since {root} was opened. Start again.", path=path, root=dataset.root
                )
            )
        return frame.pixels(image)

    with ThreadPoolExecutor(processor.cores()) as threads:
        yield from threads.map(framed, dataset.table["path"], dataset.table["sha256"], frames)
