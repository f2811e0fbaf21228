"""What drawn chest X-rays are made of: smooth outlines, bands, tubes, thicknesses and noise.

All pictures are float32 (HEIGHT, WIDTH); points are in shares of width and height.
"""

import cv2
import numpy as np
from PIL import Image, ImageDraw

HEIGHT, WIDTH = 480, 600
ROWS = np.linspace(0, 1, HEIGHT, dtype=np.float32)
COLUMNS = np.linspace(0, 1, WIDTH, dtype=np.float32)
FINER = 2  # outlines are drawn so many times as large, and averaged
WIDE, COARSER = 16, 4  # pixels; wider blurs are computed on pictures so many times as small
Numbers = float | np.ndarray
Points = list[tuple[float, float]]
# A line through points, and its half widths from end to end in shares of the picture's width.
Band = tuple[Points, list[float]]


def varied(points: Points, random: np.random.Generator, spread: float = 0.004) -> Points:
    """The points, each moved a little."""
    return [(x + random.normal(0, spread), y + random.normal(0, spread)) for x, y in points]


def symmetric(points: Points) -> Points:
    """An outline whose left half goes through points, downwards or upwards."""
    return [*points, *((1 - x, y) for x, y in reversed(points))]


def curve(points: Points, count: int, closed: bool = False) -> np.ndarray:
    """A smooth line through points, float (count, 2): a Catmull-Rom spline."""
    knots = np.array(points)
    before, after = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    knots = np.concatenate([before, knots, after])
    spans = len(knots) - 3
    along = np.linspace(0, spans, count)
    first = np.minimum(along.astype(int), spans - 1)
    t = (along - first)[:, np.newaxis]
    a, b, c, d = (knots[first + step] for step in range(4))
    return b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def filled(outline: Points) -> np.ndarray:
    """1 within a smooth outline, 0 outside."""
    picture = Image.new("L", (FINER * WIDTH, FINER * HEIGHT))
    points = curve(outline, 300, closed=True) * picture.size
    ImageDraw.Draw(picture).polygon(points.ravel().tolist(), fill=255)
    return averaged(picture)


def bands(lines: list[Band], narrower: float = 0.0) -> np.ndarray:
    """1 within any of the bands, whose half widths are less by `narrower` pixels, 0 outside."""
    picture = Image.new("L", (FINER * WIDTH, FINER * HEIGHT))
    pen = ImageDraw.Draw(picture)
    for points, half_widths in lines:
        line = curve(points, 80) * picture.size
        along = np.linspace(0, 1, len(half_widths))
        radii = FINER * (WIDTH * np.interp(np.linspace(0, 1, 80), along, half_widths) - narrower)
        for (x, y), radius in zip(line, np.maximum(radii, 1), strict=True):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return averaged(picture)


def hollow(lines: list[Band]) -> np.ndarray:
    """Long bones: brighter at their borders than within."""
    return blurred(bands(lines) - 0.5 * bands(lines, narrower=2.5), 0.9)


def averaged(picture: Image.Image) -> np.ndarray:
    """A picture drawn `FINER` times as large, 0 to 1."""
    size = WIDTH, HEIGHT
    return cv2.resize(np.asarray(picture), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def rounded(mask: np.ndarray, depth: float) -> np.ndarray:
    """Thickness of what has this outline: from 0 at its border to 1 where that is `depth` widths away."""
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    return np.sqrt(1 - (1 - np.clip(distance / (depth * WIDTH), 0, 1)) ** 2)


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur, which reads the border on outside the picture."""
    if sigma < WIDE:
        return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    height, width = values.shape
    small = cv2.resize(values, (width // COARSER, height // COARSER), interpolation=cv2.INTER_AREA)
    return cv2.resize(blurred(small, sigma / COARSER), (width, height))


def noise(random: np.random.Generator, sigma: float) -> np.ndarray:
    """Smooth noise with a standard deviation of 1."""
    coarser = COARSER if sigma > WIDE / 2 else 1
    values = random.standard_normal((HEIGHT // coarser, WIDTH // coarser), np.float32)
    values = cv2.resize(blurred(values, sigma / coarser), (WIDTH, HEIGHT))
    return values / values.std()


def spots(x: Numbers, y: Numbers, across: Numbers, down: Numbers, power: int = 2) -> np.ndarray:
    """The sum of soft ellipses with these middles and half axes, each 1 in its middle.

    Args:
        x, y, across, down: of one spot, or of several, float (n,).
        power: a greater one makes them rectangles.
    """
    of_each = np.broadcast_arrays(*map(np.atleast_1d, (x, y, across, down)))
    x, y, across, down = (values[:, np.newaxis].astype(np.float32) for values in of_each)
    in_rows = np.exp(-(np.abs((ROWS - y) / down) ** power))
    in_columns = np.exp(-(np.abs((COLUMNS - x) / across) ** power))
    return np.einsum("nr,nc->rc", in_rows, in_columns)  # too small for the threads of a matrix product


def rising(start: float, end: float) -> np.ndarray:
    """0 above the first height, 1 below the second, smooth between them, (HEIGHT, 1)."""
    share = np.clip((ROWS[:, np.newaxis] - start) / (end - start), 0, 1)
    return share**2 * (3 - 2 * share)
