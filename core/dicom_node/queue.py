"""Queue of the DICOM node: received images and their results as files, their states in SQLite.

received/    one file per image, named by a digest: instance UIDs from outside are never file names
results/     one folder of results per image
node.sqlite

`store` returns only after the file and its row are on disk, so no crash loses an acknowledged image. All
other steps can be repeated with the same outcome.
"""

import hashlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core import atomic, config
from core.dicom_node.latencies import DELIVERY, RESULT, count_latency
from core.dicom_node.tables import (
    DELETED,
    DELIVERED,
    FAILED,
    PAGES,
    PROCESSED,
    RECEIVED,
    REFUSED,
    REFUSED_DELETED,
    open_queue,
)
from core.errors import UserError

DAY_S = 86_400


@dataclass(frozen=True)
class QueuedImage:
    """An image in the queue.

    Attributes:
        uid, study: SOP and study instance UID.
        received: seconds since 1970; an image that is sent again has a new value.
        tries: number of failed deliveries of its results.
        refusals: how many of these were refusals of an object.
        sender: AE title, or `PAGES` for a reader's finding, which is its own result.
    """

    uid: str
    study: str
    received: float
    tries: int = 0
    refusals: int = 0
    sender: str = ""

    @property
    def key(self) -> str:
        """Name of its files, without extension."""
        return hashlib.sha256(self.uid.encode()).hexdigest()

    @property
    def log_name(self) -> str:
        """What all log lines about the image call it, from reception to delivery."""
        return self.key[:12]


