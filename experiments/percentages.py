"""Percentages as text."""

from core.evaluation import wilson


def interval(count: int, total: int) -> str:
    """Wilson's 95% interval of a share, such as "3.5% to 10.2%"; "undefined" of no images."""
    bounds = wilson(count, total)
    return "undefined" if bounds is None else f"{bounds[0]:.1%} to {bounds[1]:.1%}"
