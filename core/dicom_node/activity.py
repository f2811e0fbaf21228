"""An activity of the DICOM node: turn after turn until the node stops; an unexpected error ends none."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress

from core.dicom_node.queue import ImageQueue
from core.dicom_node.unexpected_errors import described

POLL_INTERVAL_S = 0.1  # between two looks at the queue
FIRST_RETRY_S, MAX_RETRY_S = 1.0, 300.0  # before what failed is tried again
MAX_DOUBLINGS = 20  # of the first; an outage of days would exceed what a float holds
MAX_REFUSALS = 20  # of an object, or unexpected errors with an image, over an hour; then it is given up

log = logging.getLogger("pneumonia.node")


def retry_pause(tries: int) -> float:
    """Seconds before what failed is tried again: they double up to five minutes.

    >>> [retry_pause(tries) for tries in (0, 1, 2, 5000)]
    [1.0, 2.0, 4.0, 300.0]
    """
    return min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** min(tries, MAX_DOUBLINGS))


def repeat(
    activity: str,
    turn: Callable[[], bool],
    queue: ImageQueue,
    stop: threading.Event,
    interval: float = POLL_INTERVAL_S,
) -> None:
    """Take turns until `stop` is set; what waits in the queue while a turn fails is taken up by a later one.

    Args:
        activity: its name, under which errors are counted.
        turn: does what is due; returns whether there was something.
        interval: seconds after a turn without anything to do.
    """
    failures = 0
    while not stop.is_set():
        try:
            busy, failures = turn(), 0
        except Exception as error:  # nothing may end an activity of the node
            pause = retry_pause(failures)
            log.error("%s: %s; next attempt in %.0f s", activity, described(error), pause)
            count_unexpected(activity, queue)
            failures += 1
            stop.wait(pause)
            continue
        if not busy:
            stop.wait(interval)


def count_unexpected(activity: str, queue: ImageQueue) -> None:
    """Count an unexpected error; where the database is the reason, only the log has it."""
    with suppress(sqlite3.Error):
        queue.count_error(activity)
