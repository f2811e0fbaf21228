"""The films of a browser session and what was said of each; gone when the session ends."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import streamlit as st

from core.diagnosis import (
    AuditLog,
    AvailableModel,
    Note,
    Reading,
    read_films,
    reference_of,
    shared_predictor,
)
from core.errors import UserError
from core.images import Radiograph, data_address, decode_safely, decoded_ahead
from pages.diagnosing.intake import Dropped

BATCH = 32
THUMBNAIL = 64  # pixels a side


@dataclass(eq=False)
class Entry:
    """A dropped film.

    Attributes:
        file: where its bytes are.
        arrived: seconds since 1970.
        error: why it cannot be read; "" where it can.
        thumbnail: the film as a data address; None before it is read.
        readings: by model; their films are as small as the network sees them.
        note: what the reader thinks of the last answer she saw.
    """

    file: Dropped
    arrived: float
    error: str = ""
    thumbnail: str | None = None
    readings: dict[tuple, Reading] = field(default_factory=dict)
    note: Note | None = None

    def reading(self, model: AvailableModel) -> Reading | None:
        """What a model says; None where it has not been asked, or the film cannot be read."""
        return self.readings.get(_asked(model))

    def keep(self, model: AvailableModel, reading: Reading) -> None:
        """Keep what a model says, without the film's many pixels and the model's map."""
        if self.thumbnail is None:
            self.thumbnail = data_address(reading.look.pixels, THUMBNAIL)
        small = replace(reading.film, pixels=reading.look.pixels)
        self.readings[_asked(model)] = replace(reading, film=small, look=replace(reading.look, heat=None))


def entries() -> dict[str, Entry]:
    """All films of this session, by key, in the order of their arrival."""
    return st.session_state.setdefault("entries", {})


def audit_log() -> AuditLog | None:
    """The log, where the reader wants one."""
    return AuditLog() if st.session_state.get("log") else None


def read_all(
    files: list[Dropped], model: AvailableModel, progress: Callable[[int, list[Entry]], None]
) -> list[Entry]:
    """An entry for each file, read by the model if it was not yet.

    Args:
        progress: called with (films done, all entries) as batches of them are.
    """
    known = entries()
    for file in files:
        known.setdefault(file.key, Entry(file, time.time()))
    chosen = [known[file.key] for file in files]
    unread = [entry for entry in chosen if not entry.error and not entry.reading(model)]
    if len(unread) == 1:
        _read_one(unread[0], model)
    elif unread:
        done = len(chosen) - len(unread)
        for count in _read_many(unread, model):
            done += count
            progress(done, chosen)
    return chosen


def full_reading(entry: Entry, model: AvailableModel) -> Reading:
    """The reading with the film in full and where the model looked, and what was said since.

    Raises:
        ImageError: the film cannot be read.
    """
    path, modified, anyway = _asked(model)
    found = _full(entry.file.data(), entry.file.name, path, modified, anyway)
    kept = entry.reading(model)
    return replace(found, opinion=kept.opinion if kept else None)


@st.cache_data(max_entries=20, show_spinner=False)
def _full(data: bytes, name: str, path: str, _modified: int, anyway: bool) -> Reading:
    predictor = shared_predictor(Path(path))
    film = decode_safely(data, name)
    return read_films([film], predictor, reference_of(predictor.record), heat=True, anyway=anyway)[0]


def _read_one(entry: Entry, model: AvailableModel) -> None:
    try:
        _keep(entry, model, full_reading(entry, model))
    except UserError as error:
        entry.error = str(error)


def _read_many(unread: list[Entry], model: AvailableModel) -> Iterator[int]:
    """Read films in batches; the next ones are decoded while the model looks at some. Yields how many."""
    predictor = shared_predictor(model.path)
    reference = reference_of(model.record)
    anyway = _asked(model)[-1]
    parts = [unread[start : start + BATCH] for start in range(0, len(unread), BATCH)]
    reads = [partial(_decoded, entry) for entry in unread]
    for part, found in zip(parts, decoded_ahead(reads, BATCH), strict=True):
        films: list[tuple[Entry, Radiograph]] = []
        for entry, film in zip(part, found, strict=True):
            if isinstance(film, UserError):
                entry.error = str(film)
            else:
                films.append((entry, film))
        readings = read_films([film for _, film in films], predictor, reference, anyway=anyway)
        for (entry, _), reading in zip(films, readings, strict=True):
            _keep(entry, model, reading)
        yield len(part)


def _decoded(entry: Entry) -> Radiograph:
    return decode_safely(entry.file.data(), entry.file.name)


def _keep(entry: Entry, model: AvailableModel, reading: Reading) -> None:
    entry.keep(model, reading)
    if log := audit_log():
        log.add_answer(reading, model.record)


def _asked(model: AvailableModel) -> tuple[str, int, bool]:
    """What an answer depends on besides the film."""
    anyway = bool(st.session_state.get("anyway"))
    return str(model.path), model.path.stat().st_mtime_ns, anyway
