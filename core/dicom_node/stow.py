"""STOW-RS client of the DICOM node: stores results on a DICOMweb server, and asks whether it has them."""

import ssl
from pathlib import Path

import pydicom
import requests
from dicomweb_client import DICOMwebClient

from core.config import environment
from core.dicom_node.remote import DeliveryError, Refused, RemoteWeb
from core.dicom_node.web import Limits, TooMuch, WebSession, web_client

TIMEOUT_S = 30.0  # of silence
MAX_SECONDS = 300.0  # for one object to be sent and answered
MAX_ANSWER_BYTES = 16 * 2**20
OBJECT_STATUSES = {400, 406, 409, 413, 415, 422}  # of a refusal that concerns the object, not the moment


def store(paths: list[Path], server: RemoteWeb, tls: ssl.SSLContext | None = None) -> None:
    """Store DICOM files; returns after the server was asked for each of them and had it.

    A server may answer that it has stored an object and not have it.

    Args:
        tls: context for https; None trusts the usual authorities and presents no certificate.

    Raises:
        Refused: the server refuses some of them, or does not have them afterwards; it has the others.
        DeliveryError: the server does not answer, or takes nothing at present.
    """
    limits = Limits(MAX_ANSWER_BYTES, MAX_SECONDS)
    with WebSession(environment.DICOMWEB_AUTHORIZATION.value(), limits, tls) as session:
        client = web_client(server.url, session, TIMEOUT_S)
        refused = {}
        for path in paths:
            file = pydicom.dcmread(path)
            try:
                _store_file(client, file)
            except _NotStored:
                refused[path] = f"{server} accepted {path.stem} and does not have it"
            except requests.HTTPError as error:
                status = error.response.status_code if error.response is not None else 0
                reason = f"{server} refused {path.stem} with HTTP status {status or 'unknown'}"
                if status not in OBJECT_STATUSES:
                    raise DeliveryError(reason) from error
                refused[path] = reason
            except (requests.ConnectionError, requests.Timeout) as error:
                raise DeliveryError(f"{server} does not answer") from error
            except TooMuch as error:
                raise DeliveryError(f"{server} takes too long or sends too much") from error
            except Exception as error:  # a server may answer anything, and must not end the node
                raise DeliveryError(f"{server} does not answer as a DICOMweb server") from error
        if refused:
            raise Refused(refused)


class _NotStored(Exception):
    """The server does not have an object."""


def _store_file(client: DICOMwebClient, file: pydicom.FileDataset) -> None:
    client.store_instances([file])
    stored = client.search_for_instances(
        file.StudyInstanceUID,
        file.SeriesInstanceUID,
        search_filters={"SOPInstanceUID": file.SOPInstanceUID},
    )
    if file.SOPInstanceUID not in {item["00080018"]["Value"][0] for item in stored}:
        raise _NotStored
