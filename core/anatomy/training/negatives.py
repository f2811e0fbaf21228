"""Images without lungs, drawn: noise, shapes, text, limbs, slices; and parts of X-rays beside the lungs.

"Dead leaves", shapes that cover one another, have the statistics of photographs: Lee, Mumford and Huang,
"Occlusion models for natural images", International Journal of Computer Vision 41, 2001.
"""

from collections.abc import Callable

import cv2
import numpy as np

MIN_PART = 24  # pixels a side of a part of an X-ray


def draw_negative(random: np.random.Generator, image: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """An image without lungs, uint8 (side, side).

    Args:
        random: generator.
        image, lungs: an X-ray, uint8 (side, side), and its lungs, uint8 (side, side, 2).
    """
    side = len(image)
    if random.random() < 0.35:
        part = _beside_lungs(random, image, lungs)
        if part is not None:
            return cv2.resize(part, (side, side), interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.15:
        return _shuffled(random, image)
    draw = DRAWINGS[random.integers(len(DRAWINGS))]
    return draw(random, side)


def _beside_lungs(random: np.random.Generator, image: np.ndarray, lungs: np.ndarray) -> np.ndarray | None:
    """A rectangle of the X-ray that no lung reaches into; None if none of some tries is free."""
    side, covered = len(image), lungs.max(axis=2) > 0
    for _ in range(20):
        height, width = random.integers(MIN_PART, side, 2)
        top, left = random.integers(0, side - height + 1), random.integers(0, side - width + 1)
        window = np.s_[top : top + height, left : left + width]
        if not covered[window].any():
            return image[window]
    return None


def _shuffled(random: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The X-ray cut into squares that change places."""
    size = int(random.choice([8, 16]))
    count = len(image) // size
    squares = image.reshape(count, size, count, size).swapaxes(1, 2).reshape(-1, size, size)
    squares = random.permutation(squares).reshape(count, count, size, size)
    return squares.swapaxes(1, 2).reshape(image.shape)


def _noise(random: np.random.Generator, side: int) -> np.ndarray:
    """Noise of a spectrum between white and brown; sometimes a gradient or one grey level."""
    if random.random() < 0.2:
        return np.full((side, side), random.integers(256), np.uint8)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    spectrum = np.fft.rfft2(random.normal(size=(side, side))) / np.maximum(
        frequency, 1 / side
    ) ** random.uniform(0, 2)
    return _stretched(np.fft.irfft2(spectrum, (side, side)))


def _leaves(random: np.random.Generator, side: int) -> np.ndarray:
    """Dead leaves: ellipses and polygons of any size that cover one another."""
    picture = np.full((side, side), random.integers(256), np.uint8)
    for _ in range(random.integers(3, 120)):
        grey, size = int(random.integers(256)), side * 0.5 * random.random() ** 2 + 2
        centre = random.uniform(0, side, 2)
        if random.random() < 0.5:
            axes = (size * random.uniform(0.4, 1, 2)).astype(int).tolist()
            cv2.ellipse(picture, centre.astype(int).tolist(), axes, random.uniform(0, 180), 0, 360, grey, -1)
        else:
            points = centre + random.normal(0, size, (random.integers(3, 6), 2))
            cv2.fillPoly(picture, [points.astype(np.int32)], grey, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 2))


def _text(random: np.random.Generator, side: int) -> np.ndarray:
    """Lines of text, as on a receipt or a report."""
    paper, ink = (
        int(grey) for grey in random.permutation([random.integers(180, 256), random.integers(0, 90)])
    )
    picture = np.full((side, side), paper, np.uint8)
    scale, left, right = (
        random.uniform(0.2, 0.5),
        random.integers(0, side // 3),
        random.integers(side // 2, side),
    )
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789 .,:")
    for base in range(8, side, int(22 * scale) + random.integers(2, 8)):
        if random.random() < 0.85:
            line = "".join(random.choice(letters, max(1, int((right - left) / (18 * scale)))))
            cv2.putText(
                picture, line, (int(left), base), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA
            )
    return picture


def _limb(random: np.random.Generator, side: int) -> np.ndarray:
    """Long bones in soft tissue: a knee, an arm, the fingers of a hand."""
    picture = np.zeros((side, side), np.float32)
    count, root = random.integers(1, 6), random.uniform(0.2, 0.8, 2) * side
    spread, main = random.uniform(0.1, 0.6), random.uniform(0, 2 * np.pi)
    thick = side * random.uniform(0.08, 0.35) / np.sqrt(count)
    for number in range(count):
        angle = main + spread * (number - (count - 1) / 2)
        step = side * random.uniform(0.3, 0.9) * np.array([np.cos(angle), np.sin(angle)])
        ends = [(root - step * random.uniform(0, 1)).astype(int).tolist(), (root + step).astype(int).tolist()]
        for width, grey in ((thick, 0.35), (thick * 0.5, 0.75), (thick * 0.25, 0.6)):
            layer = cv2.line(np.zeros_like(picture), ends[0], ends[1], grey, max(1, int(width)), cv2.LINE_AA)
            picture = (
                np.maximum(picture, layer) if width > thick * 0.3 else np.where(layer > 0, layer, picture)
            )
    picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.7, 2.5))
    return _stretched(picture + 0.05 * _smooth(random, side, 3))


def _slice(random: np.random.Generator, side: int) -> np.ndarray:
    """An axial slice: a body, wider than high, with two dark fields, a ring of ribs and a vertebra."""
    picture = np.zeros((side, side), np.float32)
    middle = np.array([side / 2, side / 2]) + random.normal(0, side * 0.04, 2)
    body = side * np.array([random.uniform(0.35, 0.49), random.uniform(0.24, 0.36)])
    tilt, dark = random.normal(0, 6), random.uniform(0, 0.25)

    def ellipse(at: np.ndarray, axes: np.ndarray, grey: float) -> None:
        cv2.ellipse(picture, at.astype(int).tolist(), axes.astype(int).tolist(), tilt, 0, 360, grey, -1)

    ellipse(middle, body, 0.55)
    if random.random() < 0.75:
        for sign in (-1, 1):
            at = middle + [sign * body[0] * random.uniform(0.42, 0.5), body[1] * random.uniform(-0.1, 0.1)]
            ellipse(at, body * [random.uniform(0.32, 0.42), random.uniform(0.55, 0.75)], dark)
    ellipse(middle + [0, body[1] * 0.1], body * random.uniform(0.2, 0.35), 0.65)
    ellipse(middle + [0, body[1] * 0.62], body * [0.14, 0.2], 1.0)
    for angle in random.uniform(0, 2 * np.pi, 10):
        ellipse(middle + 0.88 * body * [np.cos(angle), np.sin(angle)], body * [0.08, 0.04], 1.0)
    picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.5, 1.5))
    return _stretched(picture + random.uniform(0, 0.06) * _smooth(random, side, 1))


def _sector(random: np.random.Generator, side: int) -> np.ndarray:
    """Speckle in a field, as an ultrasound image shows it."""
    speckle = np.abs(_smooth(random, side, random.uniform(0.5, 1.5)) * (1 + 0.6 * _smooth(random, side, 9)))
    field = np.zeros((side, side), np.float32)
    if random.random() < 0.5:
        top, half_angle = (side // 2, -int(random.integers(0, side // 3))), random.uniform(25, 50)
        cv2.ellipse(field, top, (side, side), 90, -half_angle, half_angle, 1.0, -1)
    else:
        field[:] = 1
    for _ in range(random.integers(0, 3)):
        axes = (side * random.uniform(0.05, 0.25, 2)).astype(int).tolist()
        cv2.ellipse(
            field, random.integers(0, side, 2).tolist(), axes, random.uniform(0, 180), 0, 360, 0.15, -1
        )
    return _stretched(speckle * cv2.GaussianBlur(field, (0, 0), 1.5))


def _smooth(random: np.random.Generator, side: int, sigma: float) -> np.ndarray:
    noise = cv2.GaussianBlur(random.normal(size=(side, side)).astype(np.float32), (0, 0), sigma)
    return noise / noise.std()


def _stretched(picture: np.ndarray) -> np.ndarray:
    low, high = np.percentile(picture, [0.5, 99.5])
    return (np.clip((picture - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)


DRAWINGS: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = (
    _noise,
    _leaves,
    _text,
    _limb,
    _slice,
    _sector,
)
