"""A DICOM node: films come in from the archive, findings go back to it.

Three things go on at once, and only the queue on disk connects them: films are taken (`node_server`),
judged here, and their results returned (`node_delivery`). Whatever ends the process, the next one goes on.
"""

import io
import logging
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pydicom

from core.diagnosis.dicom_objects import dicom_objects, load_makers
from core.diagnosis.models import AvailableModel, available_models
from core.diagnosis.node_delivery import Archive, DeliveryError, deliver
from core.diagnosis.node_queue import FilmQueue, ReceivedFilm
from core.diagnosis.node_server import Listening, NodeServer
from core.diagnosis.predictor import Predictor, shared_predictor
from core.diagnosis.reading import Reading, read_films
from core.diagnosis.reference import reference_of
from core.errors import UserError
from core.images import decode_safely
from core.runs import lock

MOST = 16  # films that are judged together
LOOK_S = 0.1  # between two looks at the queue
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0  # before results are sent again

log = logging.getLogger("pneumonia.node")


@dataclass(frozen=True)
class NodeSettings:
    """How a node works.

    Attributes:
        listening: where and to whom.
        archive: where results go; None keeps them until a later start names one.
        tls: what wraps connections to the archive; None for none.
        quiet: seconds without a further film after which a study is answered.
        keep: whether films and results stay on disk after they were delivered.
    """

    listening: Listening
    archive: Archive | None = None
    tls: ssl.SSLContext | None = None
    quiet: float = 2.0
    keep: bool = False


def run_node(
    settings: NodeSettings,
    stop: threading.Event,
    ready: Callable[[int], None],
    folder: Path | None = None,
) -> None:
    """Serve until `stop` is set.

    Args:
        ready: called with the port once the node listens.
        folder: where films are kept; the usual place if not given.

    Raises:
        UserError: there is no model, another node uses the folder, or the port is taken.
    """
    _model()
    queue = FilmQueue(folder)
    turn = lock.acquire(queue.folder / ".node.lock")
    if turn is None:
        raise UserError(f"Another node is at work in {queue.folder}. Stop it first.")
    server = NodeServer(settings.listening, queue)
    work = [threading.Thread(target=_judging, args=(settings, queue, stop), name="judging")]
    if settings.archive:
        work.append(threading.Thread(target=_returning, args=(settings, queue, stop), name="returning"))
    for thread in work:
        thread.start()
    ready(server.port)
    while not stop.wait(1):  # without an end to the wait, a signal that another thread takes goes unheard
        pass
    server.close()
    for thread in work:
        thread.join()
    queue.close()


def _model() -> AvailableModel:
    models = available_models()
    if not models:
        raise UserError("There is no trained model to judge films with. Train one first.")
    return models[-1]


def _judging(settings: NodeSettings, queue: FilmQueue, stop: threading.Event) -> None:
    """Judge the films of quiet studies until told to stop."""
    with suppress(UserError):  # said when a film comes
        reference_of(shared_predictor(_model().path).record)
    load_makers()
    while not stop.is_set():
        films = queue.quiet(settings.quiet, MOST)
        if not films:
            stop.wait(LOOK_S)
            continue
        try:
            model = _model()
            predictor = shared_predictor(model.path)
        except UserError as error:  # gone or damaged meanwhile: films wait
            log.error("%s", error)
            stop.wait(FIRST_WAIT_S)
            continue
        for start in range(0, len(films), MOST):
            judge(films[start : start + MOST], queue, model, predictor)


def judge(films: list[ReceivedFilm], queue: FilmQueue, model: AvailableModel, predictor: Predictor) -> None:
    """Results for films, or why there can be none."""
    read = {}
    for film in films:
        try:
            read[film] = decode_safely(queue.data(film), "The film")
        except (UserError, OSError) as error:
            log.warning("film %s cannot be judged: %s", film.key[:12], error)
            queue.failed(film, str(error))
    readings = read_films(read.values(), predictor, reference_of(predictor.record), heat=True)
    for film, reading in zip(read, readings, strict=True):
        try:
            queue.judged(film, results(queue.data(film), reading, model))
            log.info("film %s: %s", film.key[:12], reading.finding)
        except Exception as error:  # highdicom raises what it likes about values it does not like
            log.warning("no result can be made for film %s: %s", film.key[:12], error)
            queue.failed(film, f"No DICOM result can be made of it: {str(error)[:200]}")


def results(data: bytes, reading: Reading, model: AvailableModel) -> dict[str, tuple[str, bytes]]:
    """Instance UID and DICOM file by name: the finding, and the overlay where the answer is not withheld."""
    kinds = ("finding",) if reading.withheld else ("finding", "overlay")
    made = dicom_objects(data, reading, model, kinds)
    return {name: (_instance(file), file) for name, file in made.items()}


def _instance(file: bytes) -> str:
    return str(pydicom.dcmread(io.BytesIO(file), specific_tags=["SOPInstanceUID"]).SOPInstanceUID)


def _returning(settings: NodeSettings, queue: FilmQueue, stop: threading.Event) -> None:
    """Return results until told to stop."""
    while not stop.is_set():
        films = queue.due()
        if not films:
            stop.wait(LOOK_S)
            continue
        files = [path for film in films for path in queue.results(film)]
        try:
            deliver(files, settings.archive, settings.listening.aet, settings.tls)
        except DeliveryError as error:
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(film.tries for film in films))
            log.warning("%s; again in %.0f s", error, wait)
            for film in films:
                queue.postponed(film, str(error), wait)
            continue
        for film in films:
            queue.delivered(film, settings.keep)
        log.info("returned the results of %d films", len(films))
