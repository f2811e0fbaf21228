"""The DICOM node from the outside: the process itself, over the wire and from its command line."""

import os
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from dicom_peers import PROJECT, dicom_image, eventually, home_with, store
from pydicom import uid as uids
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
)

from core.cli.main import main
from core.cli.node_receivers import receivers
from core.dicom_node import rules_path
from core.dicom_node.queued_images import QueuedImage
from core.inference import AuditLog
from core.reports import MANUFACTURER


@pytest.mark.parametrize(
    "sop_class",
    [
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        SecondaryCaptureImageStorage,
    ],
    ids=["CR", "DX", "SC"],
)
def test_an_image_is_stored_and_processed(node, sop_class):
    log = AuditLog(node.home / "audit.sqlite")
    before, logged = node.counts(), len(log.results())
    image = dicom_image(1000 + len(sop_class), sop_class=sop_class)
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uids.generate_uid()
    assert store(node.port, image) == [0x0000]
    eventually(lambda: node.counts().processed == before.processed + 1)
    assert node.counts().pending == before.pending + 1  # no remote AE was named
    eventually(lambda: len(log.results()) == logged + 1)
    assert log.results()["model"].iloc[-1].startswith("trained/3")


def test_a_result_that_comes_back_is_acknowledged_and_not_processed(node):
    before = node.counts().received
    own = dicom_image(3000, sop_class=SecondaryCaptureImageStorage)
    own.Manufacturer = MANUFACTURER
    assert store(node.port, own) == [0x0000]
    assert node.counts().received == before


def test_an_image_that_is_sent_again_gives_the_same_result(node):
    image = dicom_image(4000)
    result = node.home / "node/results" / QueuedImage(image.SOPInstanceUID, "", 0).key / "finding.dcm"
    uids_of_results = []
    for _ in range(2):
        received = node.counts().received
        assert store(node.port, image) == [0x0000]
        eventually(result.exists)
        uids_of_results.append(pydicom.dcmread(result).SOPInstanceUID)
        result.unlink()
    assert uids_of_results[0] == uids_of_results[1] and node.counts().received == received


def test_24_the_result_of_a_japanese_image_is_returned_in_utf_8(node):
    image = dicom_image(4100)
    image.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    image.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    result = node.home / "node/results" / QueuedImage(image.SOPInstanceUID, "", 0).key / "finding.dcm"
    assert store(node.port, image) == [0x0000]
    eventually(result.exists)
    made = pydicom.dcmread(result)
    assert made.SpecificCharacterSet == "ISO_IR 192"
    assert str(made.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_an_unreadable_image_fails_with_its_reason(node):
    image = dicom_image(5000)
    image.PixelData = image.PixelData[:1000]
    assert store(node.port, image) == [0x0000]
    eventually(lambda: node.counts().failed == 1)
    assert list(node.counts().reasons) == ["The image is damaged or cut short. Export or copy it again."]
    assert node.status()["failed"] == 1


def test_an_image_whose_results_cannot_be_stored_is_tried_again_and_holds_up_no_other(node):
    blocked, other = [
        node.home / "node/results" / QueuedImage(dicom_image(number).SOPInstanceUID, "", 0).key
        for number in (5100, 5101)
    ]
    blocked.write_text("a file where a folder should be")
    failed = node.counts().failed
    assert store(node.port, dicom_image(5100), dicom_image(5101)) == [0x0000] * 2
    eventually((other / "finding.dcm").exists)
    eventually(lambda: f"image {blocked.name[:12]}: [Errno 17] File exists" in node.log())
    blocked.unlink()
    eventually((blocked / "finding.dcm").exists)
    assert node.counts().failed == failed and node.counts().errors["processing"] >= 1


def test_a_running_node_follows_the_file_of_rules_as_it_changes(node):
    def sent(number: int) -> QueuedImage:
        image = dicom_image(number)
        image.StationName = "RULES"
        assert store(node.port, image) == [0x0000]
        return QueuedImage(image.SOPInstanceUID, "", 0)

    def has_result(image: QueuedImage) -> bool:
        return (node.home / "node/results" / image.key / "finding.dcm").exists()

    def is_stored(image: QueuedImage) -> bool:
        return (node.home / "node/received" / f"{image.key}.dcm").exists()

    path, rule = rules_path(node.home / "node"), '[[rule]]\nstation = "RULES"\naction = "{}"\n'
    before = node.counts()
    try:
        path.write_text(rule.format("ignore"))
        ignored = sent(6001)
        eventually(lambda: node.counts().ignored == before.ignored + 1)
        path.write_text(rule.format("shadow"))
        in_shadow = sent(6002)
        eventually(lambda: node.counts().in_shadow == before.in_shadow + 1)
        path.write_text("[[rule]]")  # not valid: the earlier ones stay in force
        sent(6003)
        eventually(lambda: node.counts().in_shadow == before.in_shadow + 2)
        assert "the earlier rules stay in force" in node.log()
    finally:
        path.unlink()
    judged = sent(6004)
    eventually(lambda: has_result(judged))
    assert is_stored(judged) and not is_stored(ignored) and not is_stored(in_shadow)
    assert not has_result(ignored) and not has_result(in_shadow)
    assert sum(node.counts().shadow_findings.values()) == node.counts().in_shadow


def test_a_folder_or_port_in_use_is_reported(node, tmp_path):
    def error(home: Path, *options: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "core", "node", *options],
            env={**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)},
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    assert "Another node is running" in error(node.home, "--port", "0")
    other = home_with(node.home / "model_weights", tmp_path / "home")
    assert f"cannot listen on 127.0.0.1:{node.port}" in error(other, "--port", str(node.port))


