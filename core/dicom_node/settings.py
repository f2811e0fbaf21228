"""Settings of the DICOM node."""

import ssl
from dataclasses import dataclass, field

from core.dicom_node.remote import Receiver

DEFAULT_RESULTS = ("finding", "overlay")  # what any PACS stores and any viewer shows


@dataclass(frozen=True)
class ScpSettings:
    """Where the SCP listens and who may send.

    Attributes:
        aet: AE title of the node.
        host, port: address to listen on; port 0 takes a free one.
        allowed: IP addresses by AE title; empty allows every peer.
        tls: context for incoming connections; None for no TLS.
    """

    aet: str
    host: str = "127.0.0.1"
    port: int = 11112
    allowed: dict[str, frozenset[str]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class NodeSettings:
    """Settings of a node.

    Attributes:
        scp: where the node listens and who may send.
        receivers: of the results; without one, these are kept until a later start names one.
        tls: context for connections to receivers; None for no TLS.
        results: kinds of objects that are kept without a receiver.
        readings: whether readers' findings, which the pages hand over, are sent to the receivers, too.
        study_timeout: seconds without a new image after which a study is complete.
        keep: whether images and results stay on disk after delivery.
        in_shadow: whether shadow models read the images, too.
        log_results: whether results are recorded in the audit log, which `site watch` needs.
        delete_failed: days after which an image that failed, or whose results were given up, is deleted;
            0 for never.
    """

    scp: ScpSettings
    receivers: tuple[Receiver, ...] = ()
    tls: ssl.SSLContext | None = None
    results: tuple[str, ...] = DEFAULT_RESULTS
    readings: bool = False
    study_timeout: float = 2.0
    keep: bool = False
    in_shadow: bool = True
    log_results: bool = False
    delete_failed: float = 30.0

    def choices(self) -> list[tuple[str, ...]]:
        """Kinds of objects that are made of an image, for each receiver."""
        return [receiver.results for receiver in self.receivers] or [self.results]
