"""Images with an opacity whose place is known: drawn into normal X-rays, or drawn with the chest."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from core.anatomy import Lungs
from core.dataset.synthetic import CAUSES, draw_chest_parts
from core.images import Image

MIN_STRENGTH = 0.5  # of the opacity's maximum, from which a pixel is a part of it
DENSE = 90  # percentile of the image's grey levels
TEXTURE, TEXTURE_SCALE = 2.5, 0.02  # strength, and share of the image's height
EDGE = 0.01  # softness of the lung's edge, as a share of the image's height


@dataclass(frozen=True)
class Strength:
    """How large and how dense opacities are, each drawn at random between two bounds.

    Attributes:
        radii: shares of the height of the lungs' box, down and across.
        densities: way from a pixel to the brightness of dense tissue, 0 to 1.
    """

    radii: tuple[float, float]
    densities: tuple[float, float]


FAINTER = Strength((0.12, 0.22), (0.5, 0.9))
STRONGER = Strength((0.18, 0.32), (0.8, 1.0))


@dataclass(frozen=True, eq=False)
class OpacityImage:
    """An image and where its opacity is.

    Attributes:
        image: with the opacity.
        opacity: mask of its dense part, bool (height, width).
        patient: whose image it is.
    """

    image: Image
    opacity: np.ndarray
    patient: str


def with_opacity(
    image: Image, lungs: Lungs, patient: str, random: np.random.Generator, strength: Strength = FAINTER
) -> OpacityImage:
    """A normal X-ray with an opacity within one of its lungs: an ellipse with a soft, textured edge."""
    height, width = image.pixels.shape
    assert lungs.box is not None  # callers pass plausible lungs
    side_map = lungs.side_map(height, width)
    lung = side_map == random.choice(np.unique(side_map[side_map > 0]))
    row, column = random.choice(np.argwhere(lung))
    box_height = height * (lungs.box[3] - lungs.box[1])
    down, across = box_height * random.uniform(*strength.radii, size=2)
    rows, columns = np.mgrid[:height, :width]
    patch = np.exp(-(((rows - row) / down) ** 2) - ((columns - column) / across) ** 2)
    noise = gaussian_filter(random.standard_normal(lung.shape), TEXTURE_SCALE * height)
    texture = np.clip(1 + TEXTURE * noise, 0, 2)
    within = gaussian_filter(lung.astype(np.float64), EDGE * height)
    alpha = np.clip(random.uniform(*strength.densities) * patch * texture, 0, 1) * within
    missing = np.maximum(np.percentile(image.pixels, DENSE) - image.pixels, 0)
    pixels = np.rint(image.pixels + alpha * missing).astype(np.uint8)
    dense = patch * within
    return OpacityImage(replace(image, pixels=pixels), dense >= MIN_STRENGTH * dense.max(), patient)


def synthetic_images(count: int, seed: int) -> list[OpacityImage]:
    """Drawn chests, as many with a bacterial opacity as with a viral one."""
    random, images = np.random.default_rng(seed), []
    for number in range(count):
        chest = draw_chest_parts(random, CAUSES[1 + number % 2])
        opacity = chest.opacity >= MIN_STRENGTH * chest.opacity.max()
        images.append(OpacityImage(Image("synthetic", chest.pixels, ""), opacity, f"synthetic {number}"))
    return images
