"""The DICOM node and a real archive, in a network of their own: what goes in comes back, whatever dies."""

import os
import random
import shutil
import subprocess
import time

import pydicom
import pytest
from dicom_world import PROJECT, Network, Node, Orthanc, eventually, film, home_with, possible, saved

from core.diagnosis import node_status

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not possible(), reason="needs Orthanc, dcmtk, curl and a network namespace"),
]
PORT = 11112
KILLS = int(os.environ.get("PNEUMONIA_STUDIO_KILLS", "5"))
A_KILL = 10  # films that are being sent
FORWARD_ALL = """
function OnStoredInstance(instance, tags, metadata, origin)
  SendToModality(instance, 'node')
end
"""


@pytest.fixture(scope="module")
def network():
    found = Network()
    yield found
    found.close()


@pytest.fixture
def orthanc(network, tmp_path):
    """An archive that forwards everything, our results too: it is on the node that nothing turns round."""
    found = Orthanc(network, tmp_path / "orthanc", FORWARD_ALL)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def place(trained, tmp_path):
    return home_with(trained.model_folder(), tmp_path / "home")


def node_of(network, place, *options) -> Node:
    return Node(
        place, "--return-to", f"ORTHANC@127.0.0.1:{Orthanc.PORT}", *options, network=network, port=PORT
    )


def send(network, called: str, port: int, *paths) -> bool:
    """Whether every film was acknowledged."""
    return network.run("storescu", "-aec", called, "127.0.0.1", port, *paths).returncode == 0


def test_a_film_in_the_archive_gets_a_finding_once(network, orthanc, place, tmp_path):
    node = node_of(network, place, "--quiet", "0").start()
    (path,) = saved(tmp_path / "films", [film(1)])
    eventually(lambda: network.run("echoscu", "-aec", "PNEUMONIA", "127.0.0.1", PORT).returncode == 0)
    assert send(network, "ORTHANC", Orthanc.PORT, path)
    eventually(lambda: orthanc.instances() == 3)
    time.sleep(4)  # whatever turned round would have
    assert orthanc.instances() == 3 and node.status()["received"] == 1
    assert orthanc.get("statistics")["CountStudies"] == 1
    (report,), (overlay,) = orthanc.of_modality("SR"), orthanc.of_modality("OT")
    finding = orthanc.save(f"instances/{report}/file", tmp_path / "finding.dcm")
    picture = orthanc.save(f"instances/{overlay}/file", tmp_path / "overlay.dcm")
    original = pydicom.dcmread(path)
    source = pydicom.dcmread(picture).SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert pydicom.dcmread(finding).PatientID == original.PatientID
    if shutil.which("dciodvfy"):
        for made in (finding, picture):
            said = subprocess.run(["dciodvfy", made], capture_output=True, text=True)
            assert "Error" not in said.stdout + said.stderr, said.stderr
    eventually(lambda: node.status()["delivered"] == 1)
    assert not list((place / "node/received").iterdir()) and not list((place / "node/results").iterdir())
    assert node.stop() == 0


def test_the_script_in_the_readme_sends_films_and_not_what_the_node_returned(network, place, tmp_path):
    readme = (PROJECT / "README.md").read_text()
    script = next(block for block in readme.split("```") if "function OnStoredInstance" in block)
    archive = Orthanc(network, tmp_path / "orthanc", script)
    archive.start()
    node = node_of(network, place, "--quiet", "0").start()
    try:
        assert send(network, "ORTHANC", Orthanc.PORT, *saved(tmp_path / "films", [film(1), film(2)]))
        eventually(lambda: archive.instances() == 6)
        eventually(lambda: node.status()["delivered"] == 2)
        assert node.status()["received"] == 2
        time.sleep(4)  # whatever turned round would have
        assert sum(job["Content"]["CountOperations"] for job in archive.get("jobs?expand")) == 2
        assert node.stop() == 0
    finally:
        archive.stop()


def test_results_wait_for_an_archive_that_is_down(network, orthanc, place, tmp_path):
    orthanc.stop()
    node = node_of(network, place, "--quiet", "1").start()
    paths = saved(tmp_path / "films", [film(number, "one study") for number in range(3)])
    assert send(network, "PNEUMONIA", PORT, *paths)
    eventually(lambda: node.status()["judged"] == 3)
    eventually(lambda: "does not answer" in node.status()["trouble"])
    assert node.status()["waiting"] == 3
    orthanc.start()
    eventually(lambda: node.status()["delivered"] == 3)
    assert orthanc.instances() == 6 and node.status()["trouble"] == ""
    assert node.log().count("returned the results of 3 films") == 1  # one study, one answer
    assert node.stop() == 0


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(network, orthanc, place, tmp_path):
    """Each film has one finding in the archive in the end. `PNEUMONIA_STUDIO_KILLS=20` kills more often."""
    randomly = random.Random(11)
    films = [film(number, f"study {number // 4}") for number in range(KILLS * A_KILL)]
    paths = saved(tmp_path / "films", films)
    node = node_of(network, place, "--quiet", "0.5").start()
    for start in range(0, len(paths), A_KILL):
        part = paths[start : start + A_KILL]
        words = network.command("storescu", "-aec", "PNEUMONIA", "127.0.0.1", PORT, *part)
        sending = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(randomly.uniform(0, 0.4))
        node.kill()
        acknowledged = sending.wait() == 0
        node.start()
        if not acknowledged:  # its sender sends again, as archives do
            assert send(network, "PNEUMONIA", PORT, *part)
    eventually(lambda: node_status(place / "node").delivered == len(paths), seconds=120)
    found = [orthanc.get(f"instances/{one}/tags?simplify") for one in orthanc.of_modality("SR")]
    judged = [
        item["CurrentRequestedProcedureEvidenceSequence"][0]["ReferencedSeriesSequence"][0][
            "ReferencedSOPSequence"
        ][0]["ReferencedSOPInstanceUID"]
        for item in found
    ]
    assert sorted(judged) == sorted(item.SOPInstanceUID for item in films)
    assert node.stop() == 0
