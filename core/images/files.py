"""A film from a file on this computer."""

from pathlib import Path

from core.images.decoder import MOST_BYTES, ImageError, Radiograph, decode, too_heavy
from core.images.dicom import is_dicom
from core.images.sandbox import decode_safely


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
            raise ImageError(too_heavy(path.name, size))
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path} cannot be read: {reason}.") from error
    # The decoders of compressed DICOM crash on some damaged files, and would take the server with them.
    return decode_safely(data, path.name) if is_dicom(data) else decode(data, path.name)
