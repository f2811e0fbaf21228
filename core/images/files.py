"""Reading an image, or a DICOM file's header, from a file on this computer."""

from pathlib import Path

from core.errors import UserError
from core.images.decoder import MAX_BYTES, Image, ImageError, decode, too_large
from core.images.dicom import DicomHeader, read_dicom_header
from core.images.dicom_file import is_dicom
from core.images.names import shown, stored_path
from core.images.sandbox import decode_safely


def read_image(path: str | Path) -> Image:
    """Decode the file at `path`, which may be written as `core.images.shown` writes it.

    Raises:
        ImageError: the file is missing, is not a regular file, or cannot be decoded.
    """
    data, name = _content(path)
    # Decoders of compressed DICOM crash on some damaged files and would take the server down with them.
    return decode_safely(data, name) if is_dicom(data) else decode(data, name)


def read_header(path: str | Path) -> DicomHeader:
    """What the header of the DICOM file at `path` says of its patient, without decoding the image.

    Raises:
        ImageError: the file is missing, is not a regular file, or is not a DICOM file that can be read.
    """
    data, name = _content(path)
    try:
        return read_dicom_header(data)
    except UserError as error:
        raise ImageError(f"{name} {error}") from error
    except Exception as error:  # pydicom raises a dozen types on damaged files
        raise ImageError(f"{name} is damaged or cut short. Export or copy it again.") from error


def _content(path: str | Path) -> tuple[bytes, str]:
    """Bytes and name of a file."""
    name = shown(Path(path).name)
    try:
        path = stored_path(Path(path))
        if not path.exists():
            if path.is_symlink():
                raise ImageError(f"{shown(path)} is a link to a file that does not exist. Restore that file.")
            raise ImageError(f"{shown(path)} does not exist. Check the path.")
        if not path.is_file():
            raise ImageError(f"{shown(path)} is not a file. Give the path of one image.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(too_large(name, size))
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{shown(path)} cannot be read: {reason}.") from error
    return data, name
