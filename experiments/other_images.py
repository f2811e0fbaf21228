"""Images that a model must not judge: modified chest images, and images that show no chest.

All are uint8 arrays of shape (height, width).
"""

from collections.abc import Callable, Iterator

import numpy as np
import PIL.Image
from PIL import ImageDraw, ImageFilter
from sklearn.datasets import load_sample_images

SIDE = 256  # pixels
Point = tuple[float, float]
Modification = Callable[[np.ndarray], np.ndarray]
Drawing = Callable[[np.random.Generator], np.ndarray]


def _tilted(degrees: float) -> Modification:
    def tilt(image: np.ndarray) -> np.ndarray:
        return np.asarray(PIL.Image.fromarray(image).rotate(degrees, PIL.Image.Resampling.BILINEAR))

    return tilt


def _blurred(image: np.ndarray) -> np.ndarray:
    return np.asarray(PIL.Image.fromarray(image).filter(ImageFilter.GaussianBlur(1.5)))


def _quarter(image: np.ndarray) -> np.ndarray:
    return image[: image.shape[0] // 2, : image.shape[1] // 2]


def _in_viewer_window(image: np.ndarray) -> np.ndarray:
    """A screenshot of a viewer: the image small, with bars and text around it."""
    screen = PIL.Image.fromarray(_text(np.random.default_rng(int(image[0, 0]))))
    small = PIL.Image.fromarray(image).resize((SIDE // 2, SIDE // 2))
    screen.paste(small, (SIDE // 4, SIDE // 4))
    return np.asarray(screen)


MODIFICATIONS: dict[str, Modification] = {
    "tilted by 10 degrees": _tilted(10),
    "tilted by 30 degrees": _tilted(30),
    "blurred": _blurred,
    "half as bright": lambda image: image // 2,
    "a quarter of an image": _quarter,
    "in a viewer window": _in_viewer_window,
}


def natural_images(random: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """Crops of two photographs, in grey levels: colour images are refused before they reach the model."""
    for number in range(count):
        photo = PIL.Image.fromarray(load_sample_images().images[number % 2]).convert("L")
        side = int(random.integers(100, 400))
        left = int(random.integers(0, photo.width - side))
        top = int(random.integers(0, photo.height - side))
        yield np.asarray(photo.crop((left, top, left + side, top + side)))


def _noise(random: np.random.Generator) -> np.ndarray:
    return random.integers(0, 256, (SIDE, SIDE)).astype(np.uint8)


def _clouds(random: np.random.Generator) -> np.ndarray:
    cells = int(random.integers(3, 20))
    small = PIL.Image.fromarray(random.integers(0, 256, (cells, cells)).astype(np.uint8))
    return np.asarray(small.resize((SIDE, SIDE), PIL.Image.Resampling.BICUBIC))


def _text(random: np.random.Generator) -> np.ndarray:
    page = PIL.Image.new("L", (SIDE, SIDE), int(random.integers(200, 256)))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, SIDE, 20), fill=int(random.integers(30, 120)))
    for line in range(30, SIDE, 12):
        pen.text((8, line), "".join(random.choice(list("abcdefgh  nopqrst"), 40)), fill=20)
    return np.asarray(page)


def _bones(random: np.random.Generator, bones: list[tuple[Point, Point]], width: int) -> np.ndarray:
    """Soft tissue and bones on black.

    Args:
        bones: both ends of each, in fractions of the side.
        width: of a bone, in pixels; soft tissue is wider.
    """
    picture = PIL.Image.new("L", (SIDE, SIDE), 0)
    pen = ImageDraw.Draw(picture)
    for thickness, grey in ((2.4, 70), (1.0, 190)):
        for ends in bones:
            points = [tuple(SIDE * (np.array(end) + random.normal(0, 0.01, 2))) for end in ends]
            pen.line(points, fill=grey, width=int(width * thickness))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(2.5))).astype(float)
    return np.clip(soft + random.normal(0, 4, soft.shape), 0, 255).astype(np.uint8)


def _hand(random: np.random.Generator) -> np.ndarray:
    wrist = (0.5, 0.95)
    knuckles = [(0.2, 0.6), (0.38, 0.5), (0.5, 0.48), (0.62, 0.5), (0.76, 0.56)]
    tips = [(0.08, 0.4), (0.3, 0.14), (0.5, 0.08), (0.68, 0.14), (0.88, 0.28)]
    palm = [(wrist, knuckle) for knuckle in knuckles]
    return _bones(random, [*palm, *zip(knuckles, tips, strict=True)], 12)


def _knees(random: np.random.Generator) -> np.ndarray:
    bones = []
    for middle in (0.28, 0.72):
        bones += [((middle, 0.0), (middle, 0.46)), ((middle, 0.54), (middle, 1.0))]
    return _bones(random, bones, 26)


def _blank(random: np.random.Generator) -> np.ndarray:
    return np.full((SIDE, SIDE), random.integers(0, 256), np.uint8)


DRAWINGS: dict[str, Drawing] = {
    "noise": _noise,
    "clouds": _clouds,
    "text": _text,
    "drawn hands": _hand,
    "drawn knees": _knees,
    "blank": _blank,
}
