"""Random changes of an image and its masks, so hard that the network holds on images of other hospitals.

Framing, orientation, grey levels, blur and noise, borders and collimation, tubes and markers, and a lung that
has turned white. Where the image moves, its masks move with it.
"""

import cv2
import numpy as np

MIN_ZOOM, MAX_ZOOM = 0.55, 1.5  # below 1 the image shrinks and a border appears
MILD_SHARE, MILD = 0.8, 0.25  # of the views are changed by this share of the usual amount
Drawn = tuple[np.ndarray, np.ndarray]  # uint8 (side, side) image and (side, side, 2) share of each lung


def augment(random: np.random.Generator, image: np.ndarray, lungs: np.ndarray) -> Drawn:
    """One randomly changed view.

    Args:
        random: generator.
        image: uint8 (side, side).
        lungs: uint8 (side, side, 2): share of the right and of the left lung in each pixel, 255 for all.

    Returns:
        Image and lungs of the same shapes.
    """
    strength = MILD if random.random() < MILD_SHARE else 1.0
    if random.random() < 0.1:
        image = whiten_lung(random, image, lungs)
    if random.random() < 0.5:
        image, lungs = image[:, ::-1], lungs[:, ::-1, ::-1]
    image, lungs = _moved(random, np.ascontiguousarray(image), np.ascontiguousarray(lungs), strength)
    if random.random() < 0.2:
        image = _with_objects(random, image)
    image = _grey_levels(random, image, strength)
    if random.random() < 0.15 * strength:
        image = _collimated(random, image)
    return image, lungs


def _moved(random: np.random.Generator, image: np.ndarray, lungs: np.ndarray, strength: float) -> Drawn:
    """Rotated, zoomed, stretched, sheared and shifted in one interpolation."""
    side = len(image)
    kind = random.random() * strength
    if kind < 0.8:
        angle = strength * float(np.clip(random.normal(0, 7), -25, 25))
    elif kind < 0.9:
        angle = random.uniform(-45, 45)
    else:
        angle = random.choice([90, 180, 270]) + random.normal(0, 7)
    zoom = np.exp(strength * random.uniform(np.log(MIN_ZOOM), np.log(MAX_ZOOM)))
    stretch = np.exp(strength * random.uniform(-0.18, 0.18))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), angle, zoom)
    centre = np.full(2, side / 2)
    linear = turn[:, :2] @ np.array([[stretch, strength * random.uniform(-0.08, 0.08)], [0, 1 / stretch]])
    shift = strength * random.uniform(-0.18, 0.18, 2) * side
    matrix = np.column_stack([linear, centre - linear @ centre + shift])
    border = random.choice([cv2.BORDER_CONSTANT, cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE])
    grey = 0 if random.random() < 0.6 else int(random.integers(256))
    image = cv2.warpAffine(image, matrix, (side, side), borderMode=int(border), borderValue=grey)
    return image, cv2.warpAffine(lungs, matrix, (side, side), borderMode=cv2.BORDER_CONSTANT, borderValue=0)


def whiten_lung(random: np.random.Generator, image: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """The image with one lung as white as the tissue beside it, wholly or from a level downwards.

    Args:
        random: generator.
        image: uint8 (side, side).
        lungs: uint8 (side, side, 2).
    """
    side = len(image)
    lung = lungs[..., random.integers(2)]
    if lung.max() < 128:
        return image
    covered = cv2.dilate(lung, np.ones((3, 3), np.uint8)).astype(np.float32) / 255
    if random.random() < 0.4:
        rows = np.flatnonzero((lung >= 128).any(axis=1))
        level = random.uniform(rows[0], rows[0] + 0.7 * (rows[-1] - rows[0]))
        covered *= np.clip((np.arange(side) - level) / 5, 0, 1)[:, np.newaxis]
    covered = cv2.GaussianBlur(covered, (0, 0), random.uniform(0.8, 2.5)) * random.uniform(0.75, 1)
    outside = image[lungs.max(axis=2) < 128]
    tissue = np.percentile(outside, random.uniform(60, 92)) if len(outside) else 200.0
    texture = cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 4) * 60
    white = tissue + 0.2 * (image - float(image[lung >= 128].mean())) + texture
    return np.clip(image * (1 - covered) + white * covered, 0, 255).astype(np.uint8)


def _with_objects(random: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Tubes, electrodes and markers."""
    image, side = image.copy(), len(image)
    for _ in range(random.integers(1, 4)):
        grey = int(random.integers(120, 256))
        kind = random.random()
        if kind < 0.6:
            points = (
                np.cumsum(random.normal(0, side / 9, (6, 2)), axis=0) + random.uniform(0.2, 0.8, 2) * side
            )
            cv2.polylines(image, [points.astype(np.int32)], False, grey, 1, cv2.LINE_AA)
        elif kind < 0.8:
            corner = random.uniform(0, side, 2).astype(int)
            size = random.uniform(0.03, 0.14, 2) * side
            cv2.rectangle(image, corner.tolist(), (corner + size.astype(int)).tolist(), grey, -1)
        else:
            text = "".join(random.choice(list("LRAPPA0123456789"), random.integers(1, 6)))
            start = random.uniform(0, side, 2).astype(int).tolist()
            cv2.putText(image, text, start, cv2.FONT_HERSHEY_SIMPLEX, random.uniform(0.25, 0.7), grey, 1)
    return image


def _grey_levels(random: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Blur, gamma, contrast, brightness, equalisation, uneven exposure, noise and inversion."""
    if random.random() < 0.25:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.5))
    if random.random() < 0.15:
        image = (
            cv2.equalizeHist(image) if random.random() < 0.5 else cv2.createCLAHE(3.0, (6, 6)).apply(image)
        )
    levels = np.linspace(0, 1, 256) ** np.exp(strength * random.uniform(-0.8, 0.8))
    contrast, brightness = np.exp(strength * random.uniform(-0.8, 0.4)), strength * random.uniform(-0.2, 0.2)
    levels = (levels - 0.5) * contrast + 0.5 + brightness
    changed = levels.astype(np.float32)[image]
    if random.random() < 0.2:
        corners = random.uniform(-0.25, 0.25, (3, 3)).astype(np.float32)
        changed = changed + cv2.resize(corners, image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    if random.random() < 0.3:
        changed = changed + random.normal(0, random.uniform(0.01, 0.08), image.shape).astype(np.float32)
    if random.random() < 0.12 * strength:
        changed = 1 - changed
    return (np.clip(changed, 0, 1) * 255).astype(np.uint8)


def _collimated(random: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Blank outside a rectangle that may be tilted."""
    side = len(image)
    size = random.uniform(0.8, 1.05, 2) * side
    middle = random.uniform(0.45, 0.55, 2) * side
    corners = cv2.boxPoints((middle.tolist(), size.tolist(), random.normal(0, 4))).astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros_like(image), corners, 1)
    grey = 0 if random.random() < 0.7 else int(random.integers(256))
    return np.where(inside == 1, image, np.uint8(grey))
