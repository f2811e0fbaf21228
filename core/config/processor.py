"""What this machine's processor can do, and the precision that follows from it."""

import os
import platform
import re
import shutil
import time
from functools import cache
from math import ceil
from pathlib import Path

from core.config import environment
from core.errors import UserError
from core.sentence import Sentence

PRECISIONS = ("auto", "float32", "bfloat16")
CPU_FACTS = Path("/proc/cpuinfo")
CGROUP = Path("/sys/fs/cgroup")  # limits of the container, if there is one


def name() -> str:
    """The processor as the operating system names it."""
    try:
        text = CPU_FACTS.read_text()
    except OSError:  # not Linux
        return platform.processor() or "unknown processor"
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return model[1] if model else platform.machine()


@cache
def cores(cgroup: Path = CGROUP) -> int:
    """Cores that this process may use: those of the computer, or what its affinity or container allows."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, ceil(min(allowed, _container_cores(cgroup))))


def is_x86() -> bool:
    """Whether the processor is one of Intel's or AMD's in 64 bits."""
    return platform.machine().lower() in ("x86_64", "amd64")


def is_limited() -> bool:
    """Whether this process may use fewer cores than the computer has; some libraries do not notice."""
    return cores() < (os.cpu_count() or 1)


def training_threads(count: int) -> dict[str, str]:
    """Variables of a training process that computes with `count` threads."""
    return {name: str(count) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}


def _container_cores(cgroup: Path) -> float:
    """How many cores' time the container gets; infinite without a limit."""
    v1 = cgroup / "cpu"
    for files in ([cgroup / "cpu.max"], [v1 / "cpu.cfs_quota_us", v1 / "cpu.cfs_period_us"]):
        try:
            quota, period = " ".join(file.read_text() for file in files).split()
            if int(quota) > 0:
                return int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):  # another version, or `max`
            continue
    return float("inf")


def lowest_priority() -> list[str]:
    """What precedes a command so that it runs when nothing else wants to; [] where there is no `nice`."""
    return ["nice", "-n", "19"] if shutil.which("nice") else []


@cache
def bfloat16_unit(facts: Path = CPU_FACTS) -> str:
    """Which instructions multiply in bfloat16: `amx`, `avx512` or `none`."""
    try:
        text = facts.read_text()
    except OSError:  # not Linux
        return "none"
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    if {"amx_tile", "amx_bf16"} <= set(flags):
        return "amx"
    return "avx512" if "avx512_bf16" in flags else "none"


@cache
def gigaflops() -> float:
    """What a matrix product in float32 reaches now, in GFLOP/s: a short measurement, made once."""
    import numpy as np  # imported lazily: settings need none of it

    left, right = (np.random.default_rng(seed).random((1536, 1536), np.float32) for seed in (0, 1))
    np.matmul(left, right)  # the first one starts threads
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        np.matmul(left, right)
        seconds.append(time.perf_counter() - began)
    return 2 * 1536**3 / min(seconds) / 1e9


def resolved(precision: str) -> str:
    """`float32` or `bfloat16`: what `auto` means here, or the choice itself.

    Raises:
        UserError: there is no such precision.
    """
    if precision not in PRECISIONS:
        needed = Sentence("choose from {allowed}", allowed=", ".join(PRECISIONS))
        raise UserError(
            Sentence("{name} is {value!r}; {needed}.", name="precision", value=precision, needed=needed)
        )
    if precision != "auto":
        return precision
    return "float32" if bfloat16_unit() == "none" else "bfloat16"


def answering_threads() -> int:
    """Threads that a server uses for inference, from the environment; 0 is one a core.

    Raises:
        UserError: the variable is not a whole number.
    """
    return environment.THREADS.value()
