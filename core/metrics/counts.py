"""What this server has answered since it started. Labels come from short lists: nothing names an image."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

PREFIX = "pneumonia_studio_"
ANSWERED, WITHHELD, FAILED = "answered", "withheld", "failed"  # outcomes of an image
BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

registry = CollectorRegistry()
ProcessCollector(registry=registry)  # memory, CPU time and open files
_images = Counter(f"{PREFIX}images", "Images read.", ["way", "outcome"], registry=registry)
_seconds = Histogram(
    f"{PREFIX}answer_seconds",
    "Time from the arrival of a request or upload to its results.",
    ["way"],
    buckets=BUCKETS_S,
    registry=registry,
)
_requests = Counter(f"{PREFIX}requests", "Requests to the API.", ["status"], registry=registry)
_waiting = Gauge(f"{PREFIX}requests_waiting", "Requests with images under way.", registry=registry)


def count_images(way: str, outcomes: Iterable[str]) -> None:
    """Count images by outcome.

    Args:
        way: by which they came, `api` or `pages`.
        outcomes: `ANSWERED`, `WITHHELD` or `FAILED`.
    """
    for outcome in outcomes:
        _images.labels(way, outcome).inc()


def count_answer(way: str, seconds: float) -> None:
    """Count an answer by the time it took."""
    _seconds.labels(way).observe(seconds)


def count_request(status: int) -> None:
    """Count a request to the API by its HTTP status."""
    _requests.labels(str(status)).inc()


def waiting() -> AbstractContextManager:
    """Counts a request as waiting while its block runs."""
    return _waiting.track_inprogress()