class ImageQueue:
    """The images of one node; threads may share it, processes may not.

    Args:
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: the folder cannot be used.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Path(folder or node_folder())
        self._lock = threading.RLock()
        try:
            for name in ("received", "results"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            self._database = open_queue(self.folder, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"The node's folder {self.folder} cannot be used: {error}.") from error
        atomic.clear_unfinished(self.folder)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

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
        with self._lock:
            with atomic.replacing(self._path(image)) as temporary, open(temporary, "wb") as file:
                for part in parts:
                    file.write(part)
            with self._database:
                self._database.execute(
                    "INSERT OR REPLACE INTO images (uid, study, sender, received, state) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (image.uid, image.study, sender, image.received, RECEIVED),
                )
        return image

    def want_readings(self, wanted: bool) -> None:
        """Let the pages know whether this node sends readers' findings."""
        with self._lock, self._database:
            self._database.execute("DELETE FROM readings_wanted")
            if wanted:
                self._database.execute("INSERT INTO readings_wanted VALUES (1)")

    def is_result(self, uid: str) -> bool:
        """Whether this node created the object with an instance UID."""
        return bool(self._rows("SELECT 1 FROM results WHERE uid = ?", uid))

    def complete_studies(self, seconds: float, max_images: int) -> list[QueuedImage]:
        """Unprocessed images of complete studies, the oldest study first.

        Args:
            seconds: a study is complete when it has received no image for so long.
            max_images: no study is added after this number of images; studies are never split.
        """
        studies = self._rows(
            "SELECT study FROM images WHERE state = ? GROUP BY study "
            "HAVING MAX(received) <= ? ORDER BY MIN(received) LIMIT ?",
            RECEIVED,
            time.time() - seconds,
            max_images,
        )
        images: list[QueuedImage] = []
        for (study,) in studies:
            if len(images) < max_images:
                images += self._images("state = ? AND study = ?", RECEIVED, study)
        return images

    def data(self, image: QueuedImage) -> bytes:
        """Content of the image's file; raises OSError if the file is gone."""
        return self._path(image).read_bytes()

    def add_results(self, image: QueuedImage, results: dict[str, tuple[str, bytes]]) -> None:
        """Store the results of an image for delivery.

        Args:
            results: instance UID and DICOM file by file name.
        """
        folder = self._result_folder(image)
        with self._lock:
            folder.mkdir(exist_ok=True)
            for name, (_, data) in results.items():
                with atomic.replacing(folder / name) as temporary:
                    temporary.write_bytes(data)
            with self._database:
                uids = [(uid, image.uid) for uid, _ in results.values()]
                self._database.executemany("INSERT OR REPLACE INTO results VALUES (?, ?)", uids)
                if self._update(image, state=PROCESSED, judged=time.time(), reason=""):
                    count_latency(self._database, RESULT, time.time() - image.received)

    def mark_failed(self, image: QueuedImage, reason: str) -> None:
        """Record why an image cannot be processed; its file is kept."""
        with self._lock, self._database:
            self._update(image, state=FAILED, reason=reason, ended=time.time())

    def set_aside(self, image: QueuedImage, state: str, finding: str, keep: bool) -> None:
        """Record that a rule keeps an image from being answered; delete its file unless `keep`.

        Args:
            state: `IGNORED` or `IN_SHADOW`.
            finding: what the model says of an image in shadow, which is counted.
        """
        with self._lock:
            with self._database:
                unchanged = self._update(image, state=state, reason=finding, judged=time.time())
            if unchanged and not keep:
                self._delete_files(image)

    def delete_failed(self, days: float) -> int:
        """Delete the files of images that failed, or whose results were given up, some days ago; how many.

        A reader's finding is kept: there may be no other copy of it.
        """
        with self._lock:
            before = time.time() - days * DAY_S
            condition = "state = ? AND sender != ? AND COALESCE(ended, received) <= ?"
            count = 0
            for state, deleted in ((FAILED, DELETED), (REFUSED, REFUSED_DELETED)):
                images = self._images(condition, state, PAGES, before)
                for image in images:
                    self._delete_files(image)
                    with self._database:
                        self._update(image, state=deleted)
                count += len(images)
        return count

    def due_for_delivery(self) -> list[QueuedImage]:
        """Images of one study whose results should be sent now; the study processed first comes first."""
        now = time.time()
        first = self._rows(
            "SELECT study FROM images WHERE state = ? AND due <= ? ORDER BY judged LIMIT 1", PROCESSED, now
        )
        if not first:
            return []
        condition = "state = ? AND study = ? AND (due <= ? OR sender != ?)"  # a reading may still be recalled
        return self._images(condition, PROCESSED, first[0][0], now, PAGES)

    def result_paths(self, image: QueuedImage) -> list[Path]:
        """Paths of an image's results."""
        return sorted(self._result_folder(image).glob("*.dcm"))

    def mark_delivered(self, image: QueuedImage, keep: bool) -> None:
        """Record that the results were delivered; delete image and results unless `keep`."""
        with self._lock:
            with self._database:
                unchanged = self._update(image, state=DELIVERED, reason="", delivered=time.time())
                if unchanged and image.sender != PAGES:
                    count_latency(self._database, DELIVERY, time.time() - image.received)
            if unchanged and not keep:
                self._delete_files(image)

    def postpone(self, images: list[QueuedImage], reason: str, seconds: float, refused: bool = False) -> None:
        """Record a failed delivery; the images are tried again together after some seconds.

        Args:
            refused: whether the receiver answered, and does not store an object of each image.
        """
        due = time.time() + seconds
        with self._lock, self._database:
            for image in images:
                refusals = image.refusals + refused
                self._update(image, reason=reason, tries=image.tries + 1, due=due, refusals=refusals)

    def give_up(self, image: QueuedImage, reason: str) -> None:
        """Record that the receiver does not store the results; they are kept."""
        with self._lock, self._database:
            self._update(image, state=REFUSED, reason=reason, ended=time.time())

    def _delete_files(self, image: QueuedImage) -> None:
        """Delete an image and its results, also those of an earlier time it was sent."""
        self._path(image).unlink(missing_ok=True)
        shutil.rmtree(self._result_folder(image), ignore_errors=True)

    def _update(self, image: QueuedImage, **changes: str | float) -> bool:
        """Change an image's row unless the image was sent again meanwhile; whether it was changed."""
        columns = ", ".join(f"{name} = ?" for name in changes)
        cursor = self._database.execute(
            f"UPDATE images SET {columns} WHERE uid = ? AND received = ?",
            (*changes.values(), image.uid, image.received),
        )
        return cursor.rowcount == 1

    def _images(self, condition: str, *values: str | float) -> list[QueuedImage]:
        columns = "uid, study, received, tries, refusals, sender"
        rows = self._rows(f"SELECT {columns} FROM images WHERE {condition} ORDER BY received", *values)
        return [QueuedImage(*row) for row in rows]

    def _rows(self, query: str, *values: str | float) -> list[tuple]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _path(self, image: QueuedImage) -> Path:
        return self.folder / "received" / f"{image.key}.dcm"

    def _result_folder(self, image: QueuedImage) -> Path:
        return self.folder / "results" / image.key


def node_folder() -> Path:
    """Default folder of the node's queue."""
    return config.home() / "node"
