"""Decoding an image file into grey levels, or saying in a sentence why it cannot be."""

import hashlib
import io
import warnings
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import UserError
from core.images.depth import eight_bits, is_coloured
from core.images.dicom import DicomError, is_dicom, read_dicom

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
MOST_BYTES = 200 * 2**20
MOST_PIXELS = 40_000_000
LEAST_SIDE = 64
THUMBNAIL = 64  # pixels a side: colours are told where noise has been averaged away
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


class ImageError(UserError):
    """An image that cannot be read; the sentence names the file and the reason."""


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A decoded image.

    Attributes:
        name: file name it came under, for messages.
        pixels: uint8 ndarray of shape (height, width), 0 black to 255 white.
        sha256: of the file's bytes, hexadecimal.
        facts: of a DICOM file, without names, ids or dates: modality, view, age, sex, pixel size.
        coloured: whether the file holds colours that are no grey: no radiograph does.
        person: digest of a DICOM file's patient, to find films of the same one; "" where it names none.
        taken: date and time of the film, digits, to order them by. Neither is ever shown or kept.
    """

    name: str
    pixels: np.ndarray
    sha256: str
    facts: dict[str, str] = field(default_factory=dict)
    coloured: bool = False
    person: str = ""
    taken: str = ""

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]


def decode(data: bytes, name: str) -> Radiograph:
    """Decode the bytes of a PNG, JPEG, BMP, TIFF, WebP or DICOM file into grey levels.

    Colour becomes luminance, transparency black. The EXIF orientation is applied. More than 8 bits
    are scaled from the smallest usual depth (10, 12, 14, 16) that holds the brightest pixel, never
    clipped; floating-point values from their own range.

    Raises:
        ImageError: the bytes are no such image, cut short, too small or too large.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes). Export or copy it again.")
    if len(data) > MOST_BYTES:
        raise ImageError(too_heavy(name, len(data)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_dicom(data):
                film = read_dicom(data, MOST_PIXELS)
                _check_sides(film.pixels.shape[1], film.pixels.shape[0], name)
                return Radiograph(name, sha256=hashlib.sha256(data).hexdigest(), **vars(film))
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_dimensions(image, name)
                image.load()
                upright = ImageOps.exif_transpose(image)
                pixels, coloured = _grey(upright, name), _is_coloured(upright)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(f"{name} takes more memory than it may to read. Export it smaller.") from error
    except DicomError as error:
        raise ImageError(f"{name} {error}") from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image that can be read here; JPEG, PNG, BMP, TIFF, WebP and DICOM can."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} holds too many pixels; at most {MOST_PIXELS:,} are read.") from error
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged files
        raise ImageError(f"{name} is damaged or cut short. Export or copy it again.") from error
    return Radiograph(name, pixels, hashlib.sha256(data).hexdigest(), coloured=coloured)


def _check_dimensions(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"{name} holds {width:,} x {height:,} pixels; at most {MOST_PIXELS // 10**6} million are "
            "read. Export it smaller."
        )
    _check_sides(width, height, name)
    if getattr(image, "n_frames", 1) > 1:
        raise ImageError(
            f"{name} holds {image.n_frames} frames; one image a file is read. Export the frame you mean."
        )


def _check_sides(width: int, height: int, name: str) -> None:
    if min(width, height) < LEAST_SIDE:
        raise ImageError(
            f"{name} holds {width} x {height} pixels; at least {LEAST_SIDE} x {LEAST_SIDE} are needed."
        )


def _grey(image: Image.Image, name: str) -> np.ndarray:
    if image.mode in DEEP_MODES:
        try:
            return eight_bits(np.asarray(image))
        except ValueError as error:
            raise ImageError(f"{name} holds {error}. Export it again.") from error
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    if image.mode not in ("1", "L"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L"))


def _is_coloured(image: Image.Image) -> bool:
    """Whether it holds colours that are no grey."""
    if image.mode in ("1", "L", "LA", "La") or image.mode in DEEP_MODES:
        return False
    small = image.convert("RGB").resize((THUMBNAIL, THUMBNAIL))
    return is_coloured(np.asarray(small))


def too_heavy(name: str, size: int) -> str:
    """The sentence for a file of more bytes than are read."""
    return (
        f"{name} is {size / 2**20:,.0f} MiB; at most {MOST_BYTES // 2**20} MiB are read. Export it smaller."
    )
