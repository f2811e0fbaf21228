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
from core.self_test.result import FAILED, PASSED, Finding

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
    wrong = [
        f"{name} {version or 'missing'} instead of {pinned[name]}"
        for name, version in installed.items()
        if name in pinned and version != pinned[name]
    ]
    listing = ", ".join(f"{name} {version}" for name, version in installed.items())
    figure = f"{len(LIBRARIES) - len(wrong)} of {len(LIBRARIES)}"
    if wrong:
        sentence = (
            f"These versions were not tested: {', '.join(wrong)}. Install what requirements.lock names."
        )
        return Finding(FAILED, figure, sentence)
    return Finding(PASSED, figure, f"Python {platform.python_version()}, {listing}.")


def processor_and_precision() -> Finding:
    """The processor, and the precision in which the model computes on it."""
    precision, unit = processor.resolved("auto"), processor.bfloat16_unit()
    cores = processor.cores()
    threads = processor.answering_threads() or "all"
    convolution, times = "Winograd" if uses_winograd(precision) else "direct", convolution_times()
    sentence = (
        f"{processor.name()}, {cores} cores, bfloat16 unit: {unit}; inference uses {threads} cores. "
        f"Convolution: {convolution} (measured in float32: direct {times.direct_ms:.1f} ms, Winograd "
        f"{times.winograd_ms:.1f} ms)."
    )
    return Finding(PASSED, precision, sentence)


def disk() -> Finding:
    """Free space on the disk of the home."""
    folder = config.home()
    free = free_space(folder)
    sentence = f"Free in {folder}; the minimum is {_gib(MIN_DISK)}. A run of three stages takes 2.5 GiB."
    return Finding(PASSED if free >= MIN_DISK else FAILED, _gib(free), sentence)


def clock() -> Finding:
    """Whether the time is plausible: not before the bundled model, files of the home, or the disk's clock."""
    now = time.time()
    known = {f"{path} was changed": path.stat().st_mtime for path in _dated_files()}
    for model in bundled_models():
        if model.record.created:
            known["the bundled model was trained"] = datetime.fromisoformat(model.record.created).timestamp()
    figure = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    latest = max(known, key=lambda name: known[name], default="")
    if latest and known[latest] > now + CLOCK_TOLERANCE_S:
        return Finding(
            FAILED, figure, f"The clock is {known[latest] - now:.0f} s behind the time when {latest}. Set it."
        )
    offset = _disk_clock_offset()
    if offset is None:
        return Finding(PASSED, figure, "Not before the files of the home, which cannot be written.")
    if abs(offset) > CLOCK_TOLERANCE_S:
        return Finding(
            FAILED, figure, f"The clock of the home's disk differs by {offset:.0f} s. Synchronise both."
        )
    return Finding(
        PASSED, figure, f"Not before the files of the home; its disk's clock differs by {abs(offset):.1f} s."
    )


def permissions() -> Finding:
    """Whether the folders of the home can be written."""
    home = config.home()
    folders = [folder for name in FOLDERS if (folder := home / name).exists() or not name]
    refused = [str(folder) for folder in folders if not _can_write(folder)]
    figure = f"{len(folders) - len(refused)} of {len(folders)}"
    if refused:
        return Finding(
            FAILED,
            figure,
            f"Not writable: {', '.join(refused)}. Give this user the right, or choose another home.",
        )
    return Finding(PASSED, figure, f"Folders in {home} that can be written.")


def memory() -> Finding:
    """Memory that processes can still get, within the limit of a container."""
    free = psutil.virtual_memory().available
    try:
        limit = int((processor.CGROUP / "memory.max").read_text())
        free = min(free, limit - int((processor.CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no container, or no limit
        pass
    sentence = f"Available; the minimum is {_gib(MIN_MEMORY)}. A server with its model takes 1.1 GiB."
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


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
