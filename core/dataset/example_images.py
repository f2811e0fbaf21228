"""Chest X-rays drawn for people who try the Diagnosis page: a small child's tissue along each ray, exposed.

Everything is drawn by rules; no pixel comes from a real image. The synthetic data set comes from
`core.dataset.synthetic`, whose images models and tests know.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.dataset.example_shapes import (
    COLUMNS,
    FINER,
    HEIGHT,
    ROWS,
    WIDTH,
    Band,
    Points,
    averaged,
    bands,
    blurred,
    filled,
    noise,
    rising,
    rounded,
    spots,
    symmetric,
    varied,
)
from core.dataset.example_skeleton import CHEST_WALL, MIDDLE, on_side, skeleton

MARK = "SYNTHETIC"

# fmt: off
TORSO: Points = symmetric([  # with arms raised
    (0.41, -0.12), (0.4, 0.03), (0.36, 0.05), (0.28, 0.05), (0.2, 0.01), (0.15, -0.06), (0.12, -0.2),
    (-0.1, -0.2), (-0.03, 0.03), (0.02, 0.17), (0.05, 0.3), (0.062, 0.42), (0.066, 0.55), (0.07, 0.7),
    (0.068, 0.85), (0.06, 1.0), (0.06, 1.2),
])
HEAD: Points = symmetric([(0.27, -0.25), (0.28, -0.08), (0.34, 0.02), (0.42, 0.06), (0.49, 0.07)])
RIGHT_LUNG: Points = [
    (0.435, 0.2), (0.395, 0.155), (0.335, 0.18), (0.27, 0.26), (0.215, 0.37), (0.175, 0.49), (0.152, 0.61),
    (0.14, 0.73), (0.137, 0.84), (0.17, 0.785), (0.23, 0.735), (0.3, 0.705), (0.36, 0.705), (0.41, 0.725),
    (0.412, 0.69), (0.4, 0.64), (0.398, 0.56), (0.415, 0.47), (0.44, 0.38), (0.447, 0.28),
]
LEFT_LUNG: Points = [
    (0.562, 0.2), (0.605, 0.155), (0.665, 0.18), (0.73, 0.26), (0.785, 0.37), (0.825, 0.49), (0.848, 0.61),
    (0.86, 0.73), (0.863, 0.85), (0.835, 0.805), (0.795, 0.767), (0.75, 0.75), (0.715, 0.755), (0.712, 0.7),
    (0.698, 0.63), (0.665, 0.54), (0.615, 0.46), (0.582, 0.4), (0.586, 0.35), (0.572, 0.3), (0.562, 0.26),
]
HEART: Points = [
    (0.46, 0.38), (0.415, 0.47), (0.397, 0.57), (0.4, 0.67), (0.45, 0.74), (0.58, 0.77), (0.68, 0.775),
    (0.713, 0.7), (0.698, 0.63), (0.665, 0.54), (0.615, 0.46), (0.56, 0.38),
]
MEDIASTINUM: Points = [
    (0.455, 0.05), (0.45, 0.2), (0.445, 0.35), (0.45, 0.5), (0.48, 0.6), (0.55, 0.6), (0.582, 0.42),
    (0.582, 0.34), (0.56, 0.25), (0.55, 0.1), (0.55, 0.05),
]
WINDPIPE: list[Band] = [
    ([(0.5, -0.02), (0.5, 0.12), (0.495, 0.3)], [0.016, 0.014]),
    ([(0.495, 0.3), (0.455, 0.37)], [0.01, 0.007]),
    ([(0.495, 0.3), (0.55, 0.38)], [0.009, 0.006]),
]
# fmt: on


def draw_example(seed: int, with_opacity: bool) -> np.ndarray:
    """Draw a frontal chest X-ray that says that it is synthetic, uint8 (480, 600).

    Args:
        seed: of the small differences between children.
        with_opacity: whether the patient's right lower lung is consolidated. The image of such a child is
            less sharp and has less contrast, as most images of sick children.
    """
    random = np.random.default_rng(seed)
    body = np.maximum(filled(varied(TORSO, random)), filled(HEAD))
    tissue = _soft_tissue(body, random) + skeleton(random) * (0.3 + 0.7 * body)
    air, vessels = _air(random), blurred(_vessels(random), 1.1)
    if with_opacity:
        air *= 1 - _consolidation(random)
    tissue -= air * (0.35 - 0.18 * vessels - 0.012 * noise(random, 1.5))
    return _marked(_exposed(tissue, random, moving=with_opacity))


def _air(random: np.random.Generator) -> np.ndarray:
    """Air of both lungs along each ray, 0 to 1."""
    lungs = np.maximum(filled(varied(RIGHT_LUNG, random)), filled(varied(LEFT_LUNG, random)))
    return blurred(lungs * (0.5 + 0.5 * rounded(lungs, 0.14)), 2) * (0.7 + 0.3 * rising(0.15, 0.4))


def _soft_tissue(body: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Body, heart, mediastinum and abdomen, less the air of windpipe and bowel."""
    beyond = 60  # pixels, so that the body is not thin at the picture's edge
    high = rounded(np.pad(body, beyond, mode="edge"), 0.26)[beyond:-beyond, beyond:-beyond]
    tissue = 0.53 * blurred(high, 4) * (0.8 + 0.2 * rising(0.15, 0.45))
    tissue += 0.05 * blurred(rounded(filled(varied(HEART, random)), 0.14), 5)
    tissue += 0.1 * blurred(rounded(filled(varied(MEDIASTINUM, random)), 0.05), 4)
    tissue += 0.35 * blurred(rounded(filled(HEAD), 0.1), 4)
    tissue += 0.3 * body * rising(0.68, 0.88)
    tissue += 0.1 * blurred(bands([(on_side(CHEST_WALL, side), [0.016]) for side in (-1, 1)]), 5)
    tissue += 0.07 * spots(MIDDLE + np.array([-0.095, 0.095]), 0.43, 0.035, 0.06)  # hila
    bowel = random.normal(0.68, 0.06, 7), random.normal(0.93, 0.05, 7)
    tissue -= 0.06 * spots(*bowel, *random.uniform(0.015, 0.045, (2, 7)))
    uneven = 0.012 * noise(random, 4) + 0.016 * noise(random, 10) + 0.02 * noise(random, 22)
    return tissue + uneven * rounded(body, 0.15) - 0.1 * blurred(bands(WINDPIPE), 2.0)


