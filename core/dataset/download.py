"""Downloading PneumoniaMNIST at 128 x 128: verified, and imported as a data set."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import config
from core.config import CLASS_NAMES
from core.dataset.imported_sets import imported_folder, new_dataset
from core.dataset.pixels import Progress
from core.disk import FULL, explained
from core.errors import UserError
from core.roles import Role, takes
from core.sentence import Sentence

PNEUMONIAMNIST = "pneumoniamnist"
FILE = "pneumoniamnist_128.npz"
URL = "https://zenodo.org/records/10519652/files/pneumoniamnist_128.npz?download=1"
MD5 = "05b46931834c231683c68f40c47b2971"
LICENCE = (
    "PneumoniaMNIST (Yang et al., *MedMNIST v2*, Scientific Data 2023), from Kermany et al., *Cell* 2018. "
    "CC BY 4.0. Patients are unknown: validation is by image, so its metrics are too optimistic."
)
TIMEOUT_S = 30


@takes(Role.TRAINER)
def download_pneumoniamnist(progress: Progress | None = None, url: str = URL, md5: str = MD5) -> Path:
    """Download and verify PneumoniaMNIST; returns the folder of the new data set.

    Args:
        progress: called with (bytes or images done, total).
        url, md5: of the archive.

    Raises:
        UserError: there is no connection, the download was interrupted, or the file is not the expected one.
    """
    archive_path = _download(url, md5, progress)
    with np.load(archive_path, allow_pickle=False) as archive, new_dataset(PNEUMONIAMNIST) as writer:
        for split in ("train", "val", "test"):
            images, labels = archive[f"{split}_images"], archive[f"{split}_labels"].ravel()
            for number, (image, label) in enumerate(zip(images, labels, strict=True)):
                buffer = io.BytesIO()
                Image.fromarray(image).save(buffer, "PNG")
                name = f"mnist-{split}-{number:05d}.png"
                writer.add(split, CLASS_NAMES[int(label)], name, buffer.getvalue())
            if progress:
                progress(len(images), len(images))
    return imported_folder() / PNEUMONIAMNIST


def _download(url: str, md5: str, progress: Progress | None) -> Path:
    # Imported lazily: only a download needs them.
    import pooch

    cache = config.data_folder() / "downloads"
    # Any: pooch takes an object like tqdm, and its own downloaders, though its type hints say otherwise.
    bar: Any = None if progress is None else _ProgressBar(progress)
    downloader: Any = pooch.HTTPDownloader(progressbar=bar or False, timeout=TIMEOUT_S)
    try:
        return Path(pooch.retrieve(url, f"md5:{md5}", FILE, cache, downloader=downloader))
    except ValueError as error:  # pooch raises it for a wrong checksum
        raise UserError(
            Sentence(
                "The download is not the expected file (its MD5 is not {md5}); nothing was saved. Try again.",
                md5=md5,
            )
        ) from error
    except OSError as error:  # requests' errors are OSErrors, too
        if error.errno in FULL:
            raise explained(error, cache / FILE) from error
        raise UserError(
            Sentence(
                "PneumoniaMNIST could not be downloaded. Check the connection, or download {url} "
                "elsewhere (MD5 {md5}), save it as {path}, and try again.",
                url=url,
                md5=md5,
                path=cache / FILE,
            )
        ) from error


class _ProgressBar:
    """The progress bar interface that pooch expects."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.done, self.total = progress, 0, 0

    def update(self, size: int) -> None:
        self.done += size
        self.progress(min(self.done, self.total), max(self.total, 1))

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing to close."""
