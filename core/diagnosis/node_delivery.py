"""The DICOM node's mouth: results to an archive, by C-STORE."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import ComprehensiveSRStorage, SecondaryCaptureImageStorage

TIMEOUT_S = 30.0
WARNINGS = range(0xB000, 0xC000)  # stored, with a remark


class DeliveryError(Exception):
    """Why an archive did not take an object."""


@dataclass(frozen=True)
class Archive:
    """Where results go.

    Attributes:
        aet, host, port: of the archive.
    """

    aet: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}:{self.port}"


def deliver(files: list[Path], archive: Archive, aet: str, tls: ssl.SSLContext | None = None) -> None:
    """Send DICOM files over one association; returns when the archive has accepted them all.

    Args:
        aet: our own AE title.

    Raises:
        DeliveryError: the archive is not there, refuses us, or refuses an object.
    """
    entity = AE(aet)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
    entity.connection_timeout = TIMEOUT_S
    for kind in (ComprehensiveSRStorage, SecondaryCaptureImageStorage):
        entity.add_requested_context(kind, ExplicitVRLittleEndian)
    association = entity.associate(
        archive.host,
        archive.port,
        ae_title=archive.aet,
        tls_args=(tls, archive.host) if tls else None,
    )
    if not association.is_established:
        raise DeliveryError(
            f"{archive} {'does not know us' if association.is_rejected else 'does not answer'}"
        )
    try:
        for path in files:
            _sent(association, path, archive)
    finally:
        if association.is_established:
            association.release()


def _sent(association, path: Path, archive: Archive) -> None:
    try:
        answer = association.send_c_store(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise DeliveryError(f"{archive} could not be sent {path.stem}: {error}") from error
    if "Status" not in answer:
        raise DeliveryError(f"{archive} broke off")
    if answer.Status != 0 and answer.Status not in WARNINGS:
        raise DeliveryError(f"{archive} refused {path.stem} with 0x{answer.Status:04X}")
