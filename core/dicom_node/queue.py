"""Queue of the DICOM node: received images and their results as files, their states in SQLite.

`store` returns only after the file and its row are on disk, so no crash loses an acknowledged image. All
other steps can be repeated with the same outcome.
"""

import sqlite3
import time
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from pathlib import Path

from core import atomic
from core.dicom_node.latencies import RESULT, count_latency
from core.dicom_node.queue_files import QueueFiles, node_folder
from core.dicom_node.queued_images import QueuedImage, QueuedImages
from core.dicom_node.tables import (
    DELETED,
    FAILED,
    PAGES,
    PROCESSED,
    RECEIVED,
    REFUSED,
    REFUSED_DELETED,
)
from core.dicom_node.unexpected_errors import count_error
from core.errors import UserError

DAY_S = 86_400


class ImageQueue:
    """The images of one node on their way to a result; threads may share it, processes may not.

    Args:
        folder: of the queue; `node_folder()` if None.

    Attributes:
        files, images: the files of the images, and their rows in the database.

    Raises:
        UserError: the folder cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = Path(folder or node_folder())
        self.files = QueueFiles(folder)
        try:
            self.files.create()
            self.images = QueuedImages(folder)
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"The node's folder {folder} cannot be used: {error}.") from error
        atomic.clear_unfinished(folder)

    def close(self) -> None:
        """Close the database."""
        self.images.close()

    def store(self, uid: str, study: str, sender: str, parts: Iterable[bytes | memoryview]) -> QueuedImage:
        """Add an image durably. One that was sent before is replaced and processed again.

        Args:
            uid, study: SOP and study instance UID.
            sender: AE title.
            parts: consecutive parts of the DICOM file.

        Raises:
            UserError, OSError, sqlite3.Error: the image could not be stored.
        """
        image = QueuedImage(uid, study, time.time())
        with ExitStack() as recorded:  # others wait for the name and the row, not while the disk writes

            def keep_others_away() -> None:
                recorded.enter_context(self.images.alone())

            path = self.files.image(image)
            with atomic.replacing(path, keep_others_away) as temporary, open(temporary, "wb") as file:
                for part in parts:
                    file.write(part)
            with self.images.transaction() as database:
                database.execute(
                    "INSERT OR REPLACE INTO images (uid, study, sender, received, state) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (image.uid, image.study, sender, image.received, RECEIVED),
                )
                database.execute("DELETE FROM deliveries WHERE uid = ?", (uid,))
        return image

    def want_readings(self, wanted: bool) -> None:
        """Let the pages know whether this node sends readers' findings."""
        with self.images.transaction() as database:
            database.execute("DELETE FROM readings_wanted")
            if wanted:
                database.execute("INSERT INTO readings_wanted VALUES (1)")

    def is_result(self, uid: str) -> bool:
        """Whether this node created the object with an instance UID."""
        return bool(self.images.rows("SELECT 1 FROM results WHERE uid = ?", uid))

    def complete_studies(self, seconds: float, max_images: int) -> list[QueuedImage]:
        """Unprocessed images of complete studies that are due, the oldest study first.

        Args:
            seconds: a study is complete when it has received no image for so long.
            max_images: no study is added after this number of images; studies are never split.
        """
        now = time.time()
        studies = self.images.rows(
            "SELECT study FROM images WHERE state = ? AND due <= ? GROUP BY study "
            "HAVING MAX(received) <= ? ORDER BY MIN(received) LIMIT ?",
            *(RECEIVED, now, now - seconds, max_images),
        )
        images: list[QueuedImage] = []
        for (study,) in studies:
            if len(images) < max_images:
                images += self.images.where("state = ? AND study = ? AND due <= ?", RECEIVED, study, now)
        return images

    def data(self, image: QueuedImage) -> bytes:
        """Content of the image's file; raises OSError if the file is gone."""
        return self.files.image(image).read_bytes()

    def add_results(
        self,
        image: QueuedImage,
        results: dict[str, tuple[str, bytes]],
        kinds: Collection[str] | None = None,
    ) -> None:
        """Store the results of an image for delivery, in place of those of an earlier time it was processed.

        The image is processed again if this is cut short.

        Args:
            results: instance UID and DICOM file by file name.
            kinds: of objects that were to be made, whether or not the image has them; None if unknown.
        """
        folder = self.files.results(image)
        folder.mkdir(exist_ok=True)  # nobody deletes what waits to be processed: others need not be kept away
        for path in folder.iterdir():
            if path.name not in results:
                path.unlink()
        for name, (_, data) in results.items():
            with atomic.replacing(folder / name) as temporary:
                temporary.write_bytes(data)
        with self.images.transaction() as database:
            uids = [(uid, image.uid) for uid, _ in results.values()]
            database.executemany("INSERT OR REPLACE INTO results VALUES (?, ?)", uids)
            now = time.time()
            changes = {"judged": now, "reason": "", "tries": 0, "refusals": 0, "due": 0}
            asked = None if kinds is None else ",".join(sorted(kinds))
            if self.images.update(image, RECEIVED, state=PROCESSED, kinds=asked, **changes):
                count_latency(database, RESULT, now - image.received)

    def process_again(self, image: QueuedImage) -> None:
        """Let an image be processed once more, for a receiver some of whose results were not made of it.

        All receivers get the results that are made then.
        """
        with self.images.transaction() as database:
            if self.images.update(image, PROCESSED, state=RECEIVED, tries=0, refusals=0, due=0):
                database.execute("DELETE FROM deliveries WHERE uid = ?", (image.uid,))

    def mark_failed(self, image: QueuedImage, reason: str, refusals: int = 0) -> None:
        """Record why an image cannot be processed; its file is kept.

        Args:
            refusals: unexpected errors with it, after which it may be tried again; 0 for a reason of its own.
        """
        changes = {"state": FAILED, "reason": reason, "refusals": refusals, "ended": time.time()}
        with self.images.transaction():
            self.images.update(image, RECEIVED, **changes)

    def postpone(self, image: QueuedImage, reason: str, seconds: float, refused: bool) -> bool:
        """Record that processing an image ended unexpectedly, to be tried again after some seconds.

        Args:
            refused: whether that may be due to the image.

        Returns:
            Whether it still waits: what was finished before stays finished.
        """
        changes = {"reason": reason, "tries": image.tries + 1, "due": time.time() + seconds}
        changes["refusals"] = image.refusals + refused
        with self.images.transaction():
            return self.images.update(image, RECEIVED, **changes)

    def set_aside(self, image: QueuedImage, state: str, finding: str, keep: bool) -> None:
        """Record that a rule keeps an image from being answered; delete its file unless `keep`.

        Args:
            state: `IGNORED` or `IN_SHADOW`.
            finding: what the model says of an image in shadow, which is counted.
        """
        with self.images.alone():
            with self.images.transaction():
                changes = {"state": state, "reason": finding, "judged": time.time()}
                unchanged = self.images.update(image, RECEIVED, **changes)
            if unchanged and not keep:
                self.files.delete(image)

    def delete_failed(self, days: float) -> int:
        """Delete the files of images that failed, or whose results were given up, some days ago; how many.

        A reader's finding is kept: there may be no other copy of it.

        Raises:
            OSError: a file cannot be deleted; all others are.
        """
        before = time.time() - days * DAY_S
        condition = "state = ? AND sender != ? AND COALESCE(ended, received) <= ?"
        count, failure = 0, None
        with self.images.alone():
            for state, deleted in ((FAILED, DELETED), (REFUSED, REFUSED_DELETED)):
                for image in self.images.where(condition, state, PAGES, before):
                    try:
                        self.files.delete(image)
                    except OSError as error:
                        failure = error
                        continue
                    with self.images.transaction() as database:
                        self.images.update(image, state, state=deleted)
                        database.execute("DELETE FROM deliveries WHERE uid = ?", (image.uid,))
                    count += 1
        if failure:
            raise failure
        return count

    def count_error(self, activity: str) -> None:
        """Count an unexpected error of an activity of the node."""
        with self.images.transaction() as database:
            count_error(database, activity)
