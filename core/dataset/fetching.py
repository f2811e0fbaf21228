"""Real X-rays in one click: PneumoniaMNIST at 128 x 128, downloaded once, verified, as a set."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from core import config
from core.config import CLASS_NAMES
from core.dataset.pixels import Progress
from core.dataset.sets import new_set, sets_folder
from core.errors import UserError

NAME = "pneumoniamnist"
URL = "https://zenodo.org/records/10519652/files/pneumoniamnist_128.npz?download=1"
MD5 = "05b46931834c231683c68f40c47b2971"
LICENCE = (
    "PneumoniaMNIST (Yang et al., *MedMNIST v2*, Scientific Data 2023), from Kermany et al., *Cell* 2018. "
    "CC BY 4.0. Patients are not known: validation is by image and flatters."
)
PATIENCE_S = 30


def fetch_pneumoniamnist(progress: Progress | None = None, url: str = URL, md5: str = MD5) -> Path:
    """Download PneumoniaMNIST, check it, and keep it as a set; the set's folder.

    Args:
        progress: called with (bytes or images done, in all).
        url, md5: of the archive.

    Raises:
        UserError: no connection, the download broke off, or the file is not the expected one.
    """
    file = _downloaded(url, md5, progress)
    with np.load(file, allow_pickle=False) as archive, new_set(NAME) as made:
        for split in ("train", "val", "test"):
            images, labels = archive[f"{split}_images"], archive[f"{split}_labels"].ravel()
            for number, (image, label) in enumerate(zip(images, labels, strict=True)):
                buffer = io.BytesIO()
                Image.fromarray(image).save(buffer, "PNG")
                name = f"mnist-{split}-{number:05d}.png"
                made.add(split, CLASS_NAMES[int(label)], name, buffer.getvalue())
            if progress:
                progress(len(images), len(images))
    return sets_folder() / NAME


def _downloaded(url: str, md5: str, progress: Progress | None) -> Path:
    # Imported here: only who downloads needs them.
    import pooch
    import requests

    cache = config.data_folder() / "downloads"
    bar = None if progress is None else _Bar(progress)
    downloader = pooch.HTTPDownloader(progressbar=bar or False, timeout=PATIENCE_S)
    try:
        return Path(pooch.retrieve(url, f"md5:{md5}", "pneumoniamnist_128.npz", cache, downloader=downloader))
    except ValueError as error:  # pooch's word for a wrong checksum
        raise UserError(
            f"The download is not the expected file (its MD5 is not {md5}); nothing was kept. Try again."
        ) from error
    except (requests.exceptions.RequestException, OSError) as error:
        raise UserError(
            f"PneumoniaMNIST could not be downloaded; is there a connection? Fetch {url} elsewhere (MD5 "
            f"{md5}), put it as pneumoniamnist_128.npz into {cache}, and try again."
        ) from error


class _Bar:
    """What pooch wants of a progress bar."""

    def __init__(self, progress: Progress):
        self.progress, self.done, self.total = progress, 0, 0

    def update(self, size: int) -> None:
        self.done += size
        self.progress(min(self.done, self.total), max(self.total, 1))

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing to tidy."""
