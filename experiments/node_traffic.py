"""Does the DICOM node lose or repeat results under traffic, and does its memory grow?

python -m experiments.node_traffic FOLDER --images 20000 --minutes 60 --kills 12
python -m experiments.node_traffic FOLDER --images 200 --burst 10 --minutes 5 --kills 20 --only node

Images go to the node in bursts by storescu, their results to Orthanc by STOW-RS, while the app serves the
node's figures. A burst that was not acknowledged is sent again, as a PACS does; the next one follows when the
node has nearly done with those before. Node, PACS and app are killed at random moments (`kill -9`) and start
again seconds later. Needs Orthanc with its DICOMweb plugin, and dcmtk.
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
from itertools import cycle
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
from core.dicom_node import NodeStatus, node_latencies, node_status
from core.errors import UserError

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
SIDE = 384  # pixels
DRAWINGS = 6  # different images
IMAGES_PER_STUDY = 2
MAX_AWAY_S = 10.0  # of a program that was killed
LOOK_S = 2.0  # between two looks at the node's memory
FIGURE = "pneumonia_studio_node_"  # how the names of the node's figures begin
PATIENCE_S = 3600


class Program:
    """A process that is killed and started again; it keeps what it has on disk."""

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        raise NotImplementedError

    def _run(self, command: list, **options: Any) -> subprocess.Popen:
        self._process = subprocess.Popen(command, **options)
        atexit.register(self._process.kill)  # however this program ends
        return self._process

    def kill(self) -> None:
        """As a power failure does."""
        self._process.kill()
        self._process.wait()


class Pacs(Program):
    """Orthanc with DICOMweb."""

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
        process = self._run(["Orthanc", self._file], stderr=subprocess.DEVNULL)
        wait_until_up(process, f"{self.url}/system")

    def results(self) -> Counter:
        """How often the PACS has each kind of result of each image: by modality and the image's UID."""
        counts: Counter = Counter()
        with requests.Session() as session:
            for instance in session.get(f"{self.url}/instances", timeout=300).json():
                tags = session.get(f"{self.url}/instances/{instance}/simplified-tags", timeout=300).json()
                counts[tags["Modality"], _referenced(tags)] += 1
        return counts


def _referenced(tags: dict) -> str:
    """The UID of the image that a result refers to."""
    if tags["Modality"] == "OT":
        return tags["SourceImageSequence"][0]["ReferencedSOPInstanceUID"]
    evidence = tags["CurrentRequestedProcedureEvidenceSequence"][0]["ReferencedSeriesSequence"][0]
    return evidence["ReferencedSOPSequence"][0]["ReferencedSOPInstanceUID"]


class App(Program):
    """The app, whose figures of the node are asked for while it runs."""

    def __init__(self, home: Path) -> None:
        self._home, port = home, free_port()
        self._command = [sys.executable, "-m", "core", "run", "--port", str(port)]
        self._figures, self._health = (
            f"http://127.0.0.1:{port}/metrics",
            f"http://127.0.0.1:{port}/_stcore/health",
        )
        self.answers = 0
        self.start()
        threading.Thread(target=self._ask, daemon=True).start()

    def start(self) -> None:
        with open(self._home / "app.log", "ab") as log:
            process = self._run(self._command, env=own_home(self._home), stdout=log, stderr=log)
        wait_until_up(process, self._health)

    def memory(self) -> float:
        """MiB of it and its processes."""
        process = psutil.Process(self._process.pid)
        return sum(each.memory_info().rss for each in (process, *process.children(True))) / 2**20

    def _ask(self) -> None:
        while True:
            with suppress(requests.RequestException):
                self.answers += FIGURE in requests.get(self._figures, timeout=30).text
            time.sleep(5 * LOOK_S)


def own_home(home: Path) -> dict[str, str]:
    """The environment of a program with a home of its own."""
    return {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}


