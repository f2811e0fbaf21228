"""What a DICOM node has received and what became of it: files in a folder, their states in SQLite.

received/  a film a file, under a digest of its instance UID: what strangers send is never a file name
results/   what is to be returned, a folder a film
node.sqlite

A film is on disk, and so is its row, before `store` returns: whatever ends the process then, the film is
judged later. All else may be done twice with the same outcome, so nothing else needs to be that careful.
"""

import hashlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from core import atomic, config
from core.diagnosis.database import connected
from core.errors import UserError

TABLES = """
CREATE TABLE IF NOT EXISTS films (
    uid TEXT PRIMARY KEY, study TEXT NOT NULL, sender TEXT NOT NULL, received REAL NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0, judged REAL, delivered REAL
);
CREATE INDEX IF NOT EXISTS by_state ON films (state, study);
CREATE TABLE IF NOT EXISTS results (uid TEXT PRIMARY KEY, film TEXT NOT NULL);
"""


@dataclass(frozen=True)
class ReceivedFilm:
    """A film that the node keeps.

    Attributes:
        uid, study: its instance and its study, as its sender names them.
        received: when, seconds since 1970; told apart by it when it is sent again.
        tries: how often its results could not be returned.
    """

    uid: str
    study: str
    received: float
    tries: int = 0

    @property
    def key(self) -> str:
        """What its files are called."""
        return hashlib.sha256(self.uid.encode()).hexdigest()


@dataclass(frozen=True)
class NodeStatus:
    """What a node has done.

    Attributes:
        received: films in all.
        judged: of which there are results.
        delivered: whose results the archive has accepted.
        waiting: that are to be judged, or whose results are to be returned.
        failed: that cannot be judged.
        reasons: why, and how many each.
        trouble: why results could not be returned when that was tried last; "" where it could.
    """

    received: int = 0
    judged: int = 0
    delivered: int = 0
    waiting: int = 0
    failed: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    trouble: str = ""


