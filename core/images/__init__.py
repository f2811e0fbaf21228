"""From bytes to a Radiograph, and from a Radiograph to what the network sees: the only way there is."""

from core.images.ahead import Read, decoded_ahead, outcome
from core.images.decoder import MOST_BYTES, ImageError, Radiograph, decode, too_heavy
from core.images.dicom import is_dicom
from core.images.files import read
from core.images.preprocessing import preprocessed
from core.images.preview import data_address
from core.images.resize import network_input, network_pixels
from core.images.sandbox import decode_safely
from core.images.zips import DAMAGED, IMAGES, image_entries, images_in_zip, pieces

__all__ = [
    "DAMAGED",
    "IMAGES",
    "MOST_BYTES",
    "ImageError",
    "Radiograph",
    "Read",
    "data_address",
    "decode",
    "decode_safely",
    "decoded_ahead",
    "image_entries",
    "images_in_zip",
    "is_dicom",
    "network_input",
    "network_pixels",
    "outcome",
    "pieces",
    "preprocessed",
    "read",
    "too_heavy",
]
