"""Invented hospitals: fixed sites that frame, expose, window, sharpen and scan X-rays each in their own way.

No image of another hospital is needed to make them, and no training may use them: they stand in for the
hospitals that a model has not seen, where something is to be chosen.
"""

from dataclasses import dataclass

import cv2
import numpy as np

COUNT = 20
SEED = 38
JITTER = 0.03  # of the frame, from image to image of one site


@dataclass(frozen=True)
class Hospital:
    """How one site takes its X-rays.

    Attributes:
        zoom: of the frame, below 1 with a border around the image.
        aspect: height by width, relative to the original.
        shift: of the frame to the right and downwards, as shares of the sides.
        border: grey level around the image.
        gamma, low, high: exposure, and the window: shares of the grey levels that become black and white.
        blur: standard deviation, pixels of an image of 128 x 128.
        sharpening: of the edges, 0 for none.
        noise: standard deviation, grey levels.
        quality: of the JPEG file.
    """

    zoom: float
    aspect: float
    shift: tuple[float, float]
    border: int
    gamma: float
    low: float
    high: float
    blur: float
    sharpening: float
    noise: float
    quality: int


def hospitals() -> list[Hospital]:
    """The fixed sites, always the same."""
    return [_invented(np.random.default_rng((SEED, number))) for number in range(COUNT)]


def _invented(random: np.random.Generator) -> Hospital:
    """A site that differs in framing, in exposure and in sharpness, each by an amount of its own."""
    sharp = random.random() < 0.5
    return Hospital(
        zoom=float(np.exp(random.uniform(np.log(0.8), np.log(1.2)))),
        aspect=float(np.exp(random.uniform(-0.15, 0.15))),
        shift=(float(random.uniform(-0.05, 0.05)), float(random.uniform(-0.05, 0.05))),
        border=int(random.choice([0, 0, 0, 40, 255])),
        gamma=float(np.exp(random.uniform(-0.35, 0.35))),
        low=float(random.uniform(0, 0.05)),
        high=float(random.uniform(0.95, 1)),
        blur=0.0 if sharp else float(random.uniform(0.0, 0.6)),
        sharpening=float(random.uniform(0.0, 0.6)) if sharp else 0.0,
        noise=float(random.uniform(0, 2)),
        quality=int(random.integers(60, 96)),
    )


def image_from(hospital: Hospital, pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An X-ray as a site would have taken it.

    Args:
        hospital: the site.
        pixels: uint8 (height, width).
        random: draws what differs from image to image.

    Returns:
        uint8 (height, width).
    """
    height, width = pixels.shape
    zoom = hospital.zoom * np.exp(random.normal(0, JITTER))
    across, down = zoom / np.sqrt(hospital.aspect), zoom * np.sqrt(hospital.aspect)
    shift = np.array(hospital.shift) + random.normal(0, JITTER, 2)
    matrix = np.array(
        [
            [across, 0, width * ((1 - across) / 2 + shift[0])],
            [0, down, height * ((1 - down) / 2 + shift[1])],
        ]
    )
    framed = cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_AREA, borderValue=hospital.border
    )
    low, high = np.quantile(framed, [hospital.low, hospital.high])
    levels = np.clip((framed.astype(np.float32) - low) / max(high - low, 1), 0, 1) ** hospital.gamma
    scale = width / 128
    if hospital.blur:
        levels = cv2.GaussianBlur(levels, (0, 0), hospital.blur * scale)
    if hospital.sharpening:
        levels = levels + hospital.sharpening * (levels - cv2.GaussianBlur(levels, (0, 0), 1.5 * scale))
    levels = 255 * levels + random.normal(0, hospital.noise, levels.shape)
    scanned = np.clip(levels, 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", scanned, [cv2.IMWRITE_JPEG_QUALITY, hospital.quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))
