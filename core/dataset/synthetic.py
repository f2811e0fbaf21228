"""A synthetic data set: drawn chests with lungs, ribs, heart and diaphragm, with opacities for pneumonia.

It lets every page work on a machine without data and proves nothing about real X-rays. Its file
SYNTHETIC.txt makes the index mark everything derived from it.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core import atomic
from core.dataset.index import SYNTHETIC_MARK
from core.disk import explained
from core.errors import UserError
from core.roles import Role, takes
from core.sentence import Sentence

SIDE = 256
TEST_SHARE = 0.25
NORMAL_SHARE = 0.4
DEFAULT_IMAGES = 320
CAUSES = ("none", "bacteria", "virus")  # of opacities
NOTICE = "Synthetic X-rays drawn by a program: for trying the software, not for science.\n"


@takes(Role.TRAINER)
def write_synthetic_dataset(folder: str | Path, images: int = DEFAULT_IMAGES, seed: int = 0) -> Path:
    """Draw a synthetic data set in the published layout.

    Args:
        folder: to create; it must be missing or empty.
        images: number of images, at least 20.
        seed: the same seed draws the same images.

    Returns:
        The folder.

    Raises:
        UserError: the folder is not empty or cannot be written, or `images` is too small.
    """
    folder = Path(folder).expanduser().resolve()
    if not 20 <= images <= 20_000:
        raise UserError(
            Sentence("The number of images is {images}; choose between 20 and 20,000.", images=images)
        )
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(Sentence("{folder} is not an empty folder. Choose a new one.", folder=folder))
        with atomic.new_folder(folder) as temporary:
            _write(temporary, images, seed)
    except OSError as error:
        raise explained(error, folder) from error
    return folder


def _write(folder: Path, images: int, seed: int) -> None:
    (folder / SYNTHETIC_MARK).write_text(NOTICE)
    plan = list(_plan(images))
    for path, _ in plan:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)

    def draw_one(number: int) -> None:
        path, cause = plan[number]
        pixels = draw_chest(np.random.default_rng([seed, number]), cause)
        Image.fromarray(pixels).save(folder / path, quality=90)

    with ThreadPoolExecutor() as pool:
        list(pool.map(draw_one, range(len(plan))))


def _plan(images: int) -> Iterator[tuple[str, str]]:
    """Yield relative path and cause of each image; every third patient has two images."""
    for split, share in (("train", 1 - TEST_SHARE), ("test", TEST_SHARE)):
        total = round(images * share)
        normal = round(total * NORMAL_SHARE)
        offset = 0 if split == "train" else 10_000
        for number in range(total):
            exposure = number if number < normal else number - normal  # number within the class
            patient = offset + exposure - exposure // 3
            if number < normal:
                name = f"NORMAL/IM-{patient:04d}-{exposure:04d}.jpeg"
                yield f"{split}/{name}", "none"
            else:
                cause = "virus" if patient % 3 == 0 else "bacteria"
                yield f"{split}/PNEUMONIA/person{patient}_{cause}_{exposure}.jpeg", cause


def draw_chest(random: np.random.Generator, cause: str) -> np.ndarray:
    """Draw a frontal chest, uint8 (256, 256), with the opacity of `cause` (`bacteria`, `virus`, `none`)."""
    return draw_chest_parts(random, cause).pixels


@dataclass(frozen=True, eq=False)
class DrawnChest:
    """A drawn chest and what stands where in it.

    Attributes:
        pixels: uint8 (256, 256).
        opacity: brightness that its opacity adds, float32 (256, 256).
        lungs: bool (256, 256), above the diaphragm, the part behind the heart included.
    """

    pixels: np.ndarray
    opacity: np.ndarray
    lungs: np.ndarray


def draw_chest_parts(random: np.random.Generator, cause: str) -> DrawnChest:
    """The chest of `draw_chest` with its parts."""
    from scipy.ndimage import gaussian_filter

    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    columns = columns - random.normal(0, 0.04)
    rows = rows - random.normal(0, 0.04)
    body = _soft(1 - (columns / random.uniform(0.88, 1.0)) ** 4 - (rows / 1.3) ** 6, 0.1)
    grey = 0.55 * body

    lung_height, lung_width = random.uniform(0.58, 0.7), random.uniform(0.27, 0.33)
    gap = random.uniform(0.36, 0.42)
    lungs = np.zeros_like(grey)
    for side in (-1, 1):
        lungs += _ellipse(rows + 0.08, columns - side * gap, lung_height, lung_width, 0.12)
    lungs = np.clip(lungs, 0, 1)
    grey -= random.uniform(0.3, 0.38) * lungs

    grey += _ribs(rows, columns, random) * (0.35 + 0.65 * lungs) * body
    grey += 0.16 * np.exp(-((columns / 0.09) ** 2)) * body  # spine
    heart = _ellipse(rows - 0.28, columns - 0.14, random.uniform(0.3, 0.36), 0.32, 0.12)
    grey += 0.28 * heart * (0.3 + 0.7 * lungs)
    dome = 0.55 + random.normal(0, 0.04) + 0.35 * (np.abs(columns) - gap) ** 2
    diaphragm = 1 / (1 + np.exp(-(rows - dome) / 0.025))
    grey += 0.32 * diaphragm * lungs * body

    opacity = np.zeros_like(grey)
    if cause != "none":
        opacity = _opacity(rows, columns, gap, cause, random) * lungs
    grey += opacity + 0.05 * gaussian_filter(random.standard_normal((SIDE, SIDE)).astype(np.float32), 1.2)
    grey = gaussian_filter(grey, random.uniform(0.6, 1.2))
    exposure, contrast = random.normal(0.06, 0.04), random.uniform(0.85, 1.15)
    grey = np.clip(0.5 + (grey - 0.42) * contrast + exposure, 0, 1)
    return DrawnChest(np.rint(255 * grey).astype(np.uint8), opacity, lungs * (1 - diaphragm) >= 0.5)


def _opacity(
    rows: np.ndarray, columns: np.ndarray, gap: float, cause: str, random: np.random.Generator
) -> np.ndarray:
    """Bacterial: one dense lobar patch. Viral: several faint ones on both sides."""
    from scipy.ndimage import gaussian_filter

    patches = np.zeros_like(rows)
    focal = cause == "bacteria"
    for index in range(1 if focal else random.integers(5, 9)):
        side = random.choice((-1, 1)) if focal else (-1, 1)[index % 2]
        row, column = random.uniform(-0.35, 0.4), side * gap + random.normal(0, 0.08)
        size = random.uniform(0.18, 0.3) if focal else random.uniform(0.1, 0.18)
        strength = random.uniform(0.22, 0.4) if focal else random.uniform(0.1, 0.2)
        distance = ((rows - row) / size) ** 2 + ((columns - column) / (size * 0.8)) ** 2
        patches += strength * np.exp(-distance)
    texture = gaussian_filter(random.standard_normal(rows.shape).astype(np.float32), 5)
    return patches * (1 + 2.5 * texture)


def _ribs(rows: np.ndarray, columns: np.ndarray, random: np.random.Generator) -> np.ndarray:
    spacing, phase = random.uniform(0.17, 0.2), random.uniform(0, 0.2)
    arcs = rows + 0.35 * columns**2 - 0.2 * np.abs(columns) + phase
    wave = np.cos(2 * np.pi * arcs / spacing)
    return 0.09 * np.clip(wave, 0, 1) * (np.abs(rows) < 0.75) * (np.abs(columns) > 0.1)


def _ellipse(
    rows: np.ndarray, columns: np.ndarray, height: float, width: float, softness: float
) -> np.ndarray:
    return _soft(1 - (rows / height) ** 2 - (columns / width) ** 2, softness)


def _soft(inside: np.ndarray, softness: float) -> np.ndarray:
    """1 where `inside` is well above zero, 0 where well below, smooth between."""
    return 1 / (1 + np.exp(-np.clip(inside / softness, -30, 30)))
