"""The bones of drawn chest X-rays: a small child's spine, ribs, clavicles, shoulder blades and arms."""

import numpy as np

from core.dataset.example_shapes import (
    HEIGHT,
    WIDTH,
    Points,
    bands,
    blurred,
    filled,
    hollow,
    spots,
    symmetric,
    varied,
)

MIDDLE = 0.5  # of the body, a share of the width
VERTEBRAE, FIRST_VERTEBRA, VERTEBRA_PITCH = 18, 0.02, 0.056
RIBS, FIRST_RIB, RIB_PITCH = 10, 0.08, 0.083  # at the spine
RIB_DROP = 0.16, 0.011  # from the spine to the front, of the first rib, and more for each further one
RIB_BONE = 576.0
ALONG, AROUND = 360, 20  # points on the surface of a rib
CHEST_WALL: Points = [  # half width of the rib cage, and at which height
    (0.1, 0.16), (0.168, 0.2), (0.22, 0.26), (0.272, 0.34), (0.313, 0.44), (0.342, 0.55), (0.362, 0.68),
    (0.373, 0.82), (0.378, 1.0),
]  # fmt: skip
# Of the side on which x grows, from the middle.
CLAVICLE: Points = [(0.04, 0.175), (0.085, 0.145), (0.14, 0.14), (0.2, 0.145), (0.255, 0.125), (0.3, 0.085)]
HUMERUS: Points = [(0.375, 0.16), (0.42, 0.05), (0.455, -0.06)]
SCAPULA: Points = [
    (0.345, 0.17), (0.27, 0.16), (0.235, 0.23), (0.285, 0.36), (0.315, 0.4), (0.33, 0.3),
]  # fmt: skip
SCAPULA_EDGE: Points = [(0.35, 0.19), (0.335, 0.27), (0.318, 0.38)]
JAW: Points = symmetric([(0.34, -0.08), (0.37, 0.0), (0.43, 0.045), (0.49, 0.058)])


def skeleton(random: np.random.Generator) -> np.ndarray:
    """Bone along each ray."""
    long_bones, edges, blades = [], [], []
    for side in (-1, 1):
        clavicle, humerus, edge = (
            varied(on_side(points, side), random, 0.003) for points in (CLAVICLE, HUMERUS, SCAPULA_EDGE)
        )
        long_bones += [(clavicle, [0.013, 0.009, 0.008, 0.008, 0.01]), (humerus, [0.022, 0.014, 0.013])]
        edges.append((edge, [0.009, 0.005, 0.003]))
        blades.append(filled(varied(on_side(SCAPULA, side), random)))
    bones = 0.16 * hollow(long_bones) + 0.1 * blurred(bands([(JAW, [0.016])]), 2.5)
    bones += 0.07 * blurred(bands(edges), 1.2) + 0.035 * blurred(np.maximum(*blades), 2.0)
    return bones + _spine(random) + _ribs(random)


def on_side(points: Points, side: int) -> Points:
    """Points given from the body's middle, on the picture's left (-1) or right (1)."""
    return [(MIDDLE + side * x, y) for x, y in points]


def _spine(random: np.random.Generator) -> np.ndarray:
    """Vertebrae, each with two pedicles and a spinous process."""
    number = np.arange(VERTEBRAE)
    y = FIRST_VERTEBRA + VERTEBRA_PITCH * number + random.normal(0, 0.002, VERTEBRAE)
    half_width = 0.042 + 0.0007 * number
    bones = 0.17 * spots(MIDDLE, 0.5, 0.054, 10, power=4) + 0.06 * spots(
        MIDDLE, y, half_width, 0.021, power=6
    )
    for side in (-1, 1):
        bones += 0.05 * spots(MIDDLE + 0.7 * side * half_width, y - 0.004, 0.008, 0.011)
    return bones + 0.05 * spots(MIDDLE, y + 0.02, 0.006, 0.013)


def _ribs(random: np.random.Generator) -> np.ndarray:
    """Tubes along tilted half ellipses, summed over points on their surfaces.

    So they are dense where they run along the rays, at the chest wall, and at their own borders.
    """
    turn = np.linspace(0.04, 1, ALONG)[:, np.newaxis]  # 0 at the spine, 1 at the end of the bone in front
    around = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    half_widths, heights = np.transpose(CHEST_WALL)
    bone = np.zeros(HEIGHT * WIDTH)
    for side in (-1, 1):
        for rib in range(RIBS):
            angle = np.pi * (0.76 - 0.035 * max(0, rib - 6) + random.normal(0, 0.015)) * turn
            drop = (RIB_DROP[0] + RIB_DROP[1] * rib) * random.normal(1, 0.1)
            top = FIRST_RIB + RIB_PITCH * rib + random.normal(0, 0.006)
            wall = np.interp(top + drop / 2 + 0.03, heights, half_widths)
            thickness = (0.0155 + 0.003 * np.cos(angle) ** 2) * random.normal(1, 0.05)
            y = top + drop * (1 - np.cos(angle)) / 2 + 0.03 * np.sin(angle) + thickness * np.sin(around)
            x = MIDDLE + side * (wall * np.sin(angle) ** 0.9 + 0.0055 * np.cos(around) * np.sin(angle))
            length = wall * angle[-1] / (ALONG * AROUND) * np.hypot(np.cos(angle), 0.37 * np.sin(angle))
            in_front = 0.5 + 0.5 * np.tanh(4 * (angle - 1.9))  # where cartilage begins
            ends = np.clip(5 * turn, 0.4, 1) * np.clip(6 * (1 - turn), 0, 1)
            mass = np.broadcast_to(length * ends * (1 - 0.56 * in_front), y.shape)
            row, column = (y * HEIGHT).astype(int), (x * WIDTH).astype(int)
            inside = (row >= 0) & (row < HEIGHT)
            bone += np.bincount((row * WIDTH + column)[inside], mass[inside], HEIGHT * WIDTH)
    surfaces = RIB_BONE * bone.reshape(HEIGHT, WIDTH).astype(np.float32)
    return 0.9 * blurred(surfaces, 1.6) + blurred(surfaces, 4)
