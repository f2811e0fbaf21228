"""What speaks against the lungs that were found, in words and in a number; limits from validation images.

The rule, set before any limit was computed: each number of the geometry may lie as far from its median as the
1st and the 99th percentile of the validation images do, times one factor for all numbers; the factor is the
smallest that leaves 99.5% of those validation images whose mask is right without any remark.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, fields, replace
from math import inf

import numpy as np

from core.anatomy.geometry import Geometry, measure
from core.anatomy.lungs import Lungs
from core.sentence import Sentence, template

PERCENTILES = (1, 50, 99)
KEPT = 0.995  # share of validation images with a right mask that stay without a remark
RIGHT_MASK = 0.9  # Dice with the mask drawn by people from which a mask is right
FACTORS = np.arange(1, 10, 0.05)
MIN_AREA = 0.02  # share of the image below which nothing counts as lungs
ONE_LUNG = 0.15  # balance below which there is one lung only
REMARKABLE_LOW, REMARKABLE_HIGH = (
    ("balance", "solidity", "certainty"),
    ("tilt", "cut"),
)  # in this direction only
UPRIGHT = 20.0  # degrees that an image may always be tilted
IDEAL = {"balance": 1.0, "solidity": 1.0, "certainty": 1.0, "tilt": 0.0, "cut": 0.0}  # of perfect lungs

NO_LUNGS = "no lungs found"
ONE_LUNG_ONLY = "only one lung found"
UNEVEN = template("one lung is much smaller than the other")
TILTED = template("far from upright: the lungs are tilted by {tilt:.0f}°")
CUT = template("the lungs are cut off by the border of the image")
SMALL = template("the lungs take up too small a share of the image ({area:.0%})")
LARGE = template("the lungs take up too large a share of the image ({area:.0%})")
SHAPE = template("the lungs have an implausible shape or proportion")
UNCERTAIN_OUTLINE = template("the outline of the lungs is uncertain")

KINDS = tuple(  # the remarks without their numbers
    remark.partition(":")[0].partition(" (")[0]
    for remark in (NO_LUNGS, ONE_LUNG_ONLY, UNEVEN, TILTED, CUT, SMALL, LARGE, SHAPE, UNCERTAIN_OUTLINE)
)

TINY = 1e-9  # instead of dividing by zero

# Lowest and highest value by number of the geometry; None where one direction is unlimited.
Limits = dict[str, tuple[float | None, float | None]]


def with_quality(lungs: Lungs, limits: Limits) -> Lungs:
    """Some lungs with what speaks against them.

    Args:
        lungs: as found.
        limits: from `fit_limits`.
    """
    if lungs.right_area + lungs.left_area < MIN_AREA:
        return replace(lungs, quality=(NO_LUNGS,), implausibility=inf)
    geometry = measure(lungs)
    if geometry is None or geometry.balance < ONE_LUNG:
        return replace(lungs, quality=(ONE_LUNG_ONLY,), implausibility=inf)
    quality = _remarks(geometry, limits)
    farthest = max((_excess(getattr(geometry, name), name, *limits[name]) for name in limits), default=0.0)
    return replace(lungs, quality=quality, implausibility=farthest, geometry=geometry)


def _remarks(geometry: Geometry, limits: Limits) -> tuple[str, ...]:
    low, high = _outside(geometry, limits)
    reasons = {
        UNEVEN: "balance" in low,
        TILTED: "tilt" in high,
        CUT: "cut" in high,
        SMALL: "area" in low,
        LARGE: "area" in high,
        SHAPE: bool((low | high) & {"proportion", "filling", "distance", "slenderness"} | low & {"solidity"}),
        UNCERTAIN_OUTLINE: "certainty" in low,
    }
    return tuple(Sentence(reason, **asdict(geometry)) for reason, applies in reasons.items() if applies)


def remark_kind(remark: str) -> str:
    """A remark without its numbers.

    >>> remark_kind("far from upright: the lungs are tilted by 92°")
    'far from upright'
    """
    return next(kind for kind in KINDS if remark.startswith(kind))


def _outside(geometry: Geometry, limits: Limits) -> tuple[set[str], set[str]]:
    """Names of the numbers that are too low, and of those that are too high."""
    low, high = set(), set()
    for name, (lowest, highest) in limits.items():
        value = getattr(geometry, name)
        if lowest is not None and value < lowest:
            low.add(name)
        if highest is not None and value > highest:
            high.add(name)
    return low, high


def _excess(value: float, name: str, lowest: float | None, highest: float | None) -> float:
    """How far a number is from the ideal, or from the middle of its limits: 1 at a limit."""
    centre = IDEAL[name] if lowest is None or highest is None else (lowest + highest) / 2
    limits = [limit for limit in (lowest, highest) if limit is not None]
    return max((value - centre) / (limit - centre or TINY) for limit in limits)


def fit_limits(geometries: Sequence[Geometry]) -> Limits:
    """Limits from validation images whose mask is right; see the module for the rule."""
    names = [field.name for field in fields(Geometry)]
    values = np.array([astuple(geometry) for geometry in geometries])
    spread = dict(zip(names, np.percentile(values, PERCENTILES, axis=0).T.tolist(), strict=True))
    limits: Limits = {}
    for factor in FACTORS:
        limits = {name: _limits(name, spread[name], factor) for name in names}
        if np.mean([not any(_outside(geometry, limits)) for geometry in geometries]) >= KEPT:
            break
    return limits


def _limits(name: str, percentiles: list[float], factor: float) -> tuple[float | None, float | None]:
    """Lowest and highest value of one number, from its three percentiles and the factor."""
    first, median, last = percentiles
    low, high = median - factor * (median - first), median + factor * (last - median)
    if name == "tilt":
        high = max(UPRIGHT, high)
    return None if name in REMARKABLE_HIGH else low, None if name in REMARKABLE_LOW else high
