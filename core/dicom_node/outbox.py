"""Outbox of the DICOM node: results in the queue that one of its receivers has yet to store.

An image is done when each receiver has its results or they were given up. Its rows in the table of deliveries
begin with the first event and end when it is delivered.
"""

import sqlite3
import time
from collections.abc import Collection
from pathlib import Path

from core.dicom_node.latencies import DELIVERY, count_latency
from core.dicom_node.queue import ImageQueue
from core.dicom_node.queued_images import QueuedImage
from core.dicom_node.tables import DELIVERED, PAGES, PROCESSED, REFUSED

DUE = """
FROM images LEFT JOIN deliveries ON deliveries.uid = images.uid AND deliveries.receiver = ?
WHERE images.state = ? AND COALESCE(deliveries.state, ?) = ? AND COALESCE(deliveries.due, 0) <= ?
"""


class Outbox:
    """What waits for delivery to one receiver.

    Args:
        queue: of the node.
        receiver: what its deliveries are recorded under.
        receivers: the others of the node, too; none for this one alone.
        keep: whether image and results stay on disk when all receivers have them.
    """

    def __init__(
        self, queue: ImageQueue, receiver: str, receivers: Collection[str] = (), keep: bool = False
    ) -> None:
        self._images, self._files = queue.images, queue.files
        self._receiver, self._receivers, self._keep = receiver, {receiver, *receivers}, keep
        self._settled = -1  # version of the database

    def settle(self) -> None:
        """Let go what waits for none of the receivers any more, unless nobody else has changed the queue.

        It may have waited for a receiver that the node no longer has, before this start or before another
        process put what was given up back into the queue.
        """
        ((version,),) = self._images.rows("PRAGMA data_version")
        if version == self._settled:
            return
        with self._images.alone():
            waiting = self._images.where("state = ? AND uid IN (SELECT uid FROM deliveries)", PROCESSED)
            with self._images.transaction() as database:
                states = [(image, self._settle(database, image)) for image in waiting]
            self._delete_delivered(states)
        self._settled = version

    def due(self) -> list[QueuedImage]:
        """Images of one study whose results should be sent now; the study processed first comes first."""
        now = time.time()
        due = (self._receiver, PROCESSED, PROCESSED, PROCESSED, now)
        first = self._images.rows(
            f"SELECT study {DUE} AND images.due <= ? ORDER BY judged LIMIT 1", *due, now
        )
        if not first:
            return []
        rows = self._images.rows(
            "SELECT images.uid, study, received, COALESCE(deliveries.tries, images.tries), "
            f"COALESCE(deliveries.refusals, images.refusals), sender, kinds {DUE} AND study = ? "
            "AND (images.due <= ? OR sender != ?) ORDER BY received",  # a reading may still be recalled
            *(*due, first[0][0], now, PAGES),
        )
        return [QueuedImage(*row) for row in rows]

    def paths(self, image: QueuedImage) -> list[Path]:
        """Paths of an image's results."""
        return sorted(self._files.results(image).glob("*.dcm"))

    def mark_delivered(self, image: QueuedImage) -> None:
        """Record that the receiver has the results."""
        self._record(image, (DELIVERED, "", 0, 0, 0))

    def postpone(self, images: list[QueuedImage], reason: str, seconds: float, refused: bool = False) -> None:
        """Record a failed delivery; the images are tried again together after some seconds.

        Where the receiver does not answer, this holds for all of their study that waits and was not refused.

        Args:
            refused: whether the receiver answered, and does not store an object of each image.
        """
        due = time.time() + seconds
        for image in images:
            self._record(image, (PROCESSED, reason, image.tries + 1, image.refusals + refused, due))
        if not refused:
            with self._images.transaction() as database:
                database.executemany(
                    "UPDATE deliveries SET due = ? WHERE receiver = ? AND state = ? AND refusals = 0 "
                    "AND uid IN (SELECT uid FROM images WHERE study = ?)",
                    [(due, self._receiver, PROCESSED, study) for study in {image.study for image in images}],
                )

    def give_up(self, image: QueuedImage, reason: str) -> None:
        """Record that the receiver does not store the results; they are kept."""
        self._record(image, (REFUSED, reason, 0, 0, 0))

    def _record(self, image: QueuedImage, delivery: tuple[str | float, ...]) -> None:
        """Record how this delivery of an image stands, and what all its deliveries amount to.

        Nothing is recorded if the image was sent again meanwhile. When all receivers have the results, image
        and results are deleted.

        Args:
            delivery: state, reason, tries, refusals and when it is due.
        """
        with self._images.alone():
            with self._images.transaction() as database:
                database.execute(
                    "INSERT OR REPLACE INTO deliveries SELECT uid, ?, ?, ?, ?, ?, ? FROM images "
                    "WHERE uid = ? AND received = ? AND state = ?",
                    (self._receiver, *delivery, image.uid, image.received, PROCESSED),
                )
                state = self._settle(database, image)
            self._delete_delivered([(image, state)])

    def _delete_delivered(self, states: list[tuple[QueuedImage, str]]) -> None:
        for image, state in states:
            if state == DELIVERED and not self._keep:
                self._files.delete(image)

    def _settle(self, database: sqlite3.Connection, image: QueuedImage) -> str:
        """Let an image's row say what its deliveries amount to; its state, or "" if it was sent again.

        What a receiver refused is kept, also where the node no longer has this receiver.
        """
        query = "SELECT receiver, state, reason FROM deliveries WHERE uid = ?"
        deliveries = {
            receiver: (state, reason)
            for receiver, state, reason in database.execute(query, (image.uid,))
            if receiver in self._receivers or state == REFUSED
        }
        done = all(deliveries.get(name, ("", ""))[0] in (DELIVERED, REFUSED) for name in self._receivers)
        refused = [reason for state, reason in deliveries.values() if state == REFUSED]
        waiting = [reason for state, reason in deliveries.values() if state == PROCESSED]
        state = (REFUSED if refused else DELIVERED) if done else PROCESSED
        changes: dict[str, str | float] = {"state": state, "reason": "; ".join(refused if done else waiting)}
        if done:
            changes["ended" if refused else "delivered"] = (now := time.time())
        if not self._images.update(image, PROCESSED, **changes):
            return ""
        if state == DELIVERED:
            database.execute("DELETE FROM deliveries WHERE uid = ?", (image.uid,))
            if image.sender != PAGES:
                count_latency(database, DELIVERY, now - image.received)
        return state
