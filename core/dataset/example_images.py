"""Chest X-rays drawn for people who try the Diagnosis page: tissue along each ray, summed and exposed.

The synthetic data set comes from `core.dataset.synthetic`, whose images models and tests know.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

HEIGHT, WIDTH = 512, 576  # pixels of what is drawn
FRAME = np.s_[20:460, 52:524]  # of it is shown, about as much as an X-ray of the chest shows
MARK = "SYNTHETIC"
Points = list[tuple[float, float]]  # in shares of width and height
# A line through points, and its half widths from end to end in shares of the picture's width.
Band = tuple[Points, list[float]]

MIDDLE = 0.503  # of the body, a share of the width
# fmt: off
TORSO: Points = [
    (0.42, -0.1), (0.42, 0.02), (0.36, 0.065), (0.22, 0.09), (0.1, 0.14), (0.055, 0.24), (0.09, 0.36),
    (0.125, 0.5), (0.13, 0.7), (0.12, 0.9), (0.12, 1.12), (0.88, 1.12), (0.88, 0.9), (0.87, 0.7),
    (0.875, 0.5), (0.91, 0.36), (0.945, 0.24), (0.9, 0.14), (0.78, 0.09), (0.64, 0.065), (0.58, 0.02),
    (0.58, -0.1),
]
RIGHT_LUNG: Points = [
    (0.44, 0.16), (0.385, 0.125), (0.31, 0.18), (0.255, 0.3), (0.215, 0.44), (0.19, 0.58), (0.178, 0.7),
    (0.175, 0.775), (0.215, 0.735), (0.27, 0.69), (0.33, 0.668), (0.385, 0.675), (0.435, 0.71),
    (0.432, 0.62), (0.428, 0.5), (0.435, 0.4), (0.455, 0.28),
]
LEFT_LUNG: Points = [
    (0.56, 0.16), (0.615, 0.125), (0.69, 0.18), (0.745, 0.3), (0.785, 0.44), (0.81, 0.58), (0.822, 0.7),
    (0.826, 0.79), (0.785, 0.745), (0.735, 0.71), (0.695, 0.705), (0.685, 0.64), (0.645, 0.54),
    (0.59, 0.46), (0.565, 0.4), (0.575, 0.33), (0.557, 0.26),
]
HEART: Points = [
    (0.46, 0.38), (0.425, 0.47), (0.415, 0.58), (0.43, 0.69), (0.5, 0.72), (0.6, 0.735), (0.675, 0.71),
    (0.69, 0.65), (0.655, 0.55), (0.6, 0.46), (0.57, 0.38),
]
MEDIASTINUM: Points = [
    (0.455, 0.02), (0.455, 0.2), (0.445, 0.35), (0.45, 0.5), (0.48, 0.6), (0.56, 0.6), (0.575, 0.42),
    (0.58, 0.33), (0.56, 0.25), (0.55, 0.1), (0.55, 0.02),
]
SCAPULA: Points = [  # of the side on which x grows, from the middle
    (0.395, 0.15), (0.3, 0.175), (0.275, 0.26), (0.285, 0.4), (0.315, 0.42), (0.36, 0.3),
]
CLAVICLE: Points = [(0.028, 0.175), (0.103, 0.158), (0.193, 0.118), (0.303, 0.105)]
ARM: Points = [(0.437, 0.2), (0.477, 0.42), (0.57, 0.9)]
HUMERUS: Points = [(0.425, 0.18), (0.465, 0.42), (0.56, 0.9)]
WINDPIPE: list[Band] = [
    ([(0.505, -0.02), (0.503, 0.12), (0.498, 0.27)], [0.018, 0.015]),
    ([(0.498, 0.27), (0.465, 0.33)], [0.01, 0.008]),
    ([(0.498, 0.27), (0.545, 0.335)], [0.009, 0.007]),
]
# fmt: on


def draw_example(seed: int, with_opacity: bool) -> np.ndarray:
    """Draw a frontal chest X-ray that says that it is synthetic, uint8 (440, 472).

    Args:
        seed: of the small differences between children.
        with_opacity: whether the patient's right lower lung is consolidated.
    """
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j].astype(np.float32)
    body = _filled(TORSO)
    lungs = np.maximum(_filled(_varied(RIGHT_LUNG, random)), _filled(_varied(LEFT_LUNG, random)))
    air = _blurred(0.45 * lungs + 0.55 * _rounded(lungs, 0.1) * lungs, 1.6)
    tissue = _soft_tissue(rows, columns, body, random) - 0.7 * air
    tissue += _skeleton(rows, columns, body, lungs, random)
    tissue += 0.17 * _blurred(_vessels(random), 0.9) * air
    tissue += 0.01 * _noise(random, 1.8) * air
    if with_opacity:
        tissue += 0.4 * _blurred(_consolidation(rows, columns, random), 1.6) * _blurred(lungs, 2.4)
    return _marked(_exposed(tissue, body, random)[FRAME])


def _soft_tissue(
    rows: np.ndarray, columns: np.ndarray, body: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Body and arms, heart, mediastinum and abdomen, less the windpipe and the air of the stomach."""
    high = np.pad(body, ((50, 50), (0, 0)), mode="edge")  # so that it is not thin at the picture's edge
    tissue = 0.92 * _blurred(_rounded(high, 0.17)[50:-50], 3.2)
    arms = _bands([(_on_side(ARM, side), [0.086, 0.064]) for side in (-1, 1)])
    tissue = np.maximum(tissue, 0.75 * _blurred(_rounded(arms, 0.06), 2.4))
    tissue += 0.22 * _blurred(_rounded(_filled(_varied(HEART, random)), 0.1), 3.2)
    tissue += 0.1 * _blurred(_rounded(_filled(MEDIASTINUM), 0.04), 3.2)
    tissue += 0.1 * body / (1 + np.exp((0.8 - rows) / 0.05))
    stomach = ((columns - 0.7) / 0.055) ** 2 + ((rows - 0.8) / 0.035) ** 2
    tissue -= 0.3 * np.exp(-(stomach**1.5))
    for side in (-1, 1):
        hilum = ((columns - MIDDLE - 0.085 * side) / 0.035) ** 2 + ((rows - 0.405) / 0.06) ** 2
        tissue += 0.1 * np.exp(-hilum)
    return tissue - 0.12 * _blurred(_bands(WINDPIPE), 1.6)


