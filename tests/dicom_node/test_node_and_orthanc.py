"""The DICOM node and a real PACS in a network namespace: every image gets its result, whatever crashes."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest
from dicom_peers import (
    DICOMWEB,
    PROJECT,
    Network,
    Node,
    Orthanc,
    dicom_image,
    eventually,
    home_with,
    orthanc_available,
    save_images,
)
from pydicom.uid import SegmentationStorage

from core.config import environment
from core.dicom_node import queue_reading, readings_wanted
from core.images import decode
from core.inference import HumanReading, Reader
from core.registry import answering_models
from core.reports import KINDS, reader_finding

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not orthanc_available(), reason="needs Orthanc, dcmtk, curl and a network namespace"),
]
PORT = 11112
KILLS = int(os.environ.get("PNEUMONIA_STUDIO_KILLS", "5"))
IMAGES_PER_KILL = 6
FORWARD_ALL = """
function OnStoredInstance(instance, tags, metadata, origin)
  SendToModality(instance, 'node')
end
"""


@pytest.fixture(scope="module")
def network():
    network = Network()
    yield network
    network.close()


@pytest.fixture
def orthanc(network, tmp_path):
    """A PACS that forwards everything, results of the node too: the node must not process them."""
    orthanc = Orthanc(network, tmp_path / "orthanc", FORWARD_ALL)
    orthanc.start()
    yield orthanc
    orthanc.stop()


@pytest.fixture
def node_home(trained, network, tmp_path):
    yield home_with(trained.model_folder(), tmp_path / "home")
    network.kill_nodes()


def node_of(network, home, *options) -> Node:
    return Node(home, "--send-to", f"ORTHANC@127.0.0.1:{Orthanc.PORT}", *options, network=network, port=PORT)


def send(network, called: str, port: int, *paths) -> bool:
    """Whether every image was acknowledged."""
    return network.run("storescu", "-aec", called, "127.0.0.1", port, *paths).returncode == 0


def test_an_image_in_the_pacs_gets_one_of_each_result(network, orthanc, node_home, tmp_path):
    kinds = [option for kind in KINDS for option in ("--result", kind)]
    node = node_of(network, node_home, "--study-timeout", "0", *kinds).start()
    (path,) = save_images(tmp_path / "images", [dicom_image(1)])
    eventually(lambda: network.run("echoscu", "-aec", "PNEUMONIA", "127.0.0.1", PORT).returncode == 0)
    assert send(network, "ORTHANC", Orthanc.PORT, path)
    eventually(lambda: orthanc.instances() == 1 + len(KINDS))
    time.sleep(4)  # enough for a loop to show
    assert orthanc.instances() == 1 + len(KINDS) and node.counts().received == 1
    assert orthanc.get("statistics")["CountStudies"] == 1
    (report,), (overlay,) = orthanc.of_modality("SR"), orthanc.of_modality("OT")
    (lungs,), (document,) = orthanc.of_modality("SEG"), orthanc.of_modality("DOC")
    (contours,) = orthanc.of_modality("PR")
    finding_file = orthanc.save(f"instances/{report}/file", tmp_path / "finding.dcm")
    overlay_file = orthanc.save(f"instances/{overlay}/file", tmp_path / "overlay.dcm")
    original = pydicom.dcmread(path)
    source = pydicom.dcmread(overlay_file).SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert pydicom.dcmread(finding_file).PatientID == original.PatientID
    if shutil.which("dciodvfy"):
        lungs_file = orthanc.save(f"instances/{lungs}/file", tmp_path / "lungs.dcm")
        report_file = orthanc.save(f"instances/{document}/file", tmp_path / "report.dcm")
        contours_file = orthanc.save(f"instances/{contours}/file", tmp_path / "contours.dcm")
        for file in (finding_file, overlay_file, lungs_file, report_file, contours_file):
            check = subprocess.run(["dciodvfy", file], capture_output=True, text=True)
            assert "Error" not in check.stdout + check.stderr, check.stderr
    eventually(lambda: node.counts().delivered == 1)
    eventually(lambda: not [*node_home.glob("node/received/*"), *node_home.glob("node/results/*")])
    assert node.stop() == 0


def test_the_documented_script_sends_images_and_not_the_results_of_the_node(network, node_home, tmp_path):
    guide = (PROJECT / "docs" / "dicom-node.md").read_text()
    script = next(block for block in guide.split("```") if "function OnStoredInstance" in block)
    orthanc = Orthanc(network, tmp_path / "orthanc", script)
    orthanc.start()
    node = node_of(network, node_home, "--study-timeout", "0").start()
    try:
        assert send(
            network,
            "ORTHANC",
            Orthanc.PORT,
            *save_images(tmp_path / "images", [dicom_image(1), dicom_image(2)]),
        )
        eventually(lambda: orthanc.instances() == 6)
        eventually(lambda: node.counts().delivered == 2)
        assert node.counts().received == 2
        time.sleep(4)  # enough for a loop to show
        assert sum(job["Content"]["CountOperations"] for job in orthanc.get("jobs?expand")) == 2
        assert node.stop() == 0
    finally:
        orthanc.stop()


def test_the_round_trip_of_the_documentation_shows_every_result(network, narrow_bundle, tmp_path):
    done = network.run(sys.executable, "-m", "docs.round_trip", tmp_path / "trip", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    *studies, last = done.stdout.splitlines()
    assert last.startswith("4 studies sent, judged and returned in ")
    assert [line.partition(":")[0] for line in studies] == [f"Synthetic^{number}" for number in range(1, 5)]
    for kind in ("finding", "heat map", "lungs", "report"):
        assert all(f"Pneumonia: {kind}, research only" in line for line in studies)


def reading_of(path: Path) -> tuple[str, str, bytes]:
    """What a reader says of an image, as the page hands it over."""
    model = answering_models()[-1]
    (reading,) = Reader(model.path).read([decode(path.read_bytes(), path.name)], anyway=True)
    return reader_finding(path.read_bytes(), reading, model, HumanReading("agree"), "Roe")


def test_results_wait_while_the_pacs_is_down(network, orthanc, node_home, tmp_path):
    orthanc.stop()
    node = node_of(network, node_home, "--study-timeout", "1", "--readings").start()
    paths = save_images(tmp_path / "images", [dicom_image(number, "one study") for number in range(3)])
    assert send(network, "PNEUMONIA", PORT, *paths)
    eventually(lambda: node.counts().processed == 3)
    eventually(lambda: "does not answer" in node.counts().delivery_error)
    status = node.status()
    assert status["pending"] == 3 and "does not answer" in status["delivery_error"]
    orthanc.start()
    eventually(lambda: node.counts().delivered == 3)
    assert orthanc.instances() == 6 and node.counts().delivery_error == ""
    eventually(lambda: "results delivered to" in node.log())
    assert node.log().count("results delivered to") == 1  # one study, one association
    queue_reading(*reading_of(paths[0]), 0, node_home / "node")
    eventually(lambda: node.counts().sent_readings == 1)
    assert orthanc.instances() == 7
    followed = set(re.findall(r"image (\w{12}): received", node.log()))
    delivered = re.findall(r"images ([\w, ]+): results delivered", node.log())
    assert len(followed) == 3 and followed <= set(", ".join(delivered).split(", "))
    assert not any(word in node.log() for word in ("Doe", "4711", "Roe"))
    assert node.stop() == 0


@pytest.mark.skipif(not DICOMWEB.exists(), reason="needs Orthanc's DICOMweb plugin")
def test_two_receivers_get_all_their_results_although_everything_is_killed(
    network, orthanc, node_home, tmp_path
):
    root = f"http://127.0.0.1:{Orthanc.HTTP}/dicom-web"
    to_web, by_dimse = f"{root}={','.join(KINDS)}", f"ORTHANC@127.0.0.1:{Orthanc.PORT}=finding"
    options = ("--send-to", to_web, "--send-to", by_dimse, "--study-timeout", "0", "--readings")
    node = Node(node_home, *options, network=network, port=PORT).start()
    assert readings_wanted(node_home / "node")
    paths = save_images(tmp_path / "images", [dicom_image(number, "one study") for number in range(4)])
    assert send(network, "PNEUMONIA", PORT, *paths[:2])
    eventually(lambda: node.counts().processed == 2)
    node.kill()
    orthanc.stop()
    node.start()
    assert send(network, "PNEUMONIA", PORT, *paths[2:])
    eventually(lambda: node.counts().processed == 4)
    eventually(lambda: "does not answer" in node.counts().delivery_error)
    orthanc.start()
    queue_reading(*reading_of(paths[0]), 0, node_home / "node")
    eventually(lambda: node.counts().delivered == 4 and node.counts().sent_readings == 1)
    assert [len(orthanc.of_modality(kind)) for kind in ("SR", "OT", "SEG", "DOC", "PR")] == [9, 4, 4, 4, 4]
    findings = [orthanc.get(f"instances/{one}/tags?simplify") for one in orthanc.of_modality("SR")]
    with_lungs = sum(SegmentationStorage in str(tags) for tags in findings)
    assert with_lungs == 4  # those by STOW-RS: who gets no lungs gets no reference to them
    assert node.stop() == 0
    before = earlier_images(tmp_path / "before")
    assert send(network, "ORTHANC", Orthanc.PORT, *before)
    command = ("-m", "core", "priors", paths[0], "--save", tmp_path / "prior.dcm")
    found = network.run("env", f"{environment.PRIORS.name}={root}", sys.executable, *command)
    assert found.returncode == 0 and "384 x 384 pixels" in found.stdout, found.stdout + found.stderr
    assert pydicom.dcmread(tmp_path / "prior.dcm").StudyDate == "20230601"


def earlier_images(folder: Path) -> list[Path]:
    """What a PACS may hold besides: only the last one is an earlier frontal image of the same patient."""
    changes = [
        {"PatientBirthDate": "20190131"},  # somebody else's ID by accident
        {"PatientID": "4712"},
        {"ViewPosition": "LL"},
        {"StudyDate": "20250101"},
        {"StudyDate": "20210101"},
        {"StudyDate": "20230601"},
    ]
    images = []
    for number, change in enumerate(changes, start=100):
        image = dicom_image(number)
        image.StudyDate = "20240101"
        for name, value in change.items():
            setattr(image, name, value)
        images.append(image)
    return save_images(folder, images)


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(network, orthanc, node_home, tmp_path):
    """In the end the PACS has one finding per image. `PNEUMONIA_STUDIO_KILLS=20` kills more often."""
    randomly = random.Random(11)
    images = [dicom_image(number, f"study {number // 4}") for number in range(KILLS * IMAGES_PER_KILL)]
    paths = save_images(tmp_path / "images", images)
    node = node_of(network, node_home, "--study-timeout", "0.5").start()
    for start in range(0, len(paths), IMAGES_PER_KILL):
        part = paths[start : start + IMAGES_PER_KILL]
        command = network.command("storescu", "-aec", "PNEUMONIA", "127.0.0.1", PORT, *part)
        sending = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(randomly.uniform(0, 0.4))
        node.kill()
        acknowledged = sending.wait() == 0
        node.start()
        if not acknowledged:  # the sender repeats it, as a PACS does
            assert send(network, "PNEUMONIA", PORT, *part)
    eventually(lambda: node.counts().delivered == len(paths))
    findings = [orthanc.get(f"instances/{one}/tags?simplify") for one in orthanc.of_modality("SR")]
    processed = [
        item["CurrentRequestedProcedureEvidenceSequence"][0]["ReferencedSeriesSequence"][0][
            "ReferencedSOPSequence"
        ][0]["ReferencedSOPInstanceUID"]
        for item in findings
    ]
    assert sorted(processed) == sorted(item.SOPInstanceUID for item in images)
    assert node.stop() == 0
