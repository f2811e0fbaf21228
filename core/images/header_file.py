"""Reading a DICOM file's header from a file on this computer."""

from pathlib import Path

from core.errors import UserError
from core.images.decoder import ImageError
from core.images.dicom import DicomHeader, read_dicom_header
from core.images.files import file_content
from core.sentence import Sentence, joined


def read_header(path: str | Path) -> DicomHeader:
    """What the header of the DICOM file at `path` says of its patient, without decoding the image.

    Raises:
        ImageError: the file is missing, is not a regular file, or is not a DICOM file that can be read.
    """
    data, name = file_content(path)
    try:
        return read_dicom_header(data)
    except UserError as error:
        raise ImageError(joined([name, error.args[0]], " ")) from error
    except Exception as error:  # pydicom raises a dozen types on damaged files
        raise ImageError(
            Sentence("{name} is damaged or cut short. Export or copy it again.", name=name)
        ) from error
