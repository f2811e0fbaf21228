"""The queue between the models that answer and their shadows: bounded, and emptied in the background."""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, lru_cache

from core import config
from core.config import LUNGS
from core.errors import UserError
from core.inference import ModelIdentity, Reading
from core.registry import Shadow, shadows
from core.shadow.process import ShadowProcess, count_missed
from core.shadow.task import ShadowTask, shadow_task

MAX_WAITING_BYTES = 64 * 2**20  # 4,096 images at the network's resolution
IDLE_S = 300.0  # until the process that holds the shadow models is ended
FULL = "Passed over: too many images were waiting."
ENDED = "Passed over: the program ended before they were read."

log = logging.getLogger("pneumonia.shadow")


class ShadowQueue:
    """Images that wait for the shadow models; a thread hands them on, one at a time.

    Args:
        max_bytes: of the pixels that wait; further images are passed over and counted.
    """

    def __init__(self, max_bytes: int = MAX_WAITING_BYTES) -> None:
        self._max_bytes = max_bytes
        self._waiting: deque[ShadowTask] = deque()
        self._bytes = 0
        self._passed_over = 0
        self._busy = False
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()

    def offer(self, tasks: Sequence[ShadowTask]) -> None:
        """Add images as far as there is room; returns at once."""
        with self._changed:
            for task in tasks:
                if self._bytes + task.pixels.nbytes > self._max_bytes:
                    self._passed_over += 1
                else:
                    self._waiting.append(task)
                    self._bytes += task.pixels.nbytes
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="shadow", daemon=True)
                thread.start()
                self._thread = thread
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every image has been read; whether that came true within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout)

    def abandon(self) -> None:
        """Count what still waits, and what found no room, as passed over, because the program ends."""
        with self._changed:
            counts = {FULL: self._passed_over, ENDED: len(self._waiting)}
            self._waiting.clear()
            self._passed_over = self._bytes = 0
        for reason, count in counts.items():
            if count:
                count_missed(reason, count)

    def _is_idle(self) -> bool:
        return not (self._waiting or self._passed_over or self._busy)

    def _work(self) -> None:
        """Hand images on until none has come for a while."""
        with ShadowProcess() as process:
            while self._wait_for_images():
                try:
                    self._hand_on(process)
                except Exception as error:  # whatever is wrong with one image: the next ones are read
                    log.warning("shadow models: %s: %s", type(error).__name__, error)
                finally:
                    with self._changed:
                        self._busy = False
                        self._changed.notify_all()

    def _wait_for_images(self) -> bool:
        """Whether some have come; if not, the thread is about to end, and `offer` starts another."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting or self._passed_over, IDLE_S):
                self._thread = None
                return False
            self._busy = True
            return True

    def _hand_on(self, process: ShadowProcess) -> None:
        """Let the shadows read the next image, and count those that found no room before it."""
        with self._changed:
            passed_over, self._passed_over = self._passed_over, 0
            task = self._waiting.popleft() if self._waiting else None
            self._bytes -= task.pixels.nbytes if task else 0
        if passed_over:
            count_missed(FULL, passed_over)
        if task:
            process.read(task)


def read_in_shadow(identity: ModelIdentity, readings: Sequence[Reading]) -> None:
    """Let the shadow models read, later, what the active model has answered. Never raises, never waits.

    Args:
        identity: of the active model.
        readings: its readings; withheld ones are no answers, and are left out.
    """
    try:
        if models := shadows():
            full = needs_full_images(models)
            tasks = [shadow_task(identity, reading, full) for reading in readings if not reading.withheld]
            _queue(str(config.home())).offer(tasks)
    except Exception as error:  # an answer must not fail because of a shadow
        log.warning("shadow models: %s: %s", type(error).__name__, error)


def needs_full_images(models: Sequence[Shadow]) -> bool:
    """Whether a shadow frames images by their lungs, which it finds at an image's own resolution."""
    full = False
    for shadow in models:
        with suppress(UserError):  # one that cannot read needs nothing
            full = full or _framed_by_lungs(shadow)
    return full


@lru_cache(maxsize=64)
def _framed_by_lungs(shadow: Shadow) -> bool:
    """Raises UserError if the shadow cannot read."""
    return shadow.model().model.record.framing == LUNGS


@cache
def _queue(_home: str) -> ShadowQueue:
    """The queue of this process for a home."""
    queue = ShadowQueue()
    atexit.register(queue.abandon)
    return queue