@pytest.mark.parametrize(
    "options, reason",
    [
        (["--host", "0.0.0.0"], "Name the allowed senders with --allow"),
        (["--allow", "MODALITY"], "is not AET=HOST"),
        (["--allow", "MODALITY=no.such.host.invalid"], "is unknown"),
        (["--send-to", "ORTHANC:4242"], "is not AET@HOST:PORT"),
        (["--send-to", "ftp://pacs.example/dicom-web"], "is not the URL of a DICOMweb server"),
        (["--send-to", "https://pacs.example:port/dicom-web"], "is not the URL of a DICOMweb server"),
        (["--send-to", "https://me:secret@pacs.example/dicom-web"], "DICOMWEB_AUTHORIZATION"),
        (["--send-to", "http://pacs.example/dicom-web"], "Use https"),
        (["--send-to", "ORTHANC@10.0.0.5:4242=finding,lung"], "'lung' is no kind of result"),
        (["--send-to", "https://pacs.example/a=b"], "https://pacs.example/a=b=finding,overlay"),
        (["--send-to", "A@pacs:104", "--send-to", "A@PACS:104=lungs"], "twice"),
        (["--send-to", "A@B@pacs:104"], "is not AET@HOST:PORT"),
        (["--send-to", "A@[::1:2:]:104"], "is not AET@HOST:PORT"),
        (["--send-to", "A@pacs:104="], "'' is no kind of result"),
        (["--send-to", "A@pacs:104=finding,"], "'' is no kind of result"),
        (["--send-to", "A@ :104"], "is not AET@HOST:PORT"),
        (["--aet", "A NAME OF MORE THAN SIXTEEN"], "is not an AE title"),
        (["--tls", __file__, __file__, __file__], "cannot be used for TLS"),
    ],
)
def test_an_invalid_option_is_reported(options, reason, own_home, capsys):
    assert main(["node", *options]) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("host", ["fd00::5", "[fd00::5]"])
def test_a_receiver_may_have_an_ipv6_address(host):
    (receiver,) = receivers((f"PACS@{host}:104",), ("finding",))
    assert (receiver.remote.host, receiver.remote.port) == ("fd00::5", 104)
