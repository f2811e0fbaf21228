"""Processing in the DICOM node: results for the images of complete studies."""

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress

from core.dicom_node.activity import MAX_REFUSALS, count_unexpected, repeat, retry_pause
from core.dicom_node.queue import ImageQueue
from core.dicom_node.queued_images import QueuedImage
from core.dicom_node.results import result_files
from core.dicom_node.rules import IGNORE, JUDGE, SHADOW, NodeRules, RulesFile
from core.dicom_node.settings import NodeSettings
from core.dicom_node.tables import IGNORED, IN_SHADOW
from core.dicom_node.unexpected_errors import OUTSIDE, PROCESSING, described
from core.errors import UserError
from core.images import DecoderBusy, decode_safely
from core.inference import AuditLog, AvailableModel, Reader, Reading
from core.registry import active_model, missing_model
from core.reports import import_highdicom
from core.shadow import read_in_shadow

BATCH_SIZE = 16  # images processed together
MODEL_RETRY_S = 1.0  # before a model that could not be loaded is tried again

log = logging.getLogger("pneumonia.node")


def current_model() -> AvailableModel:
    """The model that the node uses.

    Raises:
        UserError: there is none.
    """
    active = active_model()
    if active is None:
        raise UserError(missing_model())
    return active.model


def process_studies(
    settings: NodeSettings, queue: ImageQueue, rules: RulesFile, stop: threading.Event
) -> None:
    """Process the images of complete studies until `stop` is set."""
    with suppress(Exception):  # reported with the first image
        _ = Reader.of(current_model()).reference
        import_highdicom()
    repeat(PROCESSING, lambda: _process_next(settings, queue, rules, stop), queue, stop)


def _process_next(settings: NodeSettings, queue: ImageQueue, rules: RulesFile, stop: threading.Event) -> bool:
    """Process the complete studies that are due; whether there were any."""
    images = queue.complete_studies(settings.study_timeout, BATCH_SIZE)
    if not images:
        return False
    try:
        model = current_model()
        reader = Reader.of(model)
        _ = reader.predictor
    except UserError as error:  # the model is gone or damaged: images stay in the queue
        log.error("%s", error)
        stop.wait(MODEL_RETRY_S)
        return True
    for batch in _batches(images):
        try:
            wanted = apply_rules(batch, queue, rules.current(), settings.keep)
            process(wanted, queue, model, reader, settings)
        except Exception as error:  # whatever one image does, the others get their results
            count_unexpected(PROCESSING, queue)
            retry_later(batch, error, queue)
    return True


def _batches(images: list[QueuedImage]) -> Iterator[list[QueuedImage]]:
    """Images to be processed together; one that was in a batch that failed comes alone."""
    new = [image for image in images if not image.tries]
    for start in range(0, len(new), BATCH_SIZE):
        yield new[start : start + BATCH_SIZE]
    for image in images:
        if image.tries:
            yield [image]


def retry_later(images: list[QueuedImage], error: Exception, queue: ImageQueue) -> None:
    """Postpone the images of a batch that have no result; give up one that has been tried often enough.

    What is no fault of the image, such as a full disk, is tried without end.
    """
    reason, unexpected = described(error), not isinstance(error, OUTSIDE)
    for image in images:
        if unexpected and image.refusals + 1 >= MAX_REFUSALS:
            queue.mark_failed(image, reason, image.refusals + 1)
            log.error("image %s: %s; given up after %d attempts", image.log_name, reason, MAX_REFUSALS)
            continue
        seconds = retry_pause(image.tries)
        if queue.postpone(image, reason, seconds, unexpected):
            log.warning("image %s: %s; next attempt in %.0f s", image.log_name, reason, seconds)


def apply_rules(
    images: list[QueuedImage], queue: ImageQueue, rules: NodeRules, keep: bool
) -> dict[QueuedImage, str]:
    """The images to process, with the action of the rules for each; ignored ones leave the queue."""
    if not rules.rules:  # no file is read once more
        return dict.fromkeys(images, JUDGE)
    actions = {}
    for image in images:
        try:
            action, number = rules.decision(queue.data(image))
        except FileNotFoundError as error:
            log.warning("image %s: cannot be read: %s", image.log_name, error)
            queue.mark_failed(image, str(error))
            continue
        if action == IGNORE:
            log.info("image %s: ignored by rule %s", image.log_name, number)
            queue.set_aside(image, IGNORED, "", keep)
        else:
            actions[image] = action
    return actions


def process(
    images: dict[QueuedImage, str],
    queue: ImageQueue,
    model: AvailableModel,
    reader: Reader,
    settings: NodeSettings,
) -> None:
    """Add results to the queue, or the reason why an image has none; shadow models read what was read.

    Args:
        images: with the action of the rules for each: results of those in shadow are not sent.
    """
    decoded = {}
    for image in images:
        try:
            decoded[image] = decode_safely(queue.data(image), "The image")
        except DecoderBusy as error:
            retry_later([image], error, queue)
        except (UserError, FileNotFoundError) as error:
            log.warning("image %s: cannot be read: %s", image.log_name, error)
            queue.mark_failed(image, str(error))
    done: list[Reading] = []
    try:
        for image, reading in zip(decoded, reader.read(decoded.values(), heat_map=True), strict=True):
            _answer(image, images[image], reading, queue, model, settings)
            done.append(reading)
    finally:  # the images after an error are read once more
        if settings.in_shadow:
            read_in_shadow(reader.identity, done)


def _answer(
    image: QueuedImage,
    action: str,
    reading: Reading,
    queue: ImageQueue,
    model: AvailableModel,
    settings: NodeSettings,
) -> None:
    """Add what the model says of an image to the queue."""
    if action == SHADOW:
        log.info("image %s: in shadow, %s", image.log_name, reading.finding)
        queue.set_aside(image, IN_SHADOW, reading.finding, settings.keep)
        return
    try:
        objects = result_files(queue.data(image), reading, model, settings.choices())
    except UserError as error:
        log.warning("image %s: creating results failed: %s", image.log_name, error)
        queue.mark_failed(image, str(error)[:400])
        return
    queue.add_results(image, objects, {kind for kinds in settings.choices() for kind in kinds})
    log.info("image %s: %s", image.log_name, reading.finding)
    if settings.log_results:
        _record(reading, model)


def _record(reading: Reading, model: AvailableModel) -> None:
    """Record a result in the audit log; without it, the node goes on."""
    try:
        AuditLog().add_result(reading, model.record, model.identity)
    except UserError as error:
        log.error("%s", error)