class FilmQueue:
    """The films of one node; may be shared between threads, not between processes.

    Args:
        folder: where they are kept; the usual place if not given.

    Raises:
        UserError: the folder cannot be used.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = Path(folder or node_folder())
        self._changing = threading.RLock()
        try:
            for place in ("received", "results"):
                (self.folder / place).mkdir(parents=True, exist_ok=True)
            self._database = connected(self.folder / "node.sqlite", TABLES, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"The node's folder {self.folder} cannot be used: {error}.") from error
        atomic.clear_unfinished(self.folder)

    def close(self) -> None:
        """Let go of the database."""
        with self._changing:
            self._database.close()

    def store(self, uid: str, study: str, sender: str, parts: Iterable[bytes | memoryview]) -> None:
        """Keep a film; on disk when it returns. One that was sent before takes its place and is judged again.

        Args:
            uid, study: its instance and study UID.
            sender: AE title.
            parts: of the DICOM file, in order.

        Raises:
            UserError, OSError, sqlite3.Error: it could not be kept.
        """
        film = ReceivedFilm(uid, study, time.time())
        with self._changing:
            with atomic.replacing(self._path(film)) as temporary, open(temporary, "wb") as file:
                for part in parts:
                    file.write(part)
            with self._database:
                self._database.execute(
                    "INSERT OR REPLACE INTO films (uid, study, sender, received, state) "
                    "VALUES (?, ?, ?, ?, 'received')",
                    (film.uid, film.study, sender, film.received),
                )

    def is_result(self, uid: str) -> bool:
        """Whether an object is one that this node made."""
        return bool(self._rows("SELECT 1 FROM results WHERE uid = ?", uid))

    def quiet(self, seconds: float, most: int) -> list[ReceivedFilm]:
        """Films to be judged, of studies that got none for some seconds: whole studies, the oldest first.

        Args:
            seconds: of quiet.
            most: after how many films no further study is added.
        """
        studies = self._rows(
            "SELECT study FROM films WHERE state = 'received' GROUP BY study "
            "HAVING MAX(received) <= ? ORDER BY MIN(received) LIMIT ?",
            time.time() - seconds,
            most,
        )
        found = []
        for (study,) in studies:
            if len(found) < most:
                found += self._films("state = 'received' AND study = ?", study)
        return found

    def data(self, film: ReceivedFilm) -> bytes:
        """The film's file; raises OSError where it is gone."""
        return self._path(film).read_bytes()

    def judged(self, film: ReceivedFilm, results: dict[str, tuple[str, bytes]]) -> None:
        """Keep what is to be returned for a film.

        Args:
            results: instance UID and DICOM file by file name.
        """
        place = self._place(film)
        with self._changing:
            place.mkdir(exist_ok=True)
            for name, (_, data) in results.items():
                with atomic.replacing(place / name) as temporary:
                    temporary.write_bytes(data)
            with self._database:
                uids = [(uid, film.uid) for uid, _ in results.values()]
                self._database.executemany("INSERT OR REPLACE INTO results VALUES (?, ?)", uids)
                self._change(film, state="judged", judged=time.time(), reason="")

    def failed(self, film: ReceivedFilm, reason: str) -> None:
        """Write down why a film cannot be judged; its file stays for who wants to know."""
        with self._changing, self._database:
            self._change(film, state="failed", reason=reason)

    def due(self) -> list[ReceivedFilm]:
        """The films of one study whose results are to be returned now; the longest judged first."""
        first = self._rows(
            "SELECT study FROM films WHERE state = 'judged' AND due <= ? ORDER BY judged LIMIT 1", time.time()
        )
        return self._films("state = 'judged' AND study = ?", first[0][0]) if first else []

    def results(self, film: ReceivedFilm) -> list[Path]:
        """The DICOM files that are to be returned for a film."""
        return sorted(self._place(film).glob("*.dcm"))

    def delivered(self, film: ReceivedFilm, keep: bool) -> None:
        """The archive has a film's results: the film and they are deleted, unless they are to be kept."""
        with self._changing:
            with self._database:
                same = self._change(film, state="delivered", reason="", delivered=time.time())
            if same and not keep:
                self._path(film).unlink(missing_ok=True)
                shutil.rmtree(self._place(film), ignore_errors=True)

    def postponed(self, film: ReceivedFilm, reason: str, seconds: float) -> None:
        """A film's results could not be returned; they are due again after some seconds."""
        with self._changing, self._database:
            self._change(film, reason=reason, tries=film.tries + 1, due=time.time() + seconds)

    def _change(self, film: ReceivedFilm, **changes) -> bool:
        """Change a film's row, unless the film was sent anew meanwhile; whether it was the same."""
        names = ", ".join(f"{name} = ?" for name in changes)
        done = self._database.execute(
            f"UPDATE films SET {names} WHERE uid = ? AND received = ?",
            (*changes.values(), film.uid, film.received),
        )
        return done.rowcount == 1

    def _films(self, condition: str, *values) -> list[ReceivedFilm]:
        rows = self._rows(
            f"SELECT uid, study, received, tries FROM films WHERE {condition} ORDER BY received", *values
        )
        return [ReceivedFilm(*row) for row in rows]

    def _rows(self, question: str, *values) -> list[tuple]:
        with self._changing:
            return self._database.execute(question, values).fetchall()

    def _path(self, film: ReceivedFilm) -> Path:
        return self.folder / "received" / f"{film.key}.dcm"

    def _place(self, film: ReceivedFilm) -> Path:
        return self.folder / "results" / film.key


def node_folder() -> Path:
    """Where the node keeps what it received."""
    return config.home() / "node"


def node_status(folder: Path | None = None) -> NodeStatus | None:
    """What the node has done so far; None where none was ever started.

    Raises:
        UserError: its database cannot be read.
    """
    path = Path(folder or node_folder()) / "node.sqlite"
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            counts = dict(database.execute("SELECT state, COUNT(*) FROM films GROUP BY state"))
            reasons = dict(
                database.execute(
                    "SELECT reason, COUNT(*) FROM films WHERE state = 'failed' GROUP BY reason "
                    "ORDER BY COUNT(*) DESC LIMIT 20"
                )
            )
            trouble = database.execute(
                "SELECT reason FROM films WHERE state = 'judged' AND reason != '' ORDER BY due DESC LIMIT 1"
            ).fetchone()
    except sqlite3.Error as error:
        raise UserError(f"The node's database {path} cannot be read: {error}.") from error
    judged, delivered = counts.get("judged", 0), counts.get("delivered", 0)
    return NodeStatus(
        received=sum(counts.values()),
        judged=judged + delivered,
        delivered=delivered,
        waiting=counts.get("received", 0) + judged,
        failed=counts.get("failed", 0),
        reasons=reasons,
        trouble=trouble[0] if trouble else "",
    )
