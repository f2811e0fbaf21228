"""Images sent to a DICOM node of their own, on a free port of this computer, and the reports it makes."""

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from core.dicom_node import NodeSettings, ScpSettings, associate, node_status, run_node
from core.errors import UserError
from core.inference import ModelIdentity
from core.sentence import Sentence

AET, SENDER = "SELFTEST", "SELFTESTSCU"
ALGORITHM_VERSION, CERTAINTY_OF_FINDING, COMMENT = "111003", "111012", "121106"  # of DICOM's own scheme
STUDY_TIMEOUT_S = 0.5
MAX_WAIT_S = 600.0  # for the node to start, and to process the images
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True)
class NodeReport:
    """What a node reports of an image.

    Attributes:
        percentage: certainty of pneumonia; None if the report gives none.
        comments: the sentences that the report carries.
    """

    percentage: float | None = None
    comments: frozenset[str] = frozenset()


def node_reports(pixels: np.ndarray, identity: ModelIdentity) -> list[NodeReport]:
    """What a node reports of images, in their order.

    Args:
        pixels: uint8 (n, rows, columns).
        identity: of the model that should answer.

    Raises:
        UserError: the node does not start, refuses an image or does not process it, or another model answers.
    """
    stop, port = threading.Event(), Queue[int | UserError]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        node = threading.Thread(target=_serve, args=(folder, stop, port), name="self-test node", daemon=True)
        node.start()
        try:
            _store(_listening(port), [_dicom_image(number, values) for number, values in enumerate(pixels)])
            _wait_for(len(pixels), folder, node)
        finally:
            stop.set()
            node.join()
        reports = [pydicom.dcmread(path) for path in folder.glob("results/*/finding.dcm")]
    told = [NodeReport()] * len(pixels)
    for report in reports:
        items = list(_items(report))
        values = dict(items)
        if values.get(ALGORITHM_VERSION) != str(identity):
            raise UserError(
                Sentence(
                    "The node answers with {other} instead of {identity}.",
                    other=values.get(ALGORITHM_VERSION),
                    identity=identity,
                )
            )
        comments = frozenset(value for code, value in items if code == COMMENT)
        told[_number_of(report)] = NodeReport(values.get(CERTAINTY_OF_FINDING), comments)
    return told


def _serve(folder: Path, stop: threading.Event, port: "Queue[int | UserError]") -> None:
    """Run the node; its port, or why it does not start, goes to the queue."""
    scp = ScpSettings(AET, "127.0.0.1", 0)
    settings = NodeSettings(scp, study_timeout=STUDY_TIMEOUT_S, in_shadow=False)
    try:
        run_node(settings, stop, port.put, folder)
    except UserError as error:
        port.put(error)


def _listening(port: "Queue[int | UserError]") -> int:
    """The port on which the node listens."""
    try:
        outcome = port.get(timeout=MAX_WAIT_S)
    except Empty:
        raise UserError(
            Sentence("The node did not start within {seconds:.0f} s.", seconds=MAX_WAIT_S)
        ) from None
    if isinstance(outcome, UserError):
        raise outcome
    return outcome


def _store(port: int, images: list[pydicom.Dataset]) -> None:
    """Send images by C-STORE over one association."""
    # Imported lazily: it takes a second.
    from pynetdicom import AE

    entity = AE(SENDER)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = MAX_WAIT_S
    entity.add_requested_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
    association = associate(entity, "127.0.0.1", port, AET)
    if not association.is_established:
        raise UserError(Sentence("The node refuses the association."))
    try:
        for image in images:
            status = association.send_c_store(image).get("Status")
            if status != 0:
                raise UserError(Sentence("The node refuses an image with status {status}.", status=status))
    finally:
        if association.is_established:
            association.release()


def _wait_for(count: int, folder: Path, node: threading.Thread) -> None:
    """Wait until the node has processed as many images."""
    deadline = time.monotonic() + MAX_WAIT_S
    while (status := node_status(folder)) is None or status.processed < count:
        if status and status.failed:
            reason = next(iter(status.reasons))
            raise UserError(Sentence("The node cannot process an image: {reason}", reason=reason))
        if not node.is_alive() or time.monotonic() > deadline:
            raise UserError(Sentence("The node did not process every image."))
        time.sleep(POLL_INTERVAL_S)


def _dicom_image(number: int, pixels: np.ndarray) -> pydicom.Dataset:
    """A frontal chest X-ray of nobody."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = FileDataset("image", {}, file_meta=meta, preamble=bytes(128))
    image.SOPClassUID, image.SOPInstanceUID = ComputedRadiographyImageStorage, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(), generate_uid()
    image.PatientName, image.PatientID, image.AccessionNumber = "Self-test^", "SELFTEST", f"{number}"
    image.Modality, image.BodyPartExamined, image.ViewPosition = "CR", "CHEST", "PA"
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.PixelData = pixels.tobytes()
    return image


def _number_of(report: pydicom.Dataset) -> int:
    """The number of the image that a report is about; reports carry its accession number."""
    return int(report.AccessionNumber)


def _items(parent: pydicom.Dataset) -> Iterator[tuple[str, Any]]:
    """Code of the concept, and text or number, of the items in and below a report."""
    for item in parent.get("ContentSequence", ()):
        names = item.get("ConceptNameCodeSequence")
        if names and item.ValueType == "NUM":
            yield names[0].CodeValue, float(item.MeasuredValueSequence[0].NumericValue)
        elif names and item.ValueType == "TEXT":
            yield names[0].CodeValue, str(item.TextValue)
        yield from _items(item)
