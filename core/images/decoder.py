"""Decoding an image file into grey levels, or saying in a sentence why it cannot be."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import UserError

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
MOST_BYTES = 200 * 2**20
MOST_PIXELS = 40_000_000
LEAST_SIDE = 64
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
BIT_DEPTHS = (8, 10, 12, 14, 16)


class ImageError(UserError):
    """An image that cannot be read; the sentence names the file and the reason."""


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A decoded image.

    Attributes:
        name: file name it came under, for messages.
        pixels: uint8 ndarray of shape (height, width), 0 black to 255 white.
        sha256: of the file's bytes, hexadecimal.
    """

    name: str
    pixels: np.ndarray
    sha256: str

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]


def read(path: str | Path) -> Radiograph:
    """Decode the file at `path`.

    Raises:
        ImageError: it is missing, no regular file, or `decode` refuses it.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise ImageError(f"{path} does not exist. Check the path.")
        if not path.is_file():
            raise ImageError(f"{path} is not a file. Give the path of one image.")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ImageError(_too_heavy(path.name, size))
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path} cannot be read: {reason}.") from error
    return decode(data, path.name)


def decode(data: bytes, name: str) -> Radiograph:
    """Decode the bytes of a PNG, JPEG, BMP, TIFF or WebP file into grey levels.

    Colour becomes luminance, transparency black. The EXIF orientation is applied. More than 8 bits
    are scaled from the smallest usual depth (10, 12, 14, 16) that holds the brightest pixel, never
    clipped; floating-point values from their own range.

    Raises:
        ImageError: the bytes are no such image, cut short, too small or too large.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes). Export or copy it again.")
    if len(data) > MOST_BYTES:
        raise ImageError(_too_heavy(name, len(data)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_dimensions(image, name)
                image.load()
                pixels = _grey(ImageOps.exif_transpose(image), name)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image that can be read here; JPEG, PNG, BMP, TIFF and WebP can."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} holds too many pixels; at most {MOST_PIXELS:,} are read.") from error
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged files
        raise ImageError(f"{name} is damaged or cut short. Export or copy it again.") from error
    return Radiograph(name, pixels, hashlib.sha256(data).hexdigest())


def _check_dimensions(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"{name} holds {width:,} x {height:,} pixels; at most {MOST_PIXELS // 10**6} million are "
            "read. Export it smaller."
        )
    if min(width, height) < LEAST_SIDE:
        raise ImageError(
            f"{name} holds {width} x {height} pixels; at least {LEAST_SIDE} x {LEAST_SIDE} are needed."
        )
    if getattr(image, "n_frames", 1) > 1:
        raise ImageError(
            f"{name} holds {image.n_frames} frames; one image a file is read. Export the frame you mean."
        )


def _grey(image: Image.Image, name: str) -> np.ndarray:
    if image.mode in DEEP_MODES:
        return _eight_bits(np.asarray(image), name)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    if image.mode not in ("1", "L"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L"))


def _eight_bits(values: np.ndarray, name: str) -> np.ndarray:
    """Scale deep grey levels to uint8 without clipping."""
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ImageError(f"{name} holds values that are not numbers. Export it again.")
    low, high = float(values.min()), float(values.max())
    whole = low >= 0 and high < 2 ** BIT_DEPTHS[-1] and high == round(high) and high > 1
    if whole:
        low, high = 0.0, float(2 ** next(bits for bits in BIT_DEPTHS if high < 2**bits) - 1)
    span = (high - low) or 1.0
    return np.rint((values - low) * (255.0 / span)).astype(np.uint8)


def _too_heavy(name: str, size: int) -> str:
    return (
        f"{name} is {size / 2**20:,.0f} MiB; at most {MOST_BYTES // 2**20} MiB are read. Export it smaller."
    )
