"""Does the DICOM node lose or repeat results under traffic, and does its memory grow?

python -m experiments.node_traffic FOLDER --images 20000 --minutes 60 --kills 12
python -m experiments.node_traffic FOLDER --images 200 --burst 10 --minutes 5 --kills 20 --only node

Images go to the node in bursts by storescu, their results to Orthanc by STOW-RS, while the app serves the
node's figures. A burst that was not acknowledged is sent again, as a PACS does; the next one follows when the
node has nearly done with those before. Node, PACS and app are killed at random moments (`kill -9`) and start
again seconds later. Needs Orthanc with its DICOMweb plugin, and dcmtk.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from itertools import cycle
from pathlib import Path
from statistics import median

import click
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from core.database import read_database
from core.dataset.synthetic import draw_chest
from experiments.traffic_programs import LOOK_S, PLUGIN, App, Node, Pacs, Program

SIDE = 384  # pixels
DRAWINGS = 6  # different images
IMAGES_PER_STUDY = 2
MAX_AWAY_S = 10.0  # of a program that was killed
WAIT_S = 2.0  # between two looks at what waits in the node
QUARTERS = 4


def draw(folder: Path, numbers: range) -> list[Path]:
    """Images of nobody as DICOM files."""
    folder.mkdir(parents=True)
    paths = []
    for number in numbers:
        image = pydicom.Dataset()
        image.SOPClassUID = ComputedRadiographyImageStorage
        image.SOPInstanceUID = image_uid(number)
        study = number // IMAGES_PER_STUDY
        image.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(study)])
        image.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(number)])
        image.Modality, image.PatientID, image.PatientName = "CR", f"T{study}", f"Traffic^{study}"
        image.Rows = image.Columns = SIDE
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
        image.PixelData = _pixels(number % DRAWINGS)
        paths.append(folder / f"{number:06d}.dcm")
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.save_as(paths[-1], enforce_file_format=True)
    return paths


def image_uid(number: int) -> str:
    """The instance UID of an image."""
    return generate_uid(entropy_srcs=["traffic", str(number)])


@cache
def _pixels(number: int) -> bytes:
    drawing = Image.fromarray(draw_chest(np.random.default_rng(number), "bacteria"))
    return np.asarray(drawing.resize((SIDE, SIDE))).tobytes()


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--images", default=2000, show_default=True, help="To send in all.")
@click.option("--burst", default=200, show_default=True, help="Sent over one association.")
@click.option("--minutes", default=60.0, show_default=True, help="After which no burst begins.")
@click.option("--patience", default=60.0, show_default=True, help="Minutes after those for what waits.")
@click.option("--kills", default=0, show_default=True, help="At random moments of these minutes.")
@click.option("--only", type=click.Choice(("node", "pacs", "app")), help="Program to kill; all in turn.")
def main(
    folder: Path, images: int, burst: int, minutes: float, patience: float, kills: int, only: str | None
) -> None:
    """Send images and count their results in the PACS. FOLDER must not exist; it is deleted at the end."""
    if not (PLUGIN.exists() and all(map(shutil.which, ("Orthanc", "storescu")))):
        sys.exit("Not installed: Orthanc, its DICOMweb plugin or dcmtk.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended"))  # and the programs with it
    folder.mkdir(parents=True)
    pacs = Pacs(folder / "pacs")
    node = Node(folder / "home", pacs)
    programs: dict[str, Program] = {"node": node, "pacs": pacs, "app": App(folder / "home")}
    began, done = time.monotonic(), threading.Event()
    moments = [began + moment for moment in moments_of(kills, 60 * minutes)]
    victims = [name for name in programs if only in (None, name)]
    killing = threading.Thread(target=kill, args=(programs, victims, moments, began, done))
    killing.start()
    threading.Thread(target=look, args=(programs.values(),), daemon=True).start()
    sender = Sender(node)
    while sender.sent < images and time.monotonic() - began < 60 * minutes:
        sender.send(folder / "burst", min(burst, images - sender.sent))
        say(began, f"{sender.sent} sent, {delivered(node)} delivered; {takes(programs)}")
        while waiting(node) > burst and time.monotonic() - began < 60 * minutes:
            time.sleep(WAIT_S)
    say(began, "all bursts are sent")
    done.set()
    killing.join()
    while waiting(node) and time.monotonic() - began < 60 * (minutes + patience):
        time.sleep(WAIT_S)
    ended = time.monotonic()
    say(began, f"{node.status()}")
    tell(ended - began, sender, node, pacs)
    tell_programs(programs, began, ended, sender)
    for program in programs.values():
        program.kill()
    shutil.rmtree(folder)


def say(began: float, what: str) -> None:
    """Print what has happened, and when."""
    print(f"{time.monotonic() - began:.0f} s: {what}", flush=True)


def look(programs: Iterable[Program]) -> None:
    """Note what the programs take, as long as this one runs."""
    while True:
        for program in programs:
            program.look()
        time.sleep(LOOK_S)


def takes(programs: dict[str, Program]) -> str:
    """What each program took when it was last looked at."""
    looks = {name: program.looks[-1] for name, program in programs.items() if program.looks}
    return ", ".join(f"{name} {last.memory:.0f} MiB {last.processor_s:.0f} s" for name, last in looks.items())


def waiting(node: Node) -> int:
    """Images of which the PACS does not have the results yet."""
    return _count(node, "state IN ('received', 'judged')")


def delivered(node: Node) -> int:
    """Images of which the PACS has the results."""
    return _count(node, "state = 'delivered'")


def _count(node: Node, condition: str) -> int:
    ((count,),) = rows(node, f"SELECT COUNT(*) FROM images WHERE {condition}")
    return count


def rows(node: Node, query: str) -> list[tuple]:
    """What a query of the node's database gives."""
    with closing(read_database(node.folder / "node.sqlite", timeout=60)) as database:
        return database.execute(query).fetchall()


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


