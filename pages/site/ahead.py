"""What the next step needs, got ready in a thread of its own while somebody reads this one."""

import threading
from collections.abc import Callable
from functools import cache
from importlib import import_module

from core.registry import RegisteredModel, drawn_images, golden_agreement

AFTER_S = 0.5  # so that the page is drawn first
OF_A_MEASUREMENT = ("scipy.stats", "sklearn.metrics", "sklearn.tree")  # each takes long to import


@cache
def get_ready_to_measure() -> None:
    """Import what a measurement takes; once per process."""
    _begin(lambda: [import_module(name) for name in OF_A_MEASUREMENT])


@cache
def get_ready_to_save() -> None:
    """Draw the images that a version of the bundled model takes along; once per process."""
    _begin(drawn_images)


def get_ready_to_promote(version: RegisteredModel) -> None:
    """Compute what the checklist of a new version compares with its record."""
    _begin(lambda: golden_agreement(version))


def _begin(work: Callable[[], object]) -> None:
    timer = threading.Timer(AFTER_S, work)
    timer.daemon = True
    timer.start()
