"""What this machine's processor can do, and the precision that follows from it."""

from functools import cache
from pathlib import Path

from core.errors import UserError

PRECISIONS = ("auto", "float32", "bfloat16")
CPU_FACTS = Path("/proc/cpuinfo")


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


def resolved(precision: str) -> str:
    """`float32` or `bfloat16`: what `auto` means here, or the choice itself.

    Raises:
        UserError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise UserError(f"precision is {precision!r}; choose from {', '.join(PRECISIONS)}.")
    if precision != "auto":
        return precision
    return "float32" if bfloat16_unit() == "none" else "bfloat16"
