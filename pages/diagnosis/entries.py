"""The images of a browser session with their readings; cleared when the session ends."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st

from core.errors import UserError, sentence_of
from core.images import Box, Image, ImageError, decode_safely, jpeg_data_url, network_pixels
from core.inference import AuditLog, AvailableModel, FirstReading, HumanReading, Reader, Reading
from core.metrics import ANSWERED, FAILED, WITHHELD, count_answer, count_images
from core.shadow import read_in_shadow
from pages.diagnosis.uploads import MESSAGES, NAMES, Upload, upload_of
from pages.shared.asking import ask_about
from pages.shared.kept_switch import is_on
from pages.shared.table_images import THUMBNAIL_SIDE

ENTRIES, DESK = "entries", "desk"  # keys of the session
FULL_READINGS, SHARPER_MAPS = "full-readings", "sharper-maps"
ANSWERING = "answering"  # identity of the model that the user takes to be the one that answers
READING, VIEWER = "reading", "viewer"  # the section that asks for the user's reading; the viewer of the image
OF_IMAGES = {ENTRIES, DESK, FULL_READINGS, SHARPER_MAPS, NAMES, MESSAGES, ANSWERING}
MAX_FULL_READINGS = 20  # of a session: each holds an image in full
OF_ONE_IMAGE = ("own-", "changed-", "first-", "finding-", "file-")  # how keys of its widgets and files begin


@dataclass(eq=False)
class Entry:
    """An uploaded image.

    Attributes:
        upload: its name and bytes.
        arrived: seconds since 1970.
        error: why it cannot be read; "" if it can.
        thumbnail: the image as a data URL; None before it is read.
        readings: by `result_key`; their images have the network's size.
        human_reading: of the last result shown; None before there is one.
        human_result: which result it concerns, as `result_key`; () before there is one.
        drafts: what the user is writing of a result, and whether that changed her finding, by `result_key`.
        first_reading: the user's before a result was shown; None if there is none.
        seen: whether a result has been shown.
        prior: the search for an earlier image in the PACS; None before it begins.
        box: that the user drew around a finding, in shares of the image; None without one.
    """

    upload: Upload
    arrived: float
    error: str = ""
    thumbnail: str | None = None
    readings: dict[tuple, Reading] = field(default_factory=dict)
    human_reading: HumanReading | None = None
    human_result: tuple = ()
    drafts: dict[tuple, tuple[str, bool]] = field(default_factory=dict)
    first_reading: FirstReading | None = None
    seen: bool = False
    prior: Future[Image | None] | None = None
    box: Box | None = None

    @property
    def hidden(self) -> bool:
        """Whether the user wants to read first, and has neither read this image nor seen a result."""
        return is_on("read-first") and not (self.first_reading or self.seen or self.error)

    @property
    def question(self) -> str:
        """What its buttons ask for: a reading before the result, or after it."""
        return f"{'first' if self.hidden else 'agreement'}-{self.upload.key}"

    def human_reading_of(self, result: tuple) -> HumanReading | None:
        """The user's reading of the result with a `result_key`; None if there is none or it is of another."""
        return self.human_reading if self.human_result == result else None

    def draw(self, box: Box | None) -> None:
        """Take the box that the user drew, or None once it is removed."""
        self.box = box

    def mark_seen(self, model: AvailableModel) -> None:
        """Note that the list of images shows the model's result, unless the user reads first."""
        self.seen |= not self.hidden and self.reading(model) is not None

    def forget_prior(self) -> None:
        """Let the PACS be asked again."""
        self.prior = None

    def reading(self, model: AvailableModel) -> Reading | None:
        """The model's reading; None if it has not read the image or cannot."""
        return self.readings.get(result_key(model))

    def cache(self, key: tuple, reading: Reading) -> None:
        """Store the reading with a `result_key` without the full image and the heat map."""
        small = replace(reading.image, pixels=network_pixels(reading.image))
        if self.thumbnail is None:
            self.thumbnail = jpeg_data_url(small.pixels, THUMBNAIL_SIDE)
        output = replace(reading.output, heat=None, lungs=None)
        self.readings[key] = replace(reading, image=small, output=output)


@dataclass(frozen=True, eq=False)
class Saved:
    """The last reading that was saved.

    Attributes:
        entry: the image.
        model: whose result it concerns.
        result: the same as `result_key`.
        before: the reading that it replaced.
        before_result: which result that concerned.
        following: the image that is shown instead; None if it is the same.
    """

    entry: Entry
    model: AvailableModel
    result: tuple
    before: HumanReading | None
    before_result: tuple
    following: Entry | None


@dataclass
class Desk:
    """What the user of a session is at: one object, so that a click changes all of it or nothing.

    Streamlit may end the action of a button wherever that asks for something of the session.

    Attributes:
        shown: key of the image that is shown in full; "" for the first one of the list.
        saved: what was saved last; None where nothing can be undone.
        sent: the findings that were handed to the DICOM node, by image and path of the model.
    """

    shown: str = ""
    saved: Saved | None = None
    sent: dict[tuple[str, Path], list] = field(default_factory=dict)

    def show(self, entry: Entry) -> None:
        """Choose the image that is shown in full."""
        self.shown = entry.upload.key


def desk() -> Desk:
    """That of this session."""
    return st.session_state.setdefault(DESK, Desk())


def entries() -> dict[str, Entry]:
    """All images of this session, by key, in order of arrival."""
    return st.session_state.setdefault(ENTRIES, {})