def _vessels(random: np.random.Generator) -> np.ndarray:
    """Branches from both hila, thinner at each fork, 0 to 1."""
    picture = Image.new("L", (FINER * WIDTH, FINER * HEIGHT))
    pen = ImageDraw.Draw(picture)

    def branch(x: float, y: float, angle: float, width: float, steps: int) -> None:
        points = [(x, y)]
        for _ in range(steps):
            angle += random.normal(0, 0.12)
            x, y = x + 10 * np.cos(angle), y + 10 * np.sin(angle)
            points.append((x, y))
        pen.line(points, fill=int(min(255, 20 + 70 * width)), width=max(1, round(2 * width)), joint="curve")
        if width > 0.8:
            for turn in (1, -1):
                fork = angle + turn * random.uniform(0.2, 0.55)
                branch(x, y, fork, 0.74 * width, steps)

    for side in (-1, 1):
        for angle in (-1.1, -0.6, -0.1, 0.4, 0.8, 1.15):
            outwards = angle if side > 0 else np.pi - angle
            start = FINER * WIDTH * (MIDDLE + 0.09 * side), FINER * HEIGHT * (0.42 + 0.04 * np.sin(angle))
            branch(*start, outwards + random.normal(0, 0.1), random.uniform(2.2, 3.4), 5)
    return averaged(picture)


def _consolidation(random: np.random.Generator) -> np.ndarray:
    """Share of the air that fluid replaces: a dense patch with an uneven border, and haze at both hila."""
    cloud, detail = noise(random, 14), noise(random, 4)
    distance = ((COLUMNS - 0.29) / 0.13) ** 2 + ((ROWS[:, np.newaxis] - 0.56) / 0.16) ** 2
    dense = 0.5 - 0.5 * np.tanh((distance - 1 + 0.3 * cloud + 0.1 * detail) / 0.7)
    haze = (0.3 + 0.1 * cloud) * spots(MIDDLE + np.array([-0.12, 0.12]), 0.48, 0.1, 0.16)
    return np.clip(0.95 * dense + haze + 0.08, 0, 0.97)


def _exposed(tissue: np.ndarray, random: np.random.Generator, moving: bool) -> np.ndarray:
    """Grey levels of so much tissue, sharpened as such images are, with grain, uint8.

    A sick child breathes fast and lies: its image is less sharp, with more scattered radiation.
    """
    grey = 1 - np.exp(-1.5 * blurred(np.clip(tissue, 0, None), 2.0 if moving else 0.8))
    if moving:
        grey += 0.15 * (blurred(grey, 40) - grey)
    else:
        grey += 0.35 * (grey - blurred(grey, 18)) + 0.5 * (grey - blurred(grey, 3))
    grey += 0.008 * noise(random, 0.9) * (grey > 0.05)
    return np.rint(np.clip(280 * grey, 0, 255)).astype(np.uint8)


def _marked(pixels: np.ndarray) -> np.ndarray:
    """The pixels with `MARK` in their corner."""
    picture = Image.fromarray(pixels)
    font = ImageFont.load_default(size=19)
    ImageDraw.Draw(picture).text((12, 10), MARK, fill=255, font=font)
    return np.asarray(picture)