def _skeleton(
    rows: np.ndarray, columns: np.ndarray, body: np.ndarray, lungs: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Spine, ribs, clavicles, shoulder blades and upper arms."""
    across = np.abs(columns - MIDDLE)
    bones = 0.08 * np.exp(-((across / 0.04) ** 4))
    for level in range(13):
        down, half_width = rows - 0.03 - 0.076 * level, 0.034 + 0.0012 * level
        bones += 0.1 * np.exp(-((across / half_width) ** 6) - (np.abs(down) / 0.03) ** 6)
    back, front, single = [], [], []
    for side in (-1, 1):
        for rib in range(10):
            top, reach, drop = (
                0.085 + 0.068 * rib,
                0.155 + 0.17 * min(1, (rib + 0.6) / 6) ** 0.5,
                0.035 + 0.01 * rib,
            )
            line = [(0.035, top), (0.035 + 0.33 * reach, top - 0.012)]
            line += [
                (0.03 + 0.72 * reach, top + 0.018 + 0.45 * drop),
                (0.02 + reach, top + 0.05 + 1.15 * drop),
            ]
            back.append((_varied(_on_side(line, side), random, 0.0015), [0.0087, 0.0075]))
        for rib in range(6):
            top, reach = 0.235 + 0.085 * rib, 0.2 + 0.1 * ((rib + 1) / 6) ** 0.5
            line = [(reach + 0.005, top), (reach - 0.05, top + 0.055), (0.13 + 0.01 * rib, top + 0.085)]
            front.append((_varied(_on_side(line, side), random, 0.002), [0.0076, 0.011]))
        single.append((_varied(_on_side(CLAVICLE, side), random, 0.002), [0.012, 0.009, 0.01]))
    bones += 0.105 * _hollow(back) * (0.25 + 0.75 * np.clip(lungs + 0.35 * body, 0, 1)) * body
    bones += 0.055 * _blurred(_bands(front), 1.2) * lungs + 0.17 * _hollow(single)
    bones += 0.35 * _hollow([(_on_side(HUMERUS, side), [0.024, 0.017, 0.017]) for side in (-1, 1)])
    blades = np.maximum(*(_filled(_on_side(SCAPULA, side)) for side in (-1, 1)))
    return bones + 0.06 * _blurred(blades, 2.0)


def _vessels(random: np.random.Generator) -> np.ndarray:
    """Branches from both hila, thinner at each fork, 0 to 1."""
    picture = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    pen = ImageDraw.Draw(picture)

    def branch(x: float, y: float, angle: float, width: float, steps: int) -> None:
        points = [(x, y)]
        for _ in range(steps):
            angle += random.normal(0, 0.1)
            x, y = x + 11 * np.cos(angle), y + 11 * np.sin(angle)
            points.append((x, y))
        pen.line(points, fill=int(min(255, 60 + 68 * width)), width=max(1, round(2 * width)), joint="curve")
        if width > 0.9:
            for turn in (1, -1):
                fork = angle + turn * random.uniform(0.25, 0.5)
                branch(x, y, fork, 0.72 * width, max(4, int(0.8 * steps)))

    for side in (-1, 1):
        for angle in (-1.15, -0.6, -0.1, 0.4, 0.85, 1.25):
            outwards = angle if side > 0 else np.pi - angle
            start = 2 * WIDTH * (MIDDLE + 0.075 * side), 2 * HEIGHT * (0.4 + 0.04 * np.sin(angle))
            branch(*start, outwards + random.normal(0, 0.08), random.uniform(2.4, 3.2), 8)
    return _shares(picture)


def _consolidation(rows: np.ndarray, columns: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A dense patch with an uneven border, and a fainter one towards the hilum."""
    cloud, grain = _noise(random, 10), _noise(random, 3.2)
    distance = ((columns - 0.315) / 0.085) ** 2 + ((rows - 0.565) / 0.105) ** 2
    dense = 0.5 - 0.5 * np.tanh((distance - 1 + 0.33 * cloud + 0.12 * grain) / 0.44)
    faint = 0.45 * np.exp(-(((columns - 0.37) / 0.07) ** 2) - ((rows - 0.45) / 0.07) ** 2) * (1 + 0.4 * cloud)
    return np.clip(dense + faint, 0, 1.2)


def _exposed(tissue: np.ndarray, body: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Grey levels of so much tissue, with the noise of a detector, uint8."""
    grey = _blurred(1 - np.exp(-1.25 * np.clip(tissue, 0, None)), 0.7)
    grey += 0.01 * _noise(random, 0.6) * (0.4 + 0.6 * body)
    return np.rint(3 + 247 * np.clip(grey / 0.84, 0, 1) ** 1.55).astype(np.uint8)


def _marked(pixels: np.ndarray) -> np.ndarray:
    """The pixels with `MARK` in their corner."""
    picture = Image.fromarray(pixels)
    font = ImageFont.load_default(size=15)
    ImageDraw.Draw(picture).text((12, 10), MARK, fill=200, font=font)
    return np.asarray(picture)


def _on_side(points: Points, side: int) -> Points:
    """Points given from the body's middle, on the picture's left (-1) or right (1)."""
    return [(MIDDLE + side * x, y) for x, y in points]


def _varied(points: Points, random: np.random.Generator, spread: float = 0.004) -> Points:
    return [(x + random.normal(0, spread), y + random.normal(0, spread)) for x, y in points]


def _curve(points: Points, count: int, closed: bool) -> np.ndarray:
    """A smooth line through points, float (count, 2) in pixels of a picture twice as large."""
    from scipy.interpolate import splev, splprep

    through = np.array([*points, points[0]] if closed else points)
    spline, _ = splprep(through.T, s=0, per=closed, k=min(3, len(through) - 1))
    return np.stack(splev(np.linspace(0, 1, count), spline), axis=1) * (2 * WIDTH, 2 * HEIGHT)


def _filled(outline: Points) -> np.ndarray:
    """1 within a smooth outline, 0 outside."""
    picture = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    ImageDraw.Draw(picture).polygon([tuple(point) for point in _curve(outline, 300, closed=True)], fill=255)
    return _shares(picture)


def _bands(bands: list[Band], narrower: float = 0.0) -> np.ndarray:
    """1 within any of the bands, whose half widths are less by `narrower` pixels, 0 outside."""
    picture = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    pen = ImageDraw.Draw(picture)
    for points, half_widths in bands:
        line = _curve(points, 80, closed=False)
        along = np.linspace(0, 1, len(half_widths))
        radii = 2 * (WIDTH * np.interp(np.linspace(0, 1, 80), along, half_widths) - narrower)
        for (x, y), radius in zip(line, np.maximum(radii, 1), strict=True):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return _shares(picture)


def _hollow(bands: list[Band]) -> np.ndarray:
    """Bones: brighter at their borders than within."""
    return _blurred(_bands(bands) - 0.38 * _bands(bands, narrower=1.8), 0.7)


def _shares(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX), np.float32) / 255


def _rounded(mask: np.ndarray, depth: float) -> np.ndarray:
    """Thickness of what has this outline: from 0 at its border to 1 where that is `depth` widths away."""
    from scipy.ndimage import distance_transform_edt

    distance = np.asarray(distance_transform_edt(mask > 0.5), np.float32)
    return np.sqrt(1 - (1 - np.clip(distance / (depth * WIDTH), 0, 1)) ** 2)


def _blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(values, sigma)


def _noise(random: np.random.Generator, sigma: float) -> np.ndarray:
    """Smooth noise with a standard deviation of 1."""
    noise = _blurred(random.standard_normal((HEIGHT, WIDTH)).astype(np.float32), sigma)
    return noise / noise.std()
