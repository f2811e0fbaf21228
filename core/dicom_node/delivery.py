"""Delivery in the DICOM node: sends finished results to their receiver, again and again until it has them."""

import logging
import threading
from pathlib import Path

from core.dicom_node.queue import ImageQueue, QueuedImage
from core.dicom_node.remote import DeliveryError, Refused, RemoteAE, RemoteWeb
from core.dicom_node.settings import NodeSettings

POLL_INTERVAL_S = 0.1  # between two queries of the queue
FIRST_RETRY_S, MAX_RETRY_S = 1.0, 300.0  # before results are sent again
MAX_DOUBLINGS = 20  # of the first; an outage of days would exceed what a float holds
MAX_REFUSALS = 20  # of an object, over an hour; then it is given up

log = logging.getLogger("pneumonia.node")


def deliver_results(
    remote: RemoteAE | RemoteWeb, settings: NodeSettings, queue: ImageQueue, stop: threading.Event
) -> None:
    """Send results until `stop` is set; the pause after a failure doubles up to five minutes.

    A receiver that does not answer is tried without end; what it refuses is given up at some time.
    """
    while not stop.is_set():
        images = queue.due_for_delivery()
        if not images:
            stop.wait(POLL_INTERVAL_S)
            continue
        paths = [path for image in images for path in queue.result_paths(image)]
        try:
            _send(paths, remote, settings)
        except Refused as error:
            refused = [image for image in images if error.reasons.keys() & set(queue.result_paths(image))]
            _mark_refused(refused, error, queue)
            images = [image for image in images if image not in refused]
        except DeliveryError as error:
            seconds = _pause(images)
            log.warning("images %s: %s; next attempt in %.0f s", _names(images), error, seconds)
            queue.postpone(images, str(error), seconds)
            continue
        for image in images:
            queue.mark_delivered(image, settings.keep)
        if images:
            log.info("images %s: results delivered to %s", _names(images), remote)


def _mark_refused(images: list[QueuedImage], error: Refused, queue: ImageQueue) -> None:
    """Give up images that were refused often enough, and postpone the others."""
    given_up = [image for image in images if image.refusals + 1 >= MAX_REFUSALS]
    for image in given_up:
        queue.give_up(image, str(error))
        log.error("image %s: %s; given up after %d refusals", image.log_name, error, MAX_REFUSALS)
    if later := [image for image in images if image not in given_up]:
        seconds = _pause(later)
        log.warning("images %s: %s; next attempt in %.0f s", _names(later), error, seconds)
        queue.postpone(later, str(error), seconds, refused=True)


def _pause(images: list[QueuedImage]) -> float:
    """Seconds before images are sent again."""
    tries = min(image.tries for image in images)
    return min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** min(tries, MAX_DOUBLINGS))


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
