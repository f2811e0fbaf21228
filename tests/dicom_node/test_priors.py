"""Asking a server for an earlier image: whose it may be, and servers that are slow, wrong or hostile."""

import threading

import pydicom
import pytest
from dicom_peers import dicom_image
from dicomweb_server import dripping, file_of, pacs_with, server

from core.cli.main import main
from core.config import environment
from core.dicom_node import earlier_image, priors, priors_server
from core.errors import UserError
from core.images import decode


@pytest.fixture
def present() -> tuple:
    data = file_of(dicom_image(1))
    return data, decode(data, "image.dcm")


@pytest.fixture
def named(monkeypatch):
    """Names a server."""
    return lambda root: monkeypatch.setenv(environment.PRIORS.name, str(root))


def earlier(**changes: str) -> pydicom.FileDataset:
    image = dicom_image(2)
    image.StudyDate = "20230601"
    for name, value in changes.items():
        setattr(image, name, value)
    return image


def test_nothing_is_asked_without_a_server_or_of_an_image_without_a_patient(present, named):
    assert earlier_image(*present) is None
    nobody = dicom_image(1)
    nobody.PatientID = ""
    data = file_of(nobody)
    with server(pacs_with(earlier())) as (root, asked):
        named(root)
        assert earlier_image(data, decode(data, "image.dcm")) is None and not asked


@pytest.mark.parametrize(
    "changes, same",
    [
        ({}, True),
        ({"PatientName": "Married^Jane"}, True),
        ({"PatientBirthDate": "20190131"}, False),
        ({"PatientBirthDate": ""}, True),
        ({"PatientBirthDate": "", "PatientName": "Roe^Joe"}, False),
        ({"PatientID": "4712"}, False),
        ({"IssuerOfPatientID": "ELSEWHERE"}, False),
        ({"ViewPosition": "LL"}, False),
        ({"StudyDate": "20240301"}, False),
    ],
)
def test_only_an_earlier_frontal_image_of_the_same_patient_counts(changes, same, present, named):
    """The server lists it without its patient; the file itself decides."""
    with server(pacs_with(earlier(**changes))) as (root, _):
        named(root)
        assert bool(earlier_image(*present)) == same


@pytest.mark.parametrize("study", ["", "one"])
def test_of_several_images_of_one_day_the_newest_counts(study, present, named):
    """Whether each is a study of its own or they are series of one."""
    images = [dicom_image(number, study) for number in (2, 3, 4)]
    for image, time_of_day in zip(images, ("080000", "140000", "110000"), strict=True):
        image.StudyDate, image.StudyTime = "20230601", time_of_day
        image.AcquisitionDate, image.AcquisitionTime = "20230601", time_of_day
    with server(pacs_with(*images)) as (root, _):
        named(root)
        prior = earlier_image(*present)
    assert prior and prior.image.acquired.startswith("20230601140000")


@pytest.mark.parametrize(
    "answer, reason",
    [
        (lambda *_: (500, b""), "refused with HTTP status 500"),
        (lambda *_: (200, b"<html>Welcome"), "does not answer as a DICOMweb server"),
        (lambda *_: (200, b'[{"0020000D": {}}]'), "does not answer as a DICOMweb server"),
        (lambda *_: (307, b"", {"Location": "http://192.0.2.1/"}), "refused with HTTP status 307"),
        (pacs_with(earlier(), padding=2_000_000), "takes too long or sends too much"),
    ],
)
def test_a_wrong_server_is_told_in_a_sentence(answer, reason, present, named, monkeypatch):
    monkeypatch.setattr(priors, "MAX_SECONDS", 300)
    monkeypatch.setattr(priors, "MAX_BYTES", 1_000_000)
    with server(answer) as (root, _):
        named(root)
        with pytest.raises(UserError, match=reason):
            earlier_image(*present)
    with pytest.raises(UserError, match="does not answer"):
        earlier_image(*present)


def test_a_search_ends_in_time_although_no_answer_begins(present, named, monkeypatch):
    monkeypatch.setattr(priors, "MAX_SECONDS", 0.7)
    left = threading.Event()
    with server(lambda *_: left.wait() and (200, b"[]")) as (root, _):
        named(root)
        with pytest.raises(UserError, match="takes too long"):
            earlier_image(*present)
        left.set()


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_search_ends_in_time_although_a_byte_arrives_now_and_then(begin, present, named, monkeypatch):
    monkeypatch.setattr(priors, "MAX_SECONDS", 0.7)
    with dripping(begin) as root:
        named(root)
        with pytest.raises(UserError, match="takes too long"):
            earlier_image(*present)


@pytest.mark.parametrize(
    "root", ["http://pacs.example/dicom-web", "ftp://127.0.0.1", "https://a:b@pacs.example"]
)
def test_a_server_that_would_expose_patients_is_refused(root, named):
    named(root)
    with pytest.raises(UserError, match="https"):
        priors_server()


def test_the_terminal_finds_an_earlier_image_or_says_why_there_is_none(tmp_path, named, capsys):
    nobody = dicom_image(1)
    nobody.PatientID = ""
    for name, content in {
        "image.dcm": file_of(dicom_image(1)),
        "nobody.dcm": file_of(nobody),
        "note.txt": b"no image",
    }.items():
        (tmp_path / name).write_bytes(content)

    assert main(["priors", str(tmp_path / "image.dcm")]) == 2
    assert environment.PRIORS.name in capsys.readouterr().err
    with server(pacs_with(earlier())) as (root, _asked):
        named(root)
        saved = tmp_path / "prior.dcm"
        assert main(["priors", str(tmp_path / "image.dcm"), "--save", str(saved)]) == 0
        assert "Found one: " in capsys.readouterr().out and pydicom.dcmread(saved).StudyDate == "20230601"
        assert main(["priors", str(tmp_path / "nobody.dcm")]) == 2
        assert "has no patient ID or no date" in capsys.readouterr().err
        assert main(["priors", str(tmp_path / "note.txt")]) == 2
        assert "is not a DICOM file, so it names no patient" in capsys.readouterr().err
    with server(pacs_with(earlier(PatientID="4712"))) as (root, _asked):
        named(root)
        assert main(["priors", str(tmp_path / "image.dcm")]) == 1
        assert "has no earlier frontal chest X-ray of this patient" in capsys.readouterr().out
