"""What the computer has for the program: libraries, processor, disk, clock, permissions and memory."""

import os
import platform
import re
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import psutil

from core import config
from core.compilation import convolution_times, uses_winograd
from core.config import NAME, PROJECT, processor
from core.disk import existing_folder, free_space
from core.inference import bundled_models
from core.self_test.result import FAILED, NO_FIGURE, PASSED, Finding
from core.sentence import Sentence

LIBRARIES = (  # that take part in an answer
    "fastapi",
    "h5py",
    "highdicom",
    "numpy",
    "opencv-python-headless",
    "openvino",
    "pillow",
    "pydicom",
    "pynetdicom",
    "python-gdcm",
    "reportlab",
    "scipy",
    "starlette",
    "streamlit",
)
MIN_DISK, MIN_MEMORY = 2**30, 2**29  # bytes
CLOCK_TOLERANCE_S = 5.0  # between the clocks of the computer and of its disk
FOLDERS = ("", "runs", "data", "model_weights", "registry", "node", "self-test")  # below the home


def libraries() -> Finding:
    """Versions of the libraries that take part in an answer, compared with those that were tested."""
    pinned, installed = _pinned(), library_versions()
    wrong = {name: version for name, version in installed.items() if version != pinned.get(name, version)}
    figure = _of(len(LIBRARIES) - len(wrong), len(LIBRARIES))
    if wrong:
        sentence = Sentence(
            "Missing, or not the version that was tested: {installed}. Tested: {tested}. Install what "
            "requirements.lock names.",
            installed=_listing(wrong),
            tested=_listing({name: pinned[name] for name in wrong}),
        )
        return Finding(FAILED, figure, sentence)
    return Finding(PASSED, figure, _listing({"Python": platform.python_version(), **installed}))


def processor_and_precision() -> Finding:
    """The processor, and the precision in which the model computes on it."""
    precision, unit = processor.resolved("auto"), processor.bfloat16_unit()
    cores = processor.cores()
    times = convolution_times()
    sentence = Sentence(
        "{processor}, {cores} cores, bfloat16 unit: {unit}; inference uses {threads} cores. Convolution: "
        "{convolution} (measured in float32: direct {direct:.1f} ms, Winograd {winograd:.1f} ms).",
        processor=processor.name(),
        cores=cores,
        unit=unit,
        threads=processor.answering_threads() or cores,
        convolution="Winograd" if uses_winograd(precision) else Sentence("direct"),
        direct=times.direct_ms,
        winograd=times.winograd_ms,
    )
    return Finding(PASSED, precision, sentence)


def disk() -> Finding:
    """Free space on the disk of the home."""
    folder = config.home()
    free = free_space(folder)
    sentence = Sentence(
        "Free in {folder}; the minimum is {least}. A run of three stages takes 2.5 GiB.",
        folder=folder,
        least=_gib(MIN_DISK),
    )
    return Finding(PASSED if free >= MIN_DISK else FAILED, _gib(free), sentence)


def clock() -> Finding:
    """Whether the time is plausible: not before the bundled model, files of the home, or the disk's clock."""
    now = time.time()
    known: dict[str, float] = {
        Sentence("{path} was changed", path=path): path.stat().st_mtime for path in _dated_files()
    }
    for model in bundled_models():
        if model.record.created:
            trained = datetime.fromisoformat(model.record.created).timestamp()
            known[Sentence("the bundled model was trained")] = trained
    figure = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    latest = max(known, key=lambda name: known[name], default="")
    if latest and known[latest] > now + CLOCK_TOLERANCE_S:
        behind = known[latest] - now
        sentence = Sentence(
            "The clock is {behind:.0f} s behind the time when {latest}. Set it.", behind=behind, latest=latest
        )
        return Finding(FAILED, figure, sentence)
    offset = _disk_clock_offset()
    if offset is None:
        sentence = Sentence("Not before the files of the home, which cannot be written.")
        return Finding(PASSED, figure, sentence)
    if abs(offset) > CLOCK_TOLERANCE_S:
        sentence = Sentence(
            "The clock of the home's disk differs by {offset:.0f} s. Synchronise both.", offset=offset
        )
        return Finding(FAILED, figure, sentence)
    sentence = Sentence(
        "Not before the files of the home; its disk's clock differs by {offset:.1f} s.", offset=abs(offset)
    )
    return Finding(PASSED, figure, sentence)


def permissions() -> Finding:
    """Whether the folders of the home can be written."""
    home = config.home()
    folders = [folder for name in FOLDERS if (folder := home / name).exists() or not name]
    refused = [str(folder) for folder in folders if not _can_write(folder)]
    figure = _of(len(folders) - len(refused), len(folders))
    if refused:
        sentence = Sentence(
            "Not writable: {folders}. Give this user the right, or choose another home.",
            folders=", ".join(refused),
        )
        return Finding(FAILED, figure, sentence)
    return Finding(PASSED, figure, Sentence("Folders in {home} that can be written.", home=home))


def memory() -> Finding:
    """Memory that processes can still get, within the limit of a container."""
    free = psutil.virtual_memory().available
    try:
        limit = int((processor.CGROUP / "memory.max").read_text())
        free = min(free, limit - int((processor.CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no container, or no limit
        pass
    sentence = Sentence(
        "Available; the minimum is {least}. A server with its model takes 1.1 GiB.", least=_gib(MIN_MEMORY)
    )
    return Finding(PASSED if free >= MIN_MEMORY else FAILED, _gib(free), sentence)


def _pinned() -> dict[str, str]:
    """The tested version of each library, by name."""
    try:
        lines = metadata.requires(NAME) or []
    except metadata.PackageNotFoundError:
        path = PROJECT / "requirements.txt"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    matches = (re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines)
    return {match[1].lower(): match[2] for match in matches if match}


def library_versions() -> dict[str, str]:
    """The installed version of each library that takes part in an answer, by name; "" if it is missing."""
    return {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _dated_files() -> list[Path]:
    """Files of the home that the program has written at some time."""
    home = config.home()
    patterns = ("registry/active.json", "registry/*.sqlite", "runs/*/state.json", "self-test/result.json")
    return [path for pattern in patterns for path in home.glob(pattern) if path.is_file()]


def _disk_clock_offset() -> float | None:
    """Seconds by which a file written now is dated later than now; None if none can be written."""
    try:
        with tempfile.NamedTemporaryFile(dir=config.home()) as file:
            return os.fstat(file.fileno()).st_mtime - time.time()
    except OSError:
        return None


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=existing_folder(folder)) as file:
            file.write(b"self-test")
        return True
    except OSError:
        return False


def _listing(versions: dict[str, str]) -> str:
    """Libraries with their versions; a dash for one that is missing."""
    return ", ".join(f"{name} {version or NO_FIGURE}" for name, version in versions.items())


def _of(count: int, total: int) -> str:
    return f"{count} / {total}"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
