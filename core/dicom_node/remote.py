"""Where the DICOM node sends its results: an application entity (DIMSE) or a DICOMweb server."""

from dataclasses import dataclass
from pathlib import Path


class DeliveryError(Exception):
    """Why a receiver did not store an object."""


class Refused(DeliveryError):
    """The receiver answered, and does not store some objects.

    Args:
        reasons: why, by the path of each.
    """

    def __init__(self, reasons: dict[Path, str]) -> None:
        super().__init__("; ".join(dict.fromkeys(reasons.values())))
        self.reasons = reasons


@dataclass(frozen=True)
class RemoteAE:
    """Application entity that receives the results by C-STORE, such as a PACS.

    Attributes:
        aet: its AE title.
        host, port: its address.
    """

    aet: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}:{self.port}"


@dataclass(frozen=True)
class RemoteWeb:
    """DICOMweb server that receives the results by STOW-RS.

    Attributes:
        url: its root, such as https://pacs.example/dicom-web.
    """

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Receiver:
    """Who receives results, and which.

    Attributes:
        remote: where they are sent.
        results: kinds of objects, as `core.reports.dicom_objects` names them.
    """

    remote: RemoteAE | RemoteWeb
    results: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.remote)
