"""From bytes to a Radiograph, and from a Radiograph to what the network sees: the only way there is."""

from core.images.decoder import ImageError, Radiograph, decode
from core.images.dicom import is_dicom
from core.images.files import read
from core.images.preview import data_address
from core.images.resize import network_input, network_pixels
from core.images.sandbox import decode_safely
from core.images.zips import IMAGES, image_entries, images_in_zip, pieces

__all__ = [
    "IMAGES",
    "ImageError",
    "Radiograph",
    "data_address",
    "decode",
    "decode_safely",
    "image_entries",
    "images_in_zip",
    "is_dicom",
    "network_input",
    "network_pixels",
    "pieces",
    "read",
]
