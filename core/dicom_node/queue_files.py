"""The files of the DICOM node's queue.

received/    one file per image, named by a digest: instance UIDs from outside are never file names
results/     one folder of results per image
"""

import shutil
from pathlib import Path

from core import config
from core.dicom_node.queued_images import QueuedImage


class QueueFiles:
    """Where the files of a queue are.

    Args:
        folder: of the queue.
    """

    def __init__(self, folder: Path) -> None:
        self._received, self._results = folder / "received", folder / "results"

    def create(self) -> None:
        """Create the folders; raises OSError if that is not possible."""
        for folder in (self._received, self._results):
            folder.mkdir(parents=True, exist_ok=True)

    def image(self, image: QueuedImage) -> Path:
        """The file of an image."""
        return self._received / f"{image.key}.dcm"

    def results(self, image: QueuedImage) -> Path:
        """The folder of an image's results."""
        return self._results / image.key

    def delete(self, image: QueuedImage) -> None:
        """Delete an image and its results, also those of an earlier time it was sent."""
        self.image(image).unlink(missing_ok=True)
        shutil.rmtree(self.results(image), ignore_errors=True)


def node_folder() -> Path:
    """Default folder of the node's queue."""
    return config.home() / "node"