class Sender:
    """Sends images to the node until they are all acknowledged.

    Attributes:
        sent: images that were acknowledged; they are numbered from 0.
        repeated: associations that ended before all their images were acknowledged.
        processor_s: processor time of storescu.
    """

    def __init__(self, node: Node) -> None:
        self._command = ["storescu", "-aec", "PNEUMONIA", "127.0.0.1", str(node.port)]
        self.sent = self.repeated = 0
        self.processor_s = 0.0

    def send(self, folder: Path, count: int) -> None:
        """Draw the next images into a folder, send them, and delete it."""
        paths = draw(folder, range(self.sent, self.sent + count))
        while self._send(paths):  # the node is down
            self.repeated += 1
            time.sleep(1)
        shutil.rmtree(folder)
        self.sent += count

    def _send(self, paths: list[Path]) -> int:
        process = subprocess.Popen([*self._command, *map(str, paths)], stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.processor_s += usage.ru_utime + usage.ru_stime
        return process.returncode


def tell(seconds: float, sender: Sender, node: Node, pacs: Pacs) -> None:
    """Print what became of the images, and how long they took."""
    print(f"{sender.sent} images acknowledged and {delivered(node)} delivered in {seconds:.0f} s")
    print(f"{delivered(node) / seconds:.1f} a second; {sender.repeated} bursts were sent again")
    waits = {uid for (uid,) in rows(node, "SELECT uid FROM images WHERE state IN ('received', 'judged')")}
    results = pacs.results()  # later: what is delivered meanwhile is not lost
    images = [image_uid(number) for number in range(sender.sent)]
    for modality in ("SR", "OT"):
        counts = [results[modality, image] for image in images]
        lost = sum(not results[modality, image] for image in images if image not in waits)
        twice = sum(count > 1 for count in counts)
        print(f"{modality}: {counts.count(1)} images have one, {twice} more, {lost} none and do not wait")
    times = [time for (time,) in rows(node, "SELECT delivered - received FROM images WHERE delivered")]
    if times:
        print(
            f"from reception to delivery: median {median(times):.1f} s, 95% {np.quantile(times, 0.95):.1f} s"
        )


def tell_programs(programs: dict[str, Program], began: float, ended: float, sender: Sender) -> None:
    """Print the memory of the programs in each quarter of the time, and their processor time."""
    for name, program in programs.items():
        program.look()
        sizes = []
        for quarter in range(QUARTERS):
            start, end = (began + (ended - began) * part / QUARTERS for part in (quarter, quarter + 1))
            looks = [each.memory for each in program.looks if start <= each.time < end]
            sizes.append(f"{median(looks):.0f} (at most {max(looks):.0f})" if looks else "-")
        print(f"memory of the {name} by quarter, MiB: {', '.join(sizes)}; {program.looks[-1].life + 1} lives")
    seconds = {name: program.looks[-1].processor_s for name, program in programs.items()}
    seconds |= {"storescu": sender.processor_s, "this program": time.process_time()}
    each = {name: 1000 * spent / sender.sent for name, spent in seconds.items()}
    print(f"processor time for each image: {sum(each.values()):.0f} ms")
    print(", ".join(f"{name} {spent:.0f}" for name, spent in each.items()))


if __name__ == "__main__":
    main()
