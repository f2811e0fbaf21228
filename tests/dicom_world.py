"""Real parts for tests of the DICOM node: films, the node as a process, Orthanc in a network of its own."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid
from short_runs import wait_until

from core.dataset.demo import draw_chest

PROJECT = Path(__file__).resolve().parents[1]
SIDE = 384  # pixels: 147 kB a film
DRAWN = 6  # different pictures


def film(number: int, study: str = "", kind: UID = ComputedRadiographyImageStorage) -> FileDataset:
    """A film of a person with a name, uncompressed; the same number gives the same instance."""
    picture = Image.fromarray(draw_chest(np.random.default_rng(number % DRAWN), "bacteria"))
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["film", str(number)])
    made = FileDataset("film", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID = generate_uid(entropy_srcs=["study", study or str(number)])
    made.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(number)])
    made.Modality, made.Manufacturer = "CR", "A maker"
    made.PatientName, made.PatientID, made.PatientSex = "Doe^Jane", "4711", "F"
    made.PatientBirthDate, made.StudyDate, made.StudyTime = "20200131", "20240229", "101500"
    made.StudyID, made.AccessionNumber, made.ReferringPhysicianName = "S1", "A1", "Roe^Richard"
    made.Rows = made.Columns = SIDE
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.PixelData = np.asarray(picture.resize((SIDE, SIDE))).tobytes()
    return made


def saved(folder: Path, films: list[FileDataset]) -> list[Path]:
    """Films as files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{place:04d}.dcm" for place in range(len(films))]
    for path, item in zip(paths, films, strict=True):
        item.save_as(path, enforce_file_format=True)
    return paths


def home_with(models: Path, folder: Path) -> Path:
    """A home of its own that answers with the given models."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_weights").symlink_to(models, target_is_directory=True)
    return folder


class Network:
    """A network that reaches this machine alone: Orthanc listens on all addresses there are."""

    def __init__(self):
        self._holder = subprocess.Popen(
            ["unshare", "-rn", "sh", "-c", "ip link set lo up && echo up && exec sleep 100000"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout.readline() == "up\n"

    def command(self, *parts) -> list[str]:
        """The words that run a command in this network."""
        inside = ["nsenter", "-t", str(self._holder.pid), "-U", "-n", "--preserve-credentials"]
        return [*inside, *map(str, parts)]

    def run(self, *parts) -> subprocess.CompletedProcess:
        """Run a command in this network to its end."""
        environment = {**os.environ, "TCP_NODELAY": "1"}
        return subprocess.run(self.command(*parts), capture_output=True, text=True, env=environment)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


def possible() -> bool:
    """Whether Orthanc can be started in a network of its own."""
    if not all(map(shutil.which, ("Orthanc", "unshare", "nsenter", "ip", "curl", "storescu"))):
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


class Orthanc:
    """The archive, forwarding whatever it gets to the node."""

    PORT, HTTP = 4242, 8042

    def __init__(self, network: Network, folder: Path, forwarding: str = ""):
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
            "Plugins": [],
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

    def get(self, place: str) -> object:
        """What its REST interface answers."""
        return json.loads(self._network.run("curl", "-sf", self._address(place)).stdout)

    def save(self, place: str, path: Path) -> Path:
        """A file by its REST interface."""
        assert self._network.run("curl", "-sf", "-o", path, self._address(place)).returncode == 0
        return path

    def instances(self) -> int:
        return self.get("statistics")["CountInstances"]

    def of_modality(self, modality: str) -> list[str]:
        """Its identifiers of the instances of one modality."""
        series = [self.get(f"series/{item}") for item in self.get("series")]
        return [
            instance
            for item in series
            if item["MainDicomTags"]["Modality"] == modality
            for instance in item["Instances"]
        ]

    def _address(self, place: str) -> str:
        return f"http://127.0.0.1:{self.HTTP}/{place}"


class Node:
    """The node in its own process."""

    def __init__(self, home: Path, *options, network: Network | None = None, port: int = 0):
        self.home, self._network, self._port = home, network, port
        self._options, self._process, self.port = options, None, port

    def start(self) -> "Node":
        words = [sys.executable, "-m", "core", "node", "--port", self._port, *self._options]
        command = self._network.command(*words) if self._network else list(map(str, words))
        with open(self.home / "node.log", "ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, "PNEUMONIA_STUDIO_HOME": str(self.home)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        said = self._process.stdout.readline()
        assert "listens on" in said, said + self.log()
        self.port = int(said.split(";")[0].rpartition(":")[2])
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As when the power goes."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As Ctrl-C does; the exit code."""
        self._process.terminate()
        return self._process.wait(30)

    def log(self) -> str:
        return (self.home / "node.log").read_text()

    def status(self) -> dict:
        """What `--status` says."""
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
