"""Parts for tests of the DICOM node: images, peers, the node as a process, Orthanc in its own network."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import Verification  # pyright: ignore[reportAttributeAccessIssue]
from short_runs import wait_until

from core.dataset.synthetic import draw_chest
from core.dicom_node import NodeStatus, associate, node_status

PROJECT = Path(__file__).resolve().parents[1]
SIDE = 384  # pixels: 147 kB per image
DRAWINGS = 6  # different images
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def dicom_image(
    number: int, study: str = "", sop_class: UID = ComputedRadiographyImageStorage
) -> FileDataset:
    """An uncompressed image with a patient name; the same number gives the same instance."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["image", str(number)])
    image = FileDataset("image", {}, file_meta=meta, preamble=bytes(128))
    image.SOPClassUID, image.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID = generate_uid(entropy_srcs=["study", study or str(number)])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(number)])
    image.Modality, image.Manufacturer = "CR", "A maker"
    image.PatientName, image.PatientID, image.PatientSex = "Doe^Jane", "4711", "F"
    image.PatientBirthDate, image.StudyDate, image.StudyTime = "20200131", "20240229", "101500"
    image.StudyID, image.AccessionNumber, image.ReferringPhysicianName = "S1", "A1", "Roe^Richard"
    image.Rows = image.Columns = SIDE
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.PixelData = _drawing(number % DRAWINGS)
    return image


@cache
def _drawing(number: int) -> bytes:
    """Pixels of a chest that is drawn once."""
    drawing = Image.fromarray(draw_chest(np.random.default_rng(number), "bacteria"))
    return np.asarray(drawing.resize((SIDE, SIDE))).tobytes()


def save_images(folder: Path, images: list[FileDataset]) -> list[Path]:
    """Paths of the images as files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index:04d}.dcm" for index in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        image.save_as(path, enforce_file_format=True)
    return paths


def connect(
    port: int, aet: str = "MODALITY", called: str = "PNEUMONIA", syntax: UID = ExplicitVRLittleEndian
) -> Association:
    """An association with the node, established or not."""
    entity = AE(aet)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = 20
    entity.add_requested_context(Verification)
    for sop_class in (
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        SecondaryCaptureImageStorage,
        CTImageStorage,
    ):
        entity.add_requested_context(sop_class, syntax)
    return associate(entity, "127.0.0.1", port, called)


def store(port: int, *images: FileDataset, syntax: UID = ExplicitVRLittleEndian) -> list[int]:
    """Send images by C-STORE; the status of each response."""
    association = connect(port, syntax=syntax)
    assert association.is_established
    statuses = [association.send_c_store(image).Status for image in images]
    association.release()
    return statuses


def home_with(models: Path, folder: Path) -> Path:
    """A home folder with the given models, and with the active one of the home that they are in.

    The active one comes without its reference: eight validation images make a range so narrow that some of
    the images drawn here would get no result.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_weights").symlink_to(models, target_is_directory=True)
    without_reference = shutil.ignore_patterns("reference.npz")
    shutil.copytree(models.parent / "registry", folder / "registry", ignore=without_reference)
    return folder


class Network:
    """A network namespace with a loopback device alone: Orthanc listens on all addresses."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "-rn", "sh", "-c", "ip link set lo up && echo up && exec sleep 100000"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout.readline() == "up\n"
        self.nodes: list[Node] = []  # that were started in it

    def command(self, *parts: object) -> list[str]:
        """The arguments that run a command in this network."""
        enter = ["nsenter", "-t", str(self._holder.pid), "-U", "-n", "--preserve-credentials"]
        return [*enter, *map(str, parts)]

    def run(self, *parts: object) -> subprocess.CompletedProcess:
        """Run a command in this network and wait for it."""
        environment = {**os.environ, "TCP_NODELAY": "1"}
        return subprocess.run(self.command(*parts), capture_output=True, text=True, env=environment)

    def kill_nodes(self) -> None:
        """What a failed test left running holds a port."""
        for node in self.nodes:
            node.kill()
        self.nodes.clear()

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


def orthanc_available() -> bool:
    """Whether Orthanc can be started in its own network."""
    if not all(map(shutil.which, ("Orthanc", "unshare", "nsenter", "ip", "curl", "storescu"))):
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


class Orthanc:
    """A PACS that forwards images to the node by a Lua script."""

    PORT, HTTP = 4242, 8042

    def __init__(self, network: Network, folder: Path, forwarding: str = "") -> None:
        self._network, self._folder, self._process = network, folder, None
        folder.mkdir()
        (folder / "forward.lua").write_text(forwarding)
        settings = {
            "StorageDirectory": str(folder / "db"),
            "IndexDirectory": str(folder / "db"),
            "DicomAet": "ORTHANC",
            "DicomPort": self.PORT,
            "HttpPort": self.HTTP,
            "RemoteAccessAllowed": False,
            "DicomAlwaysAllowStore": True,
            "DicomModalities": {"node": ["PNEUMONIA", "127.0.0.1", 11112]},
            "LuaScripts": [str(folder / "forward.lua")],
            "Plugins": [str(DICOMWEB)] if DICOMWEB.exists() else [],
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))

    def start(self) -> None:
        command = self._network.command("Orthanc", self._folder / "orthanc.json")
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self._network.run("curl", "-sf", self._address("system")).returncode == 0)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def get(self, resource: str) -> object:
        """A resource of its REST API."""
        return json.loads(self._network.run("curl", "-sf", self._address(resource)).stdout)

    def save(self, resource: str, path: Path) -> Path:
        """Download a file from its REST API."""
        assert self._network.run("curl", "-sf", "-o", path, self._address(resource)).returncode == 0
        return path

    def instances(self) -> int:
        return self.get("statistics")["CountInstances"]

    def of_modality(self, modality: str) -> list[str]:
        """Orthanc identifiers of the instances of one modality."""
        series = [self.get(f"series/{item}") for item in self.get("series")]
        return [
            instance
            for item in series
            if item["MainDicomTags"]["Modality"] == modality
            for instance in item["Instances"]
        ]

    def _address(self, resource: str) -> str:
        return f"http://127.0.0.1:{self.HTTP}/{resource}"


class Node:
    """The node in its own process."""

    def __init__(self, home: Path, *options: object, network: Network | None = None, port: int = 0) -> None:
        self.home, self._network, self._port = home, network, port
        self._options, self._process, self.port = options, None, port

    def start(self) -> "Node":
        arguments = [sys.executable, "-m", "core", "node", "--port", self._port, *self._options]
        command = self._network.command(*arguments) if self._network else list(map(str, arguments))
        if self._network:
            self._network.nodes.append(self)
        with open(self.home / "node.log", "ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, "PNEUMONIA_STUDIO_HOME": str(self.home)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        line = self._process.stdout.readline()
        assert "listens on" in line, line + self.log()
        self.port = int(line.split(";")[0].rpartition(":")[2])
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As a power failure does."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """As Ctrl-C does; returns the exit code."""
        self._process.terminate()
        return self._process.wait(180)

    def log(self) -> str:
        return (self.home / "node.log").read_text()

    def counts(self) -> NodeStatus:
        """Its status, read from the queue."""
        return node_status(self.home / "node")

    def status(self) -> dict:
        """Output of `--status --json`."""
        done = subprocess.run(
            [sys.executable, "-m", "core", "node", "--status", "--json"],
            cwd=PROJECT,
            env={**os.environ, "PNEUMONIA_STUDIO_HOME": str(self.home)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


eventually = partial(wait_until, seconds=180)
