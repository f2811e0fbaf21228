"""STOW-RS client of the DICOM node: stores results on a DICOMweb server, and asks whether it has them."""

import ssl
from pathlib import Path

import pydicom
import requests
from dicomweb_client import DICOMwebClient

from core.config import environment
from core.dicom_node.remote import DeliveryError, RemoteWeb
from core.dicom_node.web import WebSession, web_client

TIMEOUT_S = 30.0


def store(paths: list[Path], server: RemoteWeb, tls: ssl.SSLContext | None = None) -> None:
    """Store DICOM files; returns after the server was asked for each of them and had it.

    A server may answer that it has stored an object and not have it.

    Args:
        tls: context for https; None trusts the usual authorities and presents no certificate.

    Raises:
        DeliveryError: the server does not answer, refuses an object, or does not have it afterwards.
    """
    with WebSession(environment.DICOMWEB_AUTHORIZATION.value(), tls) as session:
        client = web_client(server.url, session, TIMEOUT_S)
        for path in paths:
            try:
                _store_file(client, path)
            except _NotStored:
                raise DeliveryError(f"{server} accepted {path.stem} and does not have it") from None
            except requests.HTTPError as error:
                status = error.response.status_code if error.response is not None else "unknown"
                raise DeliveryError(f"{server} refused {path.stem} with HTTP status {status}") from error
            except (requests.ConnectionError, requests.Timeout) as error:
                raise DeliveryError(f"{server} does not answer") from error
            except Exception as error:  # a server may answer anything, and must not end the node
                raise DeliveryError(f"{server} does not answer as a DICOMweb server") from error


class _NotStored(Exception):
    """The server does not have an object."""


def _store_file(client: DICOMwebClient, path: Path) -> None:
    file = pydicom.dcmread(path)
    client.store_instances([file])
    stored = client.search_for_instances(
        file.StudyInstanceUID,
        file.SeriesInstanceUID,
        search_filters={"SOPInstanceUID": file.SOPInstanceUID},
    )
    if file.SOPInstanceUID not in {item["00080018"]["Value"][0] for item in stored}:
        raise _NotStored