class Node(Program):
    """The node, whose memory is looked at while it runs."""

    def __init__(self, home: Path, pacs: Pacs) -> None:
        self.home, self.port, self.lives = home, free_port(), []
        self._command = [sys.executable, "-m", "core", "node", "--port", str(self.port)]
        self._command += ["--send-to", f"{pacs.url}/dicom-web", "--study-timeout", "0.5"]
        home.mkdir()
        self.start()
        threading.Thread(target=self._look, daemon=True).start()

    def start(self) -> None:
        with open(self.home / "node.log", "ab") as log:
            environment = own_home(self.home)
            process = self._run(self._command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout and "listens" in process.stdout.readline()
        self.lives.append([])

    def status(self) -> NodeStatus:
        return node_status(self.home / "node") or NodeStatus()

    def _look(self) -> None:
        """Note MiB of memory and the number of delivered images, in each life of the process."""
        while True:
            life = self.lives[-1]
            with suppress(psutil.Error, UserError):  # between two lives
                life.append(
                    (self.status().delivered, psutil.Process(self._process.pid).memory_info().rss / 2**20)
                )
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
@click.option("--minutes", default=60.0, show_default=True, help="After which no burst begins.")
@click.option("--kills", default=0, show_default=True, help="At random moments of these minutes.")
@click.option("--only", type=click.Choice(("node", "pacs", "app")), help="Program to kill; all in turn.")
def main(folder: Path, images: int, burst: int, minutes: float, kills: int, only: str | None) -> None:
    """Send images and count their results in the PACS. FOLDER must not exist; it is deleted at the end."""
    if not (PLUGIN.exists() and all(map(shutil.which, ("Orthanc", "storescu")))):
        sys.exit("Not installed: Orthanc, its DICOMweb plugin or dcmtk.")
    folder.mkdir(parents=True)
    pacs = Pacs(folder / "pacs")
    node = Node(folder / "home", pacs)
    app, began = App(folder / "home"), time.monotonic()
    programs = {"node": node, "pacs": pacs, "app": app}
    moments = [began + moment for moment in moments_of(kills, 60 * minutes)]
    victims = [name for name in programs if only in (None, name)]
    done = threading.Event()
    killing = threading.Thread(target=kill, args=(programs, victims, moments, began, done))
    killing.start()
    sent = 0
    while sent < images and time.monotonic() - began < 60 * minutes:
        numbers = range(sent, min(images, sent + burst))
        send(node, draw(folder / "burst", numbers))
        shutil.rmtree(folder / "burst")
        sent = numbers.stop
        say(began, f"{sent} sent, {node.status().delivered} delivered, app {app.memory():.0f} MiB")
        while node.status().pending > burst and time.monotonic() - began < 60 * minutes:
            time.sleep(LOOK_S)
    done.set()
    killing.join()
    while (status := node.status()).pending:
        if time.monotonic() - began > 60 * minutes + PATIENCE_S:
            sys.exit(f"Not all were delivered: {status}")
        time.sleep(LOOK_S)
    say(began, f"{status.delivered} delivered, {status.failed} failed; app asked {app.answers} times")
    tell(time.monotonic() - began, sent, pacs.results(), node)
    for program in programs.values():
        program.kill()
    shutil.rmtree(folder)


def say(began: float, what: str) -> None:
    """Print what has happened, and when."""
    print(f"{time.monotonic() - began:.0f} s: {what}", flush=True)


def moments_of(count: int, seconds: float) -> list[float]:
    """Random moments, ascending, the same at each call."""
    randomly = random.Random(0)
    return sorted(randomly.uniform(0, seconds) for _ in range(count))


def kill(
    programs: dict[str, Program],
    victims: list[str],
    moments: list[float],
    began: float,
    done: threading.Event,
) -> None:
    """Kill programs in turn, each at its moment, and start them again, until all images are sent."""
    randomly = random.Random(1)
    for moment, name in zip(moments, cycle(victims), strict=False):
        if done.wait(moment - time.monotonic()):
            return
        say(began, f"kill -9 of the {name}")
        programs[name].kill()
        time.sleep(randomly.uniform(0, MAX_AWAY_S))
        programs[name].start()
        say(began, f"the {name} is up again")


def send(node: Node, paths: list[Path]) -> None:
    """Send images until they are all acknowledged."""
    command = ["storescu", "-aec", "PNEUMONIA", "127.0.0.1", str(node.port), *map(str, paths)]
    while subprocess.run(command, stderr=subprocess.DEVNULL).returncode:
        time.sleep(1)  # the node is down


def tell(seconds: float, images: int, results: Counter, node: Node) -> None:
    """Print what became of the images, and how much memory the node took."""
    print(f"{images} images in {seconds:.0f} s, {images / seconds:.1f} a second")
    for modality in ("SR", "OT"):
        counts = [count for (kind, _), count in results.items() if kind == modality]
        print(
            f"{modality}: {len(counts)} images have one, {sum(count > 1 for count in counts)} more than one"
        )
    for step, latencies in node_latencies(node.home / "node").items():
        count = max(1, sum(latencies.images.values()))
        limits = {f"{limit:g} s": number for limit, number in latencies.images.items() if number}
        print(f"{step}: {latencies.seconds / count:.1f} s on average; images by their limit: {limits}")
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