def add_images(uploads: list[Upload]) -> None:
    """Put uploaded images into the session; a single one is shown next. One that failed is tried again."""
    session = entries()
    for upload in uploads:
        session.setdefault(upload.key, Entry(upload, time.time())).error = ""
    desk().shown = uploads[0].key if len(uploads) == 1 else ""


def add_file(path: Path) -> None:
    """Put an image on this computer into the session; it is shown next."""
    add_images([upload_of(path)])


def remove(entry: Entry) -> None:
    """Take an image out of the session."""
    ask_about(READING, "")
    entries().pop(entry.upload.key, None)
    for key in (FULL_READINGS, SHARPER_MAPS):  # those of the others are made again
        st.session_state.pop(key, None)


def clear_session() -> None:
    """Take all images out of the session, with all that was kept of them."""
    for key in (ENTRIES, DESK, FULL_READINGS):  # what holds images goes first: the next click may end this
        st.session_state.pop(key, None)
    ask_about(READING, "")
    for key in list(st.session_state):
        if key in OF_IMAGES or str(key).startswith(OF_ONE_IMAGE):
            del st.session_state[key]


def session_thumbnails() -> dict[str, str]:
    """The images of this session as data URLs, by the SHA-256 of their files."""
    return {key: entry.thumbnail for key, entry in entries().items() if entry.thumbnail}


def audit_log() -> AuditLog | None:
    """The audit log, if the user wants one."""
    return AuditLog() if is_on("log") else None


def read_all(
    model: AvailableModel, is_active: bool, progress: Callable[[int, list[Entry]], None]
) -> list[Entry]:
    """The images of the session, read by the model.

    Args:
        is_active: whether the model is the active one; then shadow models read the images, too.
        progress: called after each batch with the number of images read and all entries.
    """
    shown = list(entries().values())
    unread = _unread(model)
    if len(unread) == 1:  # it is shown in full next, so the full reading is cached at once
        try:
            _store(unread[0], model, full_reading(unread[0], model), is_active)
        except ImageError as error:
            _fail(unread[0], error)
            desk().shown = ""
    elif unread:
        done = len(shown) - len(unread)
        for count in _read_many(unread, model, is_active):
            done += count
            progress(done, shown)
    return shown


def has_unread(model: AvailableModel) -> bool:
    """Whether the model has yet to read an image of the session."""
    return bool(_unread(model))


def _unread(model: AvailableModel) -> list[Entry]:
    return [entry for entry in entries().values() if not entry.error and not entry.reading(model)]


def full_reading(entry: Entry, model: AvailableModel) -> Reading:
    """The reading with the full image, its heat map, and the second opinion if there is one yet.

    Raises:
        ImageError: the image cannot be read.
    """
    return full_reader(model, result_key(model))(entry)


def full_reader(model: AvailableModel, key: tuple) -> Callable[[Entry], Reading]:
    """What makes full readings, also in a thread that makes a file: no session can be asked there.

    The session keeps the last ones, so that they are gone with it.

    Args:
        key: the `result_key` of the readings.
    """
    cached_reading = st.session_state.setdefault(FULL_READINGS, lru_cache(MAX_FULL_READINGS)(_full_reading))

    def read(entry: Entry) -> Reading:
        reading, cached = cached_reading(entry, *key, model.notices), entry.readings.get(key)
        return replace(reading, second_opinion=cached.second_opinion if cached else None)

    return read


def _full_reading(entry: Entry, path: str, _modified: int, anyway: bool, notices: tuple[str, ...]) -> Reading:
    loaders = [partial(decode_safely, entry.upload.data(), entry.upload.name)]
    ((reading,),) = Reader(Path(path), notices=notices).read_files(loaders, heat_map=True, anyway=anyway)
    if isinstance(reading, UserError):
        raise reading
    return reading


def _read_many(unread: list[Entry], model: AvailableModel, is_active: bool) -> Iterator[int]:
    """Read images in batches; yields the size of each batch."""
    # Bytes are fetched when they are decoded: all of them at once would not fit into memory.
    loaders = [lambda entry=entry: decode_safely(entry.upload.data(), entry.upload.name) for entry in unread]
    waiting = iter(unread)
    # With heat maps, whose warnings belong into the list: a quarter of the time.
    for batch in Reader.of(model).read_files(loaders, heat_map=True, anyway=is_on("anyway")):
        for reading, entry in zip(batch, waiting, strict=False):
            if isinstance(reading, UserError):
                _fail(entry, reading)
            else:
                _store(entry, model, reading, is_active)
        yield len(batch)


def _store(entry: Entry, model: AvailableModel, reading: Reading, is_active: bool) -> None:
    key, log, is_first = result_key(model), audit_log(), not entry.readings
    if log:
        log.add_result(reading, model.record, model.identity)  # first: no result is shown that is not logged
    entry.cache(key, reading)
    if is_first:
        count_images("pages", [WITHHELD if reading.withheld else ANSWERED])
        count_answer("pages", time.time() - entry.arrived)
    if is_active:
        read_in_shadow(model.identity, [reading])


def _fail(entry: Entry, error: UserError) -> None:
    count_images("pages", [FAILED])
    entry.error = sentence_of(error)


def result_key(model: AvailableModel) -> tuple[str, int, bool]:
    """What a reading depends on besides the image: the model's file, and whether results are withheld."""
    anyway = is_on("anyway")
    return str(model.path), model.path.stat().st_mtime_ns, anyway
