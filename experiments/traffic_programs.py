"""The programs of `node_traffic`: each can be killed and started again, and says what it takes."""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.app import free_port, wait_until_up
from core.dicom_node import NodeStatus, node_status

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
LOOK_S = 5.0  # between two looks at a program
FIGURE = "pneumonia_studio_node_"  # how the names of the node's figures begin


@dataclass(frozen=True)
class Look:
    """What a program takes, with the processes that it has started.

    Attributes:
        time: when, as `time.monotonic`.
        life: how often it was started before.
        memory: resident, MiB.
        processor_s: processor time since its first start.
    """

    time: float
    life: int
    memory: float
    processor_s: float


class Program:
    """A process that is killed and started again; it keeps what it has on disk."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self._life, self._earlier_s = -1, 0.0  # processor time of the lives before
        self.start()

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        raise NotImplementedError

    def _run(self, command: list, **options: Any) -> subprocess.Popen:
        if self.looks:
            self._earlier_s = self.looks[-1].processor_s
        self._life += 1
        self._process = subprocess.Popen(command, start_new_session=True, **options)  # as a service is
        atexit.register(self._process.kill)  # however this program ends
        return self._process

    def look(self) -> None:
        """Note what it takes; nothing between two lives."""
        with suppress(psutil.Error):
            process, memory, seconds = psutil.Process(self._process.pid), 0.0, self._earlier_s
            for each in (process, *process.children(recursive=True)):
                memory += each.memory_info().rss / 2**20
                seconds += sum(each.cpu_times()[:4])  # with those of its processes that have ended
            self.looks.append(Look(time.monotonic(), self._life, memory, seconds))

    def kill(self) -> None:
        """As a power failure does."""
        self.look()
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
        super().__init__()

    def start(self) -> None:
        process = self._run(["Orthanc", self._file], stderr=subprocess.DEVNULL)
        wait_until_up(process, f"{self.url}/system")

    def results(self) -> Counter:
        """How often the PACS has each kind of result of each image: by modality and the image's UID."""
        counts: Counter = Counter()
        with requests.Session() as session:
            for study in session.get(f"{self.url}/studies", timeout=300).json():
                instances = session.get(f"{self.url}/studies/{study}/instances-tags?simplify", timeout=300)
                counts.update((tags["Modality"], _referenced(tags)) for tags in instances.json().values())
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
        super().__init__()
        threading.Thread(target=self._ask, daemon=True).start()

    def start(self) -> None:
        with open(self._home / "app.log", "ab") as log:
            process = self._run(self._command, env=own_home(self._home), stdout=log, stderr=log)
        wait_until_up(process, self._health)

    def _ask(self) -> None:
        while True:
            with suppress(requests.RequestException):
                self.answers += FIGURE in requests.get(self._figures, timeout=30).text
            time.sleep(2 * LOOK_S)


def own_home(home: Path) -> dict[str, str]:
    """The environment of a program with a home of its own."""
    return {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}


class Node(Program):
    """The DICOM node, which sends its results to a PACS."""

    def __init__(self, home: Path, pacs: Pacs) -> None:
        self.home, self.port = home, free_port()
        self._command = [sys.executable, "-m", "core", "node", "--port", str(self.port)]
        self._command += ["--send-to", f"{pacs.url}/dicom-web", "--study-timeout", "0.5"]
        home.mkdir()
        super().__init__()

    def start(self) -> None:
        with open(self.home / "node.log", "ab") as log:
            environment = own_home(self.home)
            process = self._run(self._command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout and "listens" in process.stdout.readline()

    @property
    def folder(self) -> Path:
        """Of its queue."""
        return self.home / "node"

    def status(self) -> NodeStatus:
        return node_status(self.folder) or NodeStatus()
