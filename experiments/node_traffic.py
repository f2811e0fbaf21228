"""Does the DICOM node lose or repeat results under traffic, and does its memory grow?

python -m experiments.node_traffic FOLDER --images 2000 --restarts 3
python -m experiments.node_traffic FOLDER --images 200 --burst 10 --kills 20

Images go to the node in bursts by storescu, their results to Orthanc by STOW-RS. A burst that was not
acknowledged is sent again, as a PACS does. Needs Orthanc with its DICOMweb plugin, and dcmtk.
"""

import atexit
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
import psutil
import pydicom
import requests
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from benchmarks.app import free_port, wait_until_up
from core.dataset.synthetic import draw_chest
from core.dicom_node import node_latencies, node_status
from core.errors import UserError

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
SIDE = 384  # pixels
DRAWINGS = 6  # different images
IMAGES_PER_STUDY = 2
MAX_KILL_S = 20.0  # after a burst began: while it is received, processed or delivered
LOOK_S = 2.0  # between two looks at the node's memory
PATIENCE_S = 3600


class Pacs:
    """Orthanc with DICOMweb; it keeps what it has when it is stopped."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.url, self._file = f"http://127.0.0.1:{(port := free_port())}", folder / "orthanc.json"
        settings = {
            "StorageDirectory": str(folder / "images"),
            "IndexDirectory": str(folder / "images"),
            "HttpPort": port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "Plugins": [str(PLUGIN)],
        }
        self._file.write_text(json.dumps(settings))
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(["Orthanc", self._file], stderr=subprocess.DEVNULL)
        atexit.register(self._process.kill)  # however this program ends
        wait_until_up(self._process, f"{self.url}/system")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def get(self, resource: str) -> Any:
        return requests.get(f"{self.url}/{resource}", timeout=300).json()

    def results(self) -> Counter:
        """How often the PACS has each kind of result of each image: by modality and the image's UID."""
        counts: Counter = Counter()
        for instance in self.get("instances"):
            tags = self.get(f"instances/{instance}/simplified-tags")
            counts[tags["Modality"], _referenced(tags)] += 1
        return counts


def _referenced(tags: dict) -> str:
    """The UID of the image that a result refers to."""
    if tags["Modality"] == "OT":
        return tags["SourceImageSequence"][0]["ReferencedSOPInstanceUID"]
    evidence = tags["CurrentRequestedProcedureEvidenceSequence"][0]["ReferencedSeriesSequence"][0]
    return evidence["ReferencedSOPSequence"][0]["ReferencedSOPInstanceUID"]


class Node:
    """The node as a process, whose memory is looked at while it runs."""

    def __init__(self, home: Path, pacs: Pacs) -> None:
        self.home, self.port, self.lives = home, free_port(), []
        self._command = [sys.executable, "-m", "core", "node", "--port", str(self.port)]
        self._command += ["--send-to", f"{pacs.url}/dicom-web", "--study-timeout", "0.5"]
        home.mkdir()
        self.start()
        threading.Thread(target=self._look, daemon=True).start()

    def start(self) -> None:
        with open(self.home / "node.log", "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, "PNEUMONIA_STUDIO_HOME": str(self.home)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        atexit.register(self._process.kill)  # however this program ends
        assert self._process.stdout and "listens" in self._process.stdout.readline()
        self.lives.append([])

    def kill(self) -> None:
        """As a power failure does."""
        self._process.kill()
        self._process.wait()

    def delivered(self) -> int:
        status = node_status(self.home / "node")
        return status.delivered if status else 0

    def _look(self) -> None:
        """Note MiB of memory and the number of delivered images, in each life of the process."""
        while True:
            life = self.lives[-1]
            with suppress(psutil.Error, UserError):  # between two lives
                life.append((self.delivered(), psutil.Process(self._process.pid).memory_info().rss / 2**20))
            time.sleep(LOOK_S)


def draw(folder: Path, numbers: range) -> list[Path]:
    """Images of nobody as DICOM files."""
    folder.mkdir(parents=True)
    paths = []
    for number in numbers:
        image = pydicom.Dataset()
        image.SOPClassUID = ComputedRadiographyImageStorage
        image.SOPInstanceUID = generate_uid(entropy_srcs=["traffic", str(number)])
        image.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(number // IMAGES_PER_STUDY)])
        image.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(number)])
        image.Modality, image.PatientID, image.PatientName = "CR", f"T{number}", f"Traffic^{number}"
        image.Rows = image.Columns = SIDE
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
        image.PixelData = _pixels(number % DRAWINGS)
        paths.append(folder / f"{number:06d}.dcm")
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.save_as(paths[-1], enforce_file_format=True)
    return paths


