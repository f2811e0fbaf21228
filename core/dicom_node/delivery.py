"""Delivery in the DICOM node: sends finished results to a receiver, again and again until it has them."""

import logging
import threading
from pathlib import Path

from core.dicom_node.activity import MAX_REFUSALS, count_unexpected, repeat, retry_pause
from core.dicom_node.outbox import Outbox
from core.dicom_node.queue import ImageQueue
from core.dicom_node.queued_images import QueuedImage
from core.dicom_node.remote import DeliveryError, Receiver, Refused, RemoteAE, RemoteWeb
from core.dicom_node.results import chosen, made_for
from core.dicom_node.settings import NodeSettings
from core.dicom_node.tables import PAGES
from core.dicom_node.unexpected_errors import DELIVERY, OUTSIDE, described

log = logging.getLogger("pneumonia.node")


def deliver_results(
    receiver: Receiver, settings: NodeSettings, queue: ImageQueue, stop: threading.Event
) -> None:
    """Send a receiver its results until `stop` is set; the pause after a failure doubles up to five minutes.

    A receiver that does not answer is tried without end; what it refuses, or what it answers with nonsense
    to, is given up at some time.
    """
    receivers = [str(each) for each in settings.receivers]
    outbox = Outbox(queue, str(receiver), receivers, settings.keep)

    def turn() -> bool:
        """Send the results of one study; whether there was one."""
        outbox.settle()
        images = outbox.due()
        if images:
            _deliver(images, receiver, settings, outbox, queue)
        return bool(images)

    repeat(DELIVERY, turn, queue, stop)


def _deliver(
    images: list[QueuedImage], receiver: Receiver, settings: NodeSettings, outbox: Outbox, queue: ImageQueue
) -> None:
    """Send the results of some images together; what of one of them nobody expected holds up no other."""
    results = {image: outbox.paths(image) for image in images}
    for image in [image for image in images if not _is_made(image, results[image], receiver)]:
        _make_results(image, outbox, queue)
        images.remove(image)
    if not images:
        return
    paths = [path for image in images for path in chosen(results[image], receiver.results)]
    try:
        _send(paths, receiver.remote, settings)
    except Refused as error:
        refused = [image for image in images if error.reasons.keys() & set(outbox.paths(image))]
        _mark_refused(refused, str(error), outbox)
        images = [image for image in images if image not in refused]
    except DeliveryError as error:
        _postpone(images, str(error), outbox)
        return
    except Exception as error:  # pynetdicom raises many types for a damaged file, or an answer that is none
        if len(images) > 1:
            for image in images:
                _deliver([image], receiver, settings, outbox, queue)
            return
        reason = f"Sending to {receiver} failed: {described(error)}"
        if isinstance(error, OUTSIDE):
            _postpone(images, reason, outbox)
            return
        count_unexpected(DELIVERY, queue)
        _mark_refused(images, reason, outbox)
        return
    for image in images:
        outbox.mark_delivered(image)
    if images:
        log.info("images %s: results delivered to %s", _names(images), receiver)


def _is_made(image: QueuedImage, results: list[Path], receiver: Receiver) -> bool:
    """Whether an image has all that a receiver gets; of a reader's finding, that is the finding."""
    if image.sender == PAGES:
        return bool(results)
    return made_for(results, image.kinds, receiver.results)


def _make_results(image: QueuedImage, outbox: Outbox, queue: ImageQueue) -> None:
    """Let an image be processed again of which a receiver lacks some: it had other kinds at that time."""
    if image.sender == PAGES:
        outbox.give_up(image, "A reader's finding is gone from the node's folder")
    else:
        queue.process_again(image)
        log.info(
            "image %s: processed again for a receiver some of whose results were not made", image.log_name
        )


def _mark_refused(images: list[QueuedImage], reason: str, outbox: Outbox) -> None:
    """Give up images that were refused often enough, and postpone the others."""
    given_up = [image for image in images if image.refusals + 1 >= MAX_REFUSALS]
    for image in given_up:
        outbox.give_up(image, reason)
        log.error("image %s: %s; given up after %d refusals", image.log_name, reason, MAX_REFUSALS)
    if later := [image for image in images if image not in given_up]:
        _postpone(later, reason, outbox, refused=True)


def _postpone(images: list[QueuedImage], reason: str, outbox: Outbox, refused: bool = False) -> None:
    seconds = retry_pause(min(image.tries for image in images))
    log.warning("images %s: %s; next attempt in %.0f s", _names(images), reason, seconds)
    outbox.postpone(images, reason, seconds, refused)


def _names(images: list[QueuedImage]) -> str:
    return ", ".join(image.log_name for image in images)


def _send(paths: list[Path], remote: RemoteAE | RemoteWeb, settings: NodeSettings) -> None:
    """Send files by the receiver's protocol, whose library is imported only then.

    Raises:
        Refused: the receiver does not store some of them.
        DeliveryError: the receiver did not store them all.
    """
    if isinstance(remote, RemoteWeb):
        from core.dicom_node import stow

        stow.store(paths, remote, settings.tls)
    else:
        from core.dicom_node import scu

        scu.send(paths, remote, settings.scp.aet, settings.tls)
