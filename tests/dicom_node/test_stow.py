"""Storing results on DICOMweb servers that are down, refuse, lie or say nothing of use."""

import ssl
import threading
from pathlib import Path

import pytest
from dicom_peers import dicom_image, save_images
from dicomweb_server import dripping, honest, server

from core.dicom_node import tls_context
from core.dicom_node.remote import DeliveryError, Refused, RemoteWeb
from core.dicom_node.stow import store


@pytest.fixture
def paths(tmp_path) -> list[Path]:
    return save_images(tmp_path / "images", [dicom_image(1), dicom_image(2)])


def test_each_object_is_stored_and_asked_for(paths, monkeypatch):
    monkeypatch.setenv("PNEUMONIA_STUDIO_DICOMWEB_AUTHORIZATION", "Bearer let me in")
    with server(honest) as (root, asked):
        store(paths, root)
    assert len(asked) == 4 and {headers["Authorization"] for headers in asked} == {"Bearer let me in"}


@pytest.mark.parametrize(
    "answer, reason",
    [
        (
            lambda command, path: (200, b"{}" if command == "POST" else b"[]"),
            "accepted 0000 and does not have",
        ),
        (lambda command, path: (204, b""), "accepted 0000 and does not have it"),
        (lambda command, path: (409, b"{}"), "refused 0000 with HTTP status 409"),
        (lambda command, path: (401, b""), "refused 0000 with HTTP status 401"),
        (lambda command, path: (200, b"<html>Welcome"), "does not answer as a DICOMweb server"),
        (lambda command, path: (200, b'[{"00080018": {}}]'), "does not answer as a DICOMweb server"),
    ],
)
def test_a_server_that_has_not_stored_it_is_told(answer, reason, paths):
    with server(answer) as (root, _), pytest.raises(DeliveryError, match=reason):
        store(paths, root)


def test_the_other_objects_are_stored_where_one_is_refused(paths):
    first = dicom_image(1).SOPInstanceUID
    has_all_but_one = lambda command, path: (200, b"[]") if first in path else honest(command, path)  # noqa: E731
    with server(has_all_but_one) as (root, asked), pytest.raises(Refused) as raised:
        store(paths, root)
    assert list(raised.value.reasons) == [paths[0]] and len(asked) == 4


def test_no_redirect_takes_an_object_elsewhere(paths):
    with server(honest) as (elsewhere, asked_there):
        redirect = lambda *_: (307, b"", {"Location": f"{elsewhere}/studies"})  # noqa: E731
        with server(redirect) as (root, asked), pytest.raises(DeliveryError):
            store(paths, root)
        assert len(asked) and not asked_there


def test_a_server_that_is_silent_or_gone_is_told(paths, monkeypatch):
    monkeypatch.setattr("core.dicom_node.stow.TIMEOUT_S", 0.2)
    left = threading.Event()
    with server(lambda *_: left.wait() and (200, b"")) as (root, _):
        with pytest.raises(DeliveryError, match="does not answer$"):
            store(paths, root)
        left.set()
    with pytest.raises(DeliveryError, match="does not answer"):
        store(paths, root)


def test_a_server_that_drips_or_floods_is_left(paths, monkeypatch):
    monkeypatch.setattr("core.dicom_node.stow.MAX_SECONDS", 0.5)
    monkeypatch.setattr("core.dicom_node.stow.MAX_ANSWER_BYTES", 1000)
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n") as root, pytest.raises(DeliveryError, match="takes too long"):
        store(paths, RemoteWeb(root))
    flood = lambda command, path: (200, honest(command, path)[1] + b" " * 2000)  # noqa: E731
    with server(flood) as (root, _), pytest.raises(DeliveryError):
        store(paths, root)


def test_tls_shows_our_certificate_and_trusts_one_authority_alone(paths, certificates):
    files = [certificates / name for name in ("cert.pem", "key.pem", "ca.pem")]
    ours = tls_context(*files, server=False)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(files[0], files[1])
    theirs.load_verify_locations(files[2])
    theirs.verify_mode = ssl.CERT_REQUIRED
    with server(honest, theirs) as (root, asked):
        store(paths, root, ours)
        assert len(asked) == 4
        with pytest.raises(DeliveryError, match="does not answer"):
            store(paths, root)  # without a certificate, and without their authority
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stranger.load_cert_chain(certificates / "no.pem", certificates / "no.key")
    with server(honest, stranger) as (root, asked), pytest.raises(DeliveryError, match="does not answer"):
        store(paths, root, ours)
