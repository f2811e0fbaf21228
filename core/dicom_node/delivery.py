"""Delivery in the DICOM node: sends finished results to their receiver, again and again until it has them."""

import logging
import threading
from pathlib import Path

from core.dicom_node.queue import ImageQueue
from core.dicom_node.remote import DeliveryError, RemoteAE, RemoteWeb
from core.dicom_node.settings import NodeSettings

POLL_INTERVAL_S = 0.1  # between two queries of the queue
FIRST_RETRY_S, MAX_RETRY_S = 1.0, 300.0  # before results are sent again

log = logging.getLogger("pneumonia.node")


def deliver_results(
    remote: RemoteAE | RemoteWeb, settings: NodeSettings, queue: ImageQueue, stop: threading.Event
) -> None:
    """Send results until `stop` is set; the pause after a failure doubles up to five minutes."""
    while not stop.is_set():
        images = queue.due_for_delivery()
        if not images:
            stop.wait(POLL_INTERVAL_S)
            continue
        names = ", ".join(image.log_name for image in images)
        paths = [path for image in images for path in queue.result_paths(image)]
        try:
            _send(paths, remote, settings)
        except DeliveryError as error:
            seconds = min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** min(image.tries for image in images))
            log.warning("images %s: %s; next attempt in %.0f s", names, error, seconds)
            queue.postpone(images, str(error), seconds)
            continue
        for image in images:
            queue.mark_delivered(image, settings.keep)
        log.info("images %s: results delivered to %s", names, remote)


def _send(paths: list[Path], remote: RemoteAE | RemoteWeb, settings: NodeSettings) -> None:
    """Send files by the receiver's protocol, whose library is imported only then.

    Raises:
        DeliveryError: the receiver did not store them all.
    """
    if isinstance(remote, RemoteWeb):
        from core.dicom_node import stow

        stow.store(paths, remote, settings.tls)
    else:
        from core.dicom_node import scu

        scu.send(paths, remote, settings.scp.aet, settings.tls)
