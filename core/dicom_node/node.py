"""The DICOM node: images come in from a PACS, results go back to it.

Activities run at the same time and share nothing but the queue on disk: receiving (`scp`), `processing`,
`delivery`, and the deletion of what failed long ago. However the process ends, the next start continues.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from core.dicom_node.activity import repeat
from core.dicom_node.queue import ImageQueue
from core.dicom_node.queue_files import node_folder
from core.dicom_node.rules import RulesFile, rules_path
from core.dicom_node.settings import NodeSettings
from core.dicom_node.unexpected_errors import DELETION
from core.errors import UserError

DELETION_INTERVAL_S = 60.0  # between two looks for images that failed long ago

log = logging.getLogger("pneumonia.node")


def run_node(
    settings: NodeSettings,
    stop: threading.Event,
    ready: Callable[[int], None],
    folder: Path | None = None,
) -> None:
    """Serve until `stop` is set.

    Args:
        ready: called with the port once the node listens.
        folder: of the queue; `node_folder()` if None.

    Raises:
        UserError: a rule is not valid, there is no model, another node uses the folder, or the node cannot
            listen.
    """
    # Imported here: pynetdicom and the engine take a second to import, and the status needs neither.
    from core.dicom_node.delivery import deliver_results
    from core.dicom_node.processing import current_model, process_studies
    from core.dicom_node.scp import StorageSCP
    from core.runs import lock

    folder = Path(folder or node_folder())
    rules = RulesFile(rules_path(folder))
    current_model()
    if lock.acquire(folder / ".node.lock") is None:
        raise UserError(f"Another node is running in {folder}. Stop it first.")
    queue = ImageQueue(folder)
    queue.want_readings(settings.readings)
    server = StorageSCP(settings.scp, queue)
    threads = [
        threading.Thread(target=process_studies, args=(settings, queue, rules, stop), name="processing")
    ]
    if settings.delete_failed:
        arguments = (settings.delete_failed, queue, stop)
        threads.append(threading.Thread(target=_delete_failed, args=arguments, name="deletion"))
    for receiver in settings.receivers:
        arguments = (receiver, settings, queue, stop)
        threads.append(threading.Thread(target=deliver_results, args=arguments, name=f"delivery {receiver}"))
    for thread in threads:
        thread.start()
    ready(server.port)
    while not stop.wait(1):  # with a timeout, so that signals delivered to other threads are handled
        pass
    server.close()
    for thread in threads:
        thread.join()
    queue.close()


def _delete_failed(days: float, queue: ImageQueue, stop: threading.Event) -> None:
    """Delete images that failed or were refused so many days ago, until `stop` is set."""

    def turn() -> bool:
        if count := queue.delete_failed(days):
            log.info("deleted %d images that failed or were refused long ago", count)
        return False

    repeat(DELETION, turn, queue, stop, DELETION_INTERVAL_S)
