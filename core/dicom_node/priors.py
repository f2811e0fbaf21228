"""Earlier chest X-rays of the same patient, from a DICOMweb server (QIDO-RS and WADO-RS).

Nothing is asked unless a server is named. Whatever it answers, a search ends in `MAX_SECONDS`, and an image
that it gives counts only if its own header names the same patient.
"""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import pydicom

from core.config import environment
from core.errors import UserError
from core.images import MAX_BYTES, Image, ImageError, decode_safely, decoded_text, open_dicom

MAX_SECONDS = 10.0  # for a whole search
MAX_STUDIES = 200  # that are listed
MAX_FETCHED = 4  # images, of the newest studies first
MODALITIES = ("CR", "DX")
PATIENT = ("PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientName")
HEADER = ("SpecificCharacterSet", *PATIENT, "StudyInstanceUID", "StudyDate")
ANY_SYNTAX = (("application/dicom", "*"),)  # as the image was stored


@dataclass(frozen=True, eq=False)
class Prior:
    """An earlier image.

    Attributes:
        image: decoded.
        data: the DICOM file.
    """

    image: Image
    data: bytes


def priors_server() -> str:
    """The DICOMweb root that is asked for earlier images; "" for none.

    Raises:
        UserError: the setting is not valid.
    """
    return environment.PRIORS.value()


def earlier_image(data: bytes, image: Image) -> Prior | None:
    """The newest earlier frontal chest X-ray of the patient; None if the server has none, or none is named.

    Args:
        data: the DICOM file of the present image.
        image: the same, decoded.

    Raises:
        UserError: the server does not answer, or not in time, or not as a DICOMweb server.
    """
    root = priors_server()
    if not root:
        return None
    header = open_dicom(data, HEADER)
    if not (decoded_text(header, "PatientID").strip() and image.patient_digest and image.acquired):
        return None
    try:
        return next(_found(root, header, image), None)
    except Exception as error:  # a server may answer anything, and must not disturb the page
        raise UserError(f"Earlier X-rays could not be looked up: {root} {_reason(error)}.") from error


def same_patient(one: pydicom.Dataset, other: pydicom.Dataset) -> bool:
    """Whether two headers name one patient: ID, issuer and birth date; the name where one has no birth date.

    >>> jane = pydicom.Dataset()
    >>> jane.PatientID, jane.PatientName = "4711", "Doe^Jane"
    >>> joe = pydicom.Dataset()
    >>> joe.PatientID, joe.PatientName = "4711", "Doe^Joe"
    >>> same_patient(jane, jane), same_patient(jane, joe)
    (True, False)
    """
    ids, issuers, births, names = (
        [decoded_text(header, name).strip() for header in (one, other)] for name in PATIENT
    )
    if not ids[0] or ids[0] != ids[1] or issuers[0] != issuers[1]:
        return False
    if all(births):
        return births[0] == births[1]
    return bool(names[0]) and _plain(names[0]) == _plain(names[1])


def _plain(name: str) -> str:
    """A person's name without what systems write differently."""
    return name.partition("=")[0].rstrip("^ ").casefold()


def _reason(error: Exception) -> str:
    """What the server did, to go on after its name."""
    import requests

    from core.dicom_node.web import TooMuch

    if isinstance(error, TooMuch):
        return "takes too long or sends too much"
    if isinstance(error, requests.HTTPError):
        return f"refused with HTTP status {getattr(error.response, 'status_code', 'unknown')}"
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return "does not answer"
    return "does not answer as a DICOMweb server"


def _found(root: str, header: pydicom.Dataset, image: Image) -> Iterator[Prior]:
    """The newest earlier frontal chest X-ray of each study, the newest study first."""
    # Imported here: the client takes a quarter of a second to import, and few use it.
    from core.dicom_node.web import Limits, WebSession, web_client

    limits = Limits(MAX_BYTES, MAX_SECONDS, until=time.monotonic() + MAX_SECONDS)
    with WebSession(environment.PRIORS_AUTHORIZATION.value(), limits) as session:
        client = web_client(root, session, MAX_SECONDS)
        candidates = islice(_candidates(client, header), MAX_FETCHED)
        for _, study in groupby(candidates, itemgetter(0)):
            priors: list[Prior] = []
            for uids in study:
                try:
                    file = client.retrieve_instance(*uids, media_types=ANY_SYNTAX)
                except Exception:  # such as an image that takes the rest of the time
                    if not priors:
                        raise
                    break
                priors += filter(None, [_as_prior(file, header, image)])
            if priors:
                yield max(priors, key=lambda prior: prior.image.acquired)


def _candidates(client: Any, header: pydicom.Dataset) -> Iterator[tuple[str, str, str]]:
    """UIDs of the X-rays in the patient's earlier studies: study, series and instance."""
    studies = client.search_for_studies(
        limit=MAX_STUDIES,
        fields=list(PATIENT),
        search_filters={"PatientID": decoded_text(header, "PatientID").strip()},
    )
    own = decoded_text(header, "StudyInstanceUID"), decoded_text(header, "StudyDate")
    listed = [pydicom.Dataset.from_json(study) for study in studies]
    earlier = [
        study
        for study in listed
        if study.StudyInstanceUID != own[0]
        and "" < decoded_text(study, "StudyDate") <= own[1]
        and _may_be_same(header, study)
    ]
    for study in sorted(earlier, key=_moment, reverse=True):
        uid = str(study.StudyInstanceUID)
        for series in map(pydicom.Dataset.from_json, client.search_for_series(uid)):
            if series.get("Modality", None) in MODALITIES:
                instances = client.search_for_instances(uid, str(series.SeriesInstanceUID))
                for instance in map(pydicom.Dataset.from_json, instances):
                    yield uid, str(series.SeriesInstanceUID), str(instance.SOPInstanceUID)


def _moment(study: pydicom.Dataset) -> tuple[str, str]:
    """When a study was made."""
    return decoded_text(study, "StudyDate"), decoded_text(study, "StudyTime")


def _may_be_same(header: pydicom.Dataset, study: pydicom.Dataset) -> bool:
    """Whether a listed study does not name another patient; a list may lack issuer, birth date and name."""
    for name in PATIENT[:3]:
        mine, theirs = decoded_text(header, name).strip(), decoded_text(study, name).strip()
        if theirs and mine and mine != theirs:
            return False
    return True


def _as_prior(file: pydicom.Dataset, header: pydicom.Dataset, image: Image) -> Prior | None:
    """A file as an earlier image; None where it is another patient's, not earlier, or no frontal chest."""
    if not same_patient(header, file):
        return None
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    try:
        earlier = decode_safely(buffer.getvalue(), "The earlier X-ray")
    except ImageError:
        return None
    withheld = any(finding.withheld for finding in earlier.findings)
    is_earlier = "" < earlier.acquired < image.acquired
    return Prior(earlier, buffer.getvalue()) if is_earlier and not withheld else None
