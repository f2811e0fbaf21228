"""Decoding an image file into grey levels, with a clear sentence where that is not possible."""

import hashlib
import warnings
from dataclasses import dataclass, field

import numpy as np
import PIL.Image
from PIL import UnidentifiedImageError

from core.errors import UserError
from core.images.dicom_signature import DicomError, is_dicom
from core.images.grey_levels import NotNumbers
from core.images.header_facts import TURNED, HeaderFinding, PixelSpacing
from core.images.patient_age import PatientAge
from core.images.pictures import open_picture, page_count, picture_pixels
from core.images.tone import ToneError
from core.sentence import Sentence, joined

MAX_BYTES = 200 * 2**20
MAX_PIXELS = 40_000_000
MIN_SIDE = 64


class ImageError(UserError):
    """An image that cannot be read; the sentence names the file and the reason."""


@dataclass(frozen=True, eq=False)
class Image:
    """A decoded image.

    Attributes:
        name: file name, for messages.
        pixels: uint8 ndarray of shape (height, width), 0 black to 255 white.
        sha256: digest of the file's bytes, hexadecimal.
        facts: modality, view, age, sex and pixel size of a DICOM file; never names, IDs or dates.
        coloured: whether the file holds colours other than grey, which no X-ray does.
        patient_digest: of a DICOM file's patient, to find other images of the same one; "" if unknown.
        acquired: date and time of acquisition, as digits that sort. Neither is ever shown or stored.
        findings: why the model may not be able to judge the image, by its DICOM header.
        age: of a DICOM file's patient; None if unknown.
        spacing: of a DICOM file's pixels in millimetres; None if unknown.
        origin: columns at the left and rows at the top of a DICOM file that were left out as padding.
    """

    name: str
    pixels: np.ndarray
    sha256: str
    facts: dict[str, str] = field(default_factory=dict)
    coloured: bool = False
    patient_digest: str = ""
    acquired: str = ""
    findings: tuple[HeaderFinding, ...] = ()
    age: PatientAge | None = None
    spacing: PixelSpacing | None = None
    origin: tuple[int, int] = (0, 0)

    @property
    def is_turned(self) -> bool:
        """Whether a DICOM header says that the image is mirrored or upside down."""
        return any(finding.reason == TURNED for finding in self.findings)

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]


def decode(data: bytes, name: str) -> Image:
    """Decode the bytes of a PNG, JPEG, BMP, TIFF, WebP or DICOM file into grey levels.

    Colour becomes luminance, transparency becomes black, and the EXIF orientation is applied. Values of
    more than 8 bits are stretched over their own range, as `core.images.grey_levels.eight_bits` says, unless
    a DICOM file says how they are to be shown.

    Raises:
        ImageError: the bytes are not such an image, or it is cut short, too small or too large.
    """
    if not data:
        raise ImageError(Sentence("{name} is empty (0 bytes). Export or copy it again.", name=name))
    if len(data) > MAX_BYTES:
        raise ImageError(too_large(name, len(data)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_dicom(data):
                from core.images.dicom import read_dicom  # imported lazily: pictures need no pydicom

                dicom = read_dicom(data, MAX_PIXELS)
                _check_sides(dicom.pixels.shape[1], dicom.pixels.shape[0], name)
                return Image(name, sha256=hashlib.sha256(data).hexdigest(), **vars(dicom))
            with open_picture(data) as picture:
                _check_dimensions(picture, name)
                pixels, coloured = picture_pixels(picture, data)
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(
            Sentence("{name} needs too much memory to read. Export it at a smaller size.", name=name)
        ) from error
    except (DicomError, ToneError) as error:
        raise ImageError(joined([name, error.args[0]], " ")) from error
    except NotNumbers as error:
        raise ImageError(
            Sentence("{name} contains {error}. Export it again.", name=name, error=str(error))
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(
            Sentence(
                "{name} is not an image that can be read here. Use JPEG, PNG, BMP, TIFF, WebP or DICOM.",
                name=name,
            )
        ) from error
    except PIL.Image.DecompressionBombError as error:
        raise ImageError(
            Sentence(
                "{name} has too many pixels; at most {most:,} are read. Export it at a smaller size.",
                name=name,
                most=MAX_PIXELS,
            )
        ) from error
    except Exception as error:  # Pillow raises a dozen types on damaged files
        raise ImageError(
            Sentence("{name} is damaged or cut short. Export or copy it again.", name=name)
        ) from error
    return Image(name, pixels, hashlib.sha256(data).hexdigest(), coloured=coloured)


def _check_dimensions(picture: PIL.Image.Image, name: str) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            Sentence(
                "{name} has {width:,} x {height:,} pixels; at most {most} million are read. Export "
                "it at a smaller size.",
                name=name,
                width=width,
                height=height,
                most=MAX_PIXELS // 10**6,
            )
        )
    _check_sides(width, height, name)
    frames = page_count(picture)
    if frames > 1:
        raise ImageError(
            Sentence(
                "{name} has {frames} frames; only one per file is read. Export the frame you need.",
                name=name,
                frames=frames,
            )
        )


def _check_sides(width: int, height: int, name: str) -> None:
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            Sentence(
                "{name} has {width} x {height} pixels; at least {side} x {side} are needed.",
                name=name,
                width=width,
                height=height,
                side=MIN_SIDE,
            )
        )


def too_large(name: str, size: int) -> str:
    """The message for a file of more than `MAX_BYTES`."""
    return Sentence(
        "{name} is {size:,.0f} MiB; at most {most} MiB are read. Export it at a smaller size.",
        name=name,
        size=size / 2**20,
        most=MAX_BYTES // 2**20,
    )
