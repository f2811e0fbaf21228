"""Storage SCU of the DICOM node: sends results to a remote AE by C-STORE."""

import ssl
from pathlib import Path

import pydicom
from pydicom.uid import (
    ComprehensiveSRStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)
from pynetdicom import AE
from pynetdicom.association import Association

from core.dicom_node.association import associate
from core.dicom_node.remote import DeliveryError, Refused, RemoteAE

RESULT_CLASSES = (
    ComprehensiveSRStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    EncapsulatedPDFStorage,
    GrayscaleSoftcopyPresentationStateStorage,
)
RESULT_SYNTAX = ExplicitVRLittleEndian
TIMEOUT_S = 30.0
WARNING_STATUSES = range(0xB000, 0xC000)  # stored, with a warning
OUT_OF_RESOURCES = range(0xA700, 0xA800)  # the same object may be stored later


def send(paths: list[Path], remote: RemoteAE, aet: str, tls: ssl.SSLContext | None = None) -> None:
    """Send DICOM files over one association; returns after the remote AE has stored them all.

    Args:
        aet: AE title of this node.

    Raises:
        Refused: the remote AE does not store some of them; it has the others.
        DeliveryError: the remote AE does not answer, rejects the association, or is out of resources.
    """
    entity = AE(aet)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_S
    entity.connection_timeout = TIMEOUT_S
    for sop_class in RESULT_CLASSES:
        entity.add_requested_context(sop_class, RESULT_SYNTAX)
    association = associate(entity, remote.host, remote.port, remote.aet, tls)
    if not association.is_established:
        reason = f"rejected the AE title {aet}" if association.is_rejected else "does not answer"
        raise DeliveryError(f"{remote} {reason}")
    try:
        refused = {path: reason for path in paths if (reason := _send_file(association, path, remote))}
    finally:
        if association.is_established:
            association.release()
    if refused:
        raise Refused(refused)


def _send_file(association: Association, path: Path, remote: RemoteAE) -> str:
    """Why the remote AE does not store a file; "" if it has."""
    file = pydicom.dcmread(path)  # what is wrong with it is no fault of the network
    try:
        response = association.send_c_store(file)
    except ValueError:  # no presentation context was accepted for its SOP class
        return f"{remote} does not store {path.stem}"
    except (OSError, RuntimeError) as error:
        raise DeliveryError(f"Sending {path.stem} to {remote} failed: {error}") from error
    if "Status" not in response:
        raise DeliveryError(f"{remote} closed the association")
    if response.Status == 0 or response.Status in WARNING_STATUSES:
        return ""
    reason = f"{remote} refused {path.stem} with status 0x{response.Status:04X}"
    if response.Status in OUT_OF_RESOURCES:
        raise DeliveryError(reason)
    return reason
