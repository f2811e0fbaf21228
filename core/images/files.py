"""Reading an image from a file on this computer."""

from pathlib import Path

from core.images.decoder import MAX_BYTES, Image, ImageError, decode, too_large
from core.images.dicom_signature import is_dicom
from core.images.names import shown, stored_path
from core.images.sandbox import decode_safely
from core.sentence import Sentence


def read_image(path: str | Path) -> Image:
    """Decode the file at `path`, which may be written as `core.images.shown` writes it.

    Raises:
        ImageError: the file is missing, is not a regular file, or cannot be decoded.
    """
    data, name = file_content(path)
    # Decoders of compressed DICOM crash on some damaged files and would take the server down with them.
    return decode_safely(data, name) if is_dicom(data) else decode(data, name)


def file_content(path: str | Path) -> tuple[bytes, str]:
    """Bytes and name of a file.

    Raises:
        ImageError: the file is missing or too large, or is not a regular file.
    """
    name = shown(Path(path).name)
    try:
        path = stored_path(Path(path))
        if not path.exists():
            if path.is_symlink():
                raise ImageError(
                    Sentence(
                        "{path} is a link to a file that does not exist. Restore that file.", path=shown(path)
                    )
                )
            raise ImageError(Sentence("{path} does not exist. Check the path.", path=shown(path)))
        if not path.is_file():
            raise ImageError(Sentence("{path} is not a file. Give the path of one image.", path=shown(path)))
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(too_large(name, size))
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            Sentence("{path} cannot be read: {reason}.", path=shown(path), reason=reason)
        ) from error
    return data, name
