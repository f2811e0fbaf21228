"""Grey levels of JPEG, PNG, BMP, TIFF and WebP files, as a viewer shows them.

Pillow decodes them. What it leaves out is done here: 16-bit colours, TIFF's WhiteIsZero beyond eight bits,
PNG's gamma, and colour profiles that change grey levels.
"""

import io
import sys
from typing import Any

import numpy as np
import PIL.Image
from PIL import ImageOps, PngImagePlugin, TiffImagePlugin

from core.images.grey_levels import eight_bits, is_coloured
from core.images.tone import gamma_table, profile_table

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
COLOUR_SIDE = 64  # pixels a side of the copy in which colour is looked for: noise is averaged away
DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
BT601 = np.array([0.299, 0.587, 0.114])  # luminance of red, green and blue, as Pillow's mode L
PHOTOMETRIC, NEW_SUBFILE_TYPE = 262, 254  # TIFF tags
WHITE_IS_ZERO, REDUCED_COPY = 0, 1  # their values
SWAPPED = ("I;16BS", "I;32BS", "F;32BF")  # raw modes of big-endian samples
MAX_PAGES = 8  # of a TIFF that are looked at
MAX_TEXT_CHUNK = 16 * 2**20  # bytes; Pillow refuses sound images with a megabyte of text or colour profile

_LITTLE, _BIG = b"II", b"MM"
TiffImagePlugin.OPEN_INFO |= {  # grey values that Pillow can unpack, but does not know as TIFF
    (_BIG, 0, (1,), 1, (16,), ()): ("I;16B", "I;16B"),
    (_LITTLE, 0, (2,), 1, (16,), ()): ("I", "I;16S"),
    (_BIG, 0, (2,), 1, (16,), ()): ("I", "I;16BS"),
    (_LITTLE, 0, (1,), 1, (32,), ()): ("I", "I;32N"),
    (_BIG, 0, (1,), 1, (32,), ()): ("I", "I;32BS"),
    (_LITTLE, 0, (2,), 1, (32,), ()): ("I", "I;32S"),
    (_BIG, 0, (2,), 1, (32,), ()): ("I", "I;32BS"),
    (_BIG, 1, (1,), 1, (32,), ()): ("I", "I;32BS"),
    (_LITTLE, 0, (1,), 1, (12,), ()): ("I;16", "I;12"),
    (_BIG, 1, (1,), 1, (12,), ()): ("I;16", "I;12"),
    (_BIG, 0, (1,), 1, (12,), ()): ("I;16", "I;12"),
}
PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT_CHUNK


def page_count(picture: PIL.Image.Image) -> int:
    """Pictures in a file; previews of phones and reduced copies in a TIFF are none."""
    frames = getattr(picture, "n_frames", 1)
    if picture.format == "MPO":  # a JPEG with its preview, or the second eye of a camera
        return 1
    if picture.format != "TIFF" or not 1 < frames <= MAX_PAGES:
        return frames
    reduced = 0
    for number in range(1, frames):
        picture.seek(number)
        reduced += bool(_tag(picture, NEW_SUBFILE_TYPE) & REDUCED_COPY)
    picture.seek(0)
    return frames - reduced


def picture_pixels(picture: PIL.Image.Image, data: bytes) -> tuple[np.ndarray, bool]:
    """uint8 grey levels (height, width), and whether there are colours other than grey.

    Colour becomes luminance, transparency becomes black, and the EXIF orientation is applied.

    Args:
        picture: opened, not yet loaded.
        data: the bytes that it was opened from.

    Raises:
        NotNumbers: a value is not finite.
        ToneError: the gamma is nonsense.
    """
    white_is_zero = picture.format == "TIFF" and _tag(picture, PHOTOMETRIC, 1) == WHITE_IS_ZERO
    if picture.mode not in DEEP_MODES and ";16" in _raw_mode(picture):
        pixels, coloured = _sixteen_bit_colours(data)
    else:
        _expect_native_samples(picture)
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        pixels, coloured = _grey_levels(upright), _is_coloured(upright)
        if white_is_zero and upright.mode in DEEP_MODES:  # Pillow inverts up to eight bits itself
            pixels = 255 - pixels
    table = _tone_table(picture)
    return (pixels if table is None else table[pixels]), coloured


def _tag(picture: PIL.Image.Image, number: int, default: int = 0) -> int:
    """A whole number among the tags of a TIFF."""
    value = picture.tag_v2.get(number, default)  # pyright: ignore[reportAttributeAccessIssue]  # of TIFF only
    return value if isinstance(value, int) else default


def _raw_mode(picture: PIL.Image.Image) -> str:
    """How samples lie in the file, such as `RGB;16B`; "" if the format does not say."""
    tiles = getattr(picture, "tile", None) or [None]
    arguments = getattr(tiles[0], "args", None)
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _expect_native_samples(picture: PIL.Image.Image) -> None:
    """Correct Pillow, which expects big-endian samples where libtiff has already decompressed and swapped."""
    tiles: list[Any] = getattr(picture, "tile", None) or [None]
    if getattr(tiles[0], "codec_name", "") != "libtiff" or not _raw_mode(picture).endswith(SWAPPED):
        return
    first, *others = tiles[0].args
    native = first.replace("B", "") if sys.byteorder == "little" else first
    picture.tile = [tile._replace(args=(native, *others)) for tile in tiles]  # pyright: ignore[reportAttributeAccessIssue]


def _sixteen_bit_colours(data: bytes) -> tuple[np.ndarray, bool]:
    """As `picture_pixels`. Pillow keeps the high bytes only, which are black where 12 of 16 bits are used."""
    import cv2  # imported lazily: such files are rare

    samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        raise ValueError("the samples cannot be decoded")
    if samples.ndim == 2:
        return eight_bits(samples), False
    grey = samples[..., 2::-1] @ BT601
    if samples.shape[2] == 4:
        grey *= samples[..., 3] / (2 ** (8 * samples.itemsize) - 1)
    scaled = (samples[..., :3] * (255.0 / max(1, int(samples[..., :3].max())))).astype(np.uint8)
    return eight_bits(np.rint(grey).astype(samples.dtype)), is_coloured(scaled)


def _grey_levels(picture: PIL.Image.Image) -> np.ndarray:
    if picture.mode in DEEP_MODES:
        return eight_bits(np.asarray(picture))
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture)
    if picture.mode not in ("1", "L"):
        picture = picture.convert("RGB")
    return np.asarray(picture.convert("L"))


def _is_coloured(picture: PIL.Image.Image) -> bool:
    """Whether the picture holds colours other than grey."""
    if picture.mode in ("1", "L", "LA", "La") or picture.mode in DEEP_MODES:
        return False
    small = picture.convert("RGB").resize((COLOUR_SIDE, COLOUR_SIDE))
    return is_coloured(np.asarray(small))


def _tone_table(picture: PIL.Image.Image) -> np.ndarray | None:
    """How grey levels are to be shown, uint8 (256,), by colour profile or gamma; None if as they are."""
    if profile := picture.info.get("icc_profile"):
        return profile_table(profile)
    if picture.format == "PNG" and "gamma" in picture.info and "srgb" not in picture.info:
        return gamma_table(float(picture.info["gamma"]))
    return None


def open_picture(data: bytes) -> PIL.Image.Image:
    """The picture, not yet loaded."""
    return PIL.Image.open(io.BytesIO(data), formats=FORMATS)
