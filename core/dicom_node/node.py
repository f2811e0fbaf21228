"""The DICOM node: images come in from a PACS, results go back to it.

Three activities run at the same time and share nothing but the queue on disk: receiving (`scp`),
`processing` and `delivery`. However the process ends, the next start continues.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from core.dicom_node.queue import ImageQueue, node_folder
from core.dicom_node.rules import RulesFile, rules_path
from core.dicom_node.settings import NodeSettings
from core.errors import UserError


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
    if settings.remote:
        arguments = (settings.remote, settings, queue, stop)
        threads.append(threading.Thread(target=deliver_results, args=arguments, name="delivery"))
    for thread in threads:
        thread.start()
    ready(server.port)
    while not stop.wait(1):  # with a timeout, so that signals delivered to other threads are handled
        pass
    server.close()
    for thread in threads:
        thread.join()
    queue.close()
