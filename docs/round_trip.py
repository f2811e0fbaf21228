"""Show the way of an image through a hospital on this computer: python -m docs.round_trip [FOLDER] [--once]

Starts Orthanc as a PACS, the DICOM node and the app, and sends a few studies to the PACS, which passes them
on. When all results are back, it prints what each study holds now, and how long that took. Everything lies in
FOLDER, by default .round-trip, and all of it is synthetic. The PACS and the app stay up until Ctrl-C; with
--once the app is not started, and all ends. Needs Orthanc and dcmtk (Debian: orthanc, dcmtk).

Orthanc listens on every address; it is told to refuse whatever does not come from this computer.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import requests
from PIL import Image

from benchmarks.app import running, wait_until_up
from core.dataset.synthetic import draw_chest
from core.dicom_node import node_status
from core.reports import KINDS

PROJECT = Path(__file__).resolve().parent.parent
PROGRAMS = ("Orthanc", "img2dcm", "dcmodify", "storescu")
PACS, PACS_PORT = "http://127.0.0.1:8042", 4242
NODE_PORT = 11112
CAUSES = ("normal", "bacteria", "virus", "normal")  # of the drawn studies
MAX_WAIT_S = 300
PARTS = {"studies", "pacs", "home"}  # of the folder, which are made anew


def main(folder: Path, once: bool) -> None:
    """Fill the folder anew, start everything, and send the studies."""
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        sys.exit(f"Not installed: {', '.join(missing)}. Debian: apt install orthanc dcmtk")
    if folder.exists() and any(path.name not in PARTS for path in folder.iterdir()):
        sys.exit(f"{folder} holds something else, which would be deleted. Name a new folder.")
    shutil.rmtree(folder, ignore_errors=True)
    images = draw_studies(folder / "studies")
    with ExitStack() as stack:
        stack.enter_context(pacs(folder / "pacs"))
        stack.enter_context(node(folder / "home"))
        app = "" if once else stack.enter_context(running(folder / "home"))
        started = time.monotonic()
        run("storescu", "-xy", "-aet", "MODALITY", "-aec", "ORTHANC", "127.0.0.1", PACS_PORT, *images)
        wait_for_results(folder / "home", len(images))
        print_studies(time.monotonic() - started)
        if app:
            print(f"PACS: {PACS}/app/explorer.html\nApp: {app}\nCtrl-C ends both.")
            with suppress(KeyboardInterrupt):
                signal.pause()


def draw_studies(folder: Path) -> list[Path]:
    """A DICOM image of nobody for each study."""
    folder.mkdir(parents=True)
    paths = []
    for number, cause in enumerate(CAUSES, start=1):
        picture, path = folder / f"{number}.jpg", folder / f"{number}.dcm"
        Image.fromarray(draw_chest(np.random.default_rng(number), cause)).save(picture, quality=95)
        run("img2dcm", picture, path)
        identity = {"PatientName": f"Synthetic^{number}", "PatientID": f"SYNTHETIC{number}", "Modality": "CR"}
        run("dcmodify", "-nb", *(part for item in identity.items() for part in ("-i", "=".join(item))), path)
        paths.append(path)
    return paths


@contextmanager
def pacs(folder: Path) -> Iterator[None]:
    """Orthanc, which passes images on by the script that the guide to the node gives."""
    folder.mkdir()
    guide = (PROJECT / "docs/dicom-node.md").read_text(encoding="utf-8")
    script = next(block for block in guide.split("```") if "function OnStoredInstance" in block)
    (folder / "forward.lua").write_text(script.removeprefix("lua"))
    settings = {
        "StorageDirectory": str(folder / "images"),
        "IndexDirectory": str(folder / "images"),
        "LuaScripts": [str(folder / "forward.lua")],
        "Plugins": [],
        "DicomAet": "ORTHANC",
        "DicomPort": PACS_PORT,
        "DicomAlwaysAllowStore": False,
        "DicomAlwaysAllowEcho": False,
        "DicomCheckModalityHost": True,
        "DicomModalities": {
            "node": ["PNEUMONIA", "127.0.0.1", NODE_PORT],
            "modality": ["MODALITY", "127.0.0.1", 104],
        },
        "RemoteAccessAllowed": False,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings, indent=2))
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(["Orthanc", folder / "orthanc.json"], stdout=log, stderr=log)
    try:
        if not wait_until_up(process, f"{PACS}/system"):
            sys.exit(f"Orthanc does not start; see {folder / 'log'}")
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def node(home: Path) -> Iterator[None]:
    """The DICOM node, which sends all kinds of result to the PACS."""
    home.mkdir()
    command = [sys.executable, "-m", "core", "node", "--port", str(NODE_PORT), "--allow", "ORTHANC=127.0.0.1"]
    command += ["--send-to", f"ORTHANC@127.0.0.1:{PACS_PORT}"]
    command += [part for kind in KINDS for part in ("--result", kind)]
    environment = {**os.environ, "PNEUMONIA_STUDIO_HOME": str(home)}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        if not process.stdout or "listens" not in process.stdout.readline():
            sys.exit("The node does not start.")
        yield
    finally:
        process.terminate()
        process.wait()


def wait_for_results(home: Path, images: int) -> None:
    """Wait until the PACS has the results of as many images."""
    deadline = time.monotonic() + MAX_WAIT_S
    while (status := node_status(home / "node")) is None or status.delivered < images:
        if time.monotonic() > deadline or (status and status.failed):
            sys.exit(f"The results did not arrive: {status}")
        time.sleep(0.1)


def print_studies(seconds: float) -> None:
    """What the PACS holds of each study."""
    studies = requests.get(f"{PACS}/studies?expand", timeout=30).json()
    for study in sorted(studies, key=lambda study: study["PatientMainDicomTags"]["PatientName"]):
        series = requests.get(f"{PACS}/studies/{study['ID']}/series", timeout=30).json()
        names = [
            item["MainDicomTags"].get("SeriesDescription") or f"image ({item['MainDicomTags']['Modality']})"
            for item in series
        ]
        print(f"{study['PatientMainDicomTags']['PatientName']}: {'; '.join(sorted(names))}")
    print(f"{len(CAUSES)} studies sent, judged and returned in {seconds:.1f} s")


def run(*command: object) -> None:
    """Run a program; what it prints is shown where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr or done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=PROJECT / ".round-trip")
    parser.add_argument("--once", action="store_true")
    given = parser.parse_args()
    try:
        main(given.folder.resolve(), given.once)
    except KeyboardInterrupt:
        sys.exit("Ended before the results were back.")
