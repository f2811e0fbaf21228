"""All figures as text: those of this server, and those that the home keeps for every server."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from core.dicom_node import node_errors, node_latencies, node_status
from core.errors import UserError
from core.metrics.counts import PREFIX, registry
from core.registry import active_model
from core.runs import jobs, queue

__all__ = ["CONTENT_TYPE", "metrics_text"]


def metrics_text() -> bytes:
    """What Prometheus reads; a figure whose source cannot be read is missing."""
    return generate_latest(registry)


class _Home(Collector):
    """What is read from the home when it is asked for: the model, the node, the queue of runs."""

    def collect(self) -> Iterable[Metric]:
        for family in (_model, _runs, _node_images, _node_latencies):
            with suppress(UserError):
                yield from family()


def _model() -> Iterator[Metric]:
    if active := active_model():
        identity = active.model.identity
        labels = {"name": identity.name, "version": str(identity.version), "weights": identity.digest}
        yield InfoMetricFamily(f"{PREFIX}model", "The model that answers.", labels)


def _runs() -> Iterator[Metric]:
    waiting = len(queue.names(jobs.runs_folder()))
    yield GaugeMetricFamily(f"{PREFIX}queued_runs", "Training runs in the queue.", waiting)


def _node_images() -> Iterator[Metric]:
    status = node_status()
    if status is None:
        return
    images = GaugeMetricFamily(f"{PREFIX}node_images", "Images of the DICOM node.", labels=["state"])
    for state in ("pending", "delivered", "failed", "refused", "ignored", "in_shadow"):
        images.add_metric([state], getattr(status, state))
    yield images
    failing = int(bool(status.delivery_error))
    yield GaugeMetricFamily(f"{PREFIX}node_delivery_fails", "Whether the last delivery failed.", failing)
    errors = CounterMetricFamily(
        f"{PREFIX}node_errors", "Unexpected errors of the DICOM node.", labels=["activity"]
    )
    for activity, count in node_errors().items():
        errors.add_metric([activity], count)
    yield errors


def _node_latencies() -> Iterator[Metric]:
    family = HistogramMetricFamily(
        f"{PREFIX}node_seconds", "Time from reception by the DICOM node to a step.", labels=["step"]
    )
    for step, latencies in node_latencies().items():
        limits = map(floatToGoString, latencies.images)
        counts = accumulate(latencies.images.values())
        family.add_metric([step], list(zip(limits, counts, strict=True)), latencies.seconds)
    yield family


registry.register(_Home())
