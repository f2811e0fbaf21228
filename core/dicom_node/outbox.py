"""Outbox of the DICOM node: results in the queue that a receiver has yet to store."""

import time
from pathlib import Path

from core.dicom_node.latencies import DELIVERY, count_latency
from core.dicom_node.queue import ImageQueue
from core.dicom_node.queued_images import QueuedImage
from core.dicom_node.tables import DELIVERED, PAGES, PROCESSED, REFUSED


class Outbox:
    """What waits for delivery in a queue.

    Args:
        queue: of the node.
    """

    def __init__(self, queue: ImageQueue) -> None:
        self._images, self._files = queue.images, queue.files

    def due(self) -> list[QueuedImage]:
        """Images of one study whose results should be sent now; the study processed first comes first."""
        now = time.time()
        first = self._images.rows(
            "SELECT study FROM images WHERE state = ? AND due <= ? ORDER BY judged LIMIT 1", PROCESSED, now
        )
        if not first:
            return []
        condition = "state = ? AND study = ? AND (due <= ? OR sender != ?)"  # a reading may still be recalled
        return self._images.where(condition, PROCESSED, first[0][0], now, PAGES)

    def paths(self, image: QueuedImage) -> list[Path]:
        """Paths of an image's results."""
        return sorted(self._files.results(image).glob("*.dcm"))

    def mark_delivered(self, image: QueuedImage, keep: bool) -> None:
        """Record that the results were delivered; delete image and results unless `keep`."""
        now = time.time()
        with self._images.alone():
            with self._images.transaction() as database:
                changes = {"state": DELIVERED, "reason": "", "delivered": now}
                unchanged = self._images.update(image, PROCESSED, **changes)
                if unchanged and image.sender != PAGES:
                    count_latency(database, DELIVERY, now - image.received)
            if unchanged and not keep:
                self._files.delete(image)

    def postpone(self, images: list[QueuedImage], reason: str, seconds: float, refused: bool = False) -> None:
        """Record a failed delivery; the images are tried again together after some seconds.

        Args:
            refused: whether the receiver answered, and does not store an object of each image.
        """
        due = time.time() + seconds
        with self._images.transaction():
            for image in images:
                changes = {"tries": image.tries + 1, "refusals": image.refusals + refused}
                self._images.update(image, PROCESSED, reason=reason, due=due, **changes)

    def give_up(self, image: QueuedImage, reason: str) -> None:
        """Record that the receiver does not store the results; they are kept."""
        with self._images.transaction():
            self._images.update(image, PROCESSED, state=REFUSED, reason=reason, ended=time.time())