@cache
def _pixels(number: int) -> bytes:
    drawing = Image.fromarray(draw_chest(np.random.default_rng(number), "bacteria"))
    return np.asarray(drawing.resize((SIDE, SIDE))).tobytes()


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--images", default=2000, show_default=True, help="To send in all.")
@click.option("--burst", default=200, show_default=True, help="Sent over one association.")
@click.option("--kills", default=0, show_default=True, help="Of the node, one within a burst.")
@click.option("--restarts", default=0, show_default=True, help="Of node and PACS, between bursts.")
def main(folder: Path, images: int, burst: int, kills: int, restarts: int) -> None:
    """Send images and count their results in the PACS. FOLDER must not exist; it is deleted at the end."""
    if not (PLUGIN.exists() and all(map(shutil.which, ("Orthanc", "storescu")))):
        sys.exit("Not installed: Orthanc, its DICOMweb plugin or dcmtk.")
    folder.mkdir(parents=True)
    pacs = Pacs(folder / "pacs")
    node = Node(folder / "home", pacs)
    randomly, began = random.Random(0), time.monotonic()
    bursts = [range(start, min(images, start + burst)) for start in range(0, images, burst)]
    restart_before = {len(bursts) * (number + 1) // (restarts + 1) for number in range(restarts)}
    for number, numbers in enumerate(bursts):
        if number in restart_before:
            node.kill()
            pacs.stop()
            pacs.start()
            node.start()
        paths = draw(folder / "burst", numbers)
        send(node, paths, randomly.uniform(0, MAX_KILL_S) if number < kills else None)
        shutil.rmtree(folder / "burst")
        print(
            f"{time.monotonic() - began:.0f} s: {numbers.stop} sent, {node.delivered()} delivered", flush=True
        )
    while node.delivered() < images:
        if time.monotonic() - began > PATIENCE_S:
            sys.exit(f"Only {node.delivered()} were delivered: {node_status(node.home / 'node')}")
        time.sleep(LOOK_S)
    tell(time.monotonic() - began, images, pacs.results(), node)
    node.kill()
    pacs.stop()
    shutil.rmtree(folder)


def send(node: Node, paths: list[Path], kill_after: float | None) -> None:
    """Send images until they are all acknowledged; the node is killed after some seconds unless None."""
    command = ["storescu", "-aec", "PNEUMONIA", "127.0.0.1", str(node.port), *map(str, paths)]
    while True:
        sending = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        if kill_after is not None:
            time.sleep(kill_after)
            node.kill()
        acknowledged = sending.wait() == 0
        if kill_after is not None:
            node.start()
        if acknowledged:
            return
        kill_after = None


def tell(seconds: float, images: int, results: Counter, node: Node) -> None:
    """Print what became of the images, and how much memory the node took."""
    print(f"{images} images in {seconds:.0f} s, {images / seconds:.1f} a second")
    for modality in ("SR", "OT"):
        counts = [count for (kind, _), count in results.items() if kind == modality]
        print(
            f"{modality}: {len(counts)} images have one, {sum(count > 1 for count in counts)} more than one"
        )
    for step, latencies in node_latencies(node.home / "node").items():
        print(f"{step}: {latencies.seconds / max(1, sum(latencies.images.values())):.1f} s on average")
    for number, life in enumerate((life for life in node.lives if len(life) > 2), start=1):
        sizes = [size for _, size in life]
        half = len(sizes) // 2
        print(
            f"life {number}: {life[-1][0] - life[0][0]} images delivered; median memory "
            f"{median(sizes[:half]):.0f} MiB in its first half, {median(sizes[half:]):.0f} in its second, "
            f"at most {max(sizes):.0f}"
        )


if __name__ == "__main__":
    main()
