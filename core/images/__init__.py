"""From bytes to an Image, and from an Image to the network's input: the only way in."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.images.contents import (
        DIRECTORY,
        HEAD_BYTES,
        HIDDEN,
        IMAGE_SUFFIXES,
        NESTED,
        PassedOver,
        is_dicom_directory,
        is_hidden,
        reason_to_pass_over,
        zip_media,
    )
    from core.images.data_url import jpeg_data_url
    from core.images.decode_ahead import ImageLoader, decode_ahead, image_or_error
    from core.images.decoder import MAX_BYTES, Image, ImageError, decode, too_large
    from core.images.dicom import DicomHeader
    from core.images.dicom_age import patient_age
    from core.images.dicom_file import open_dicom
    from core.images.dicom_signature import is_dicom
    from core.images.dicom_text import decoded_text
    from core.images.files import read_image
    from core.images.folder_walk import reason_for_file, walk_folder
    from core.images.header_facts import HeaderFinding
    from core.images.header_file import read_header
    from core.images.names import distinct, folded, shown, stored_path, without_name
    from core.images.path_columns import existing_path, path_columns
    from core.images.patient_age import (
        PatientAge,
        age_in_years,
        age_warning,
        ages_warning,
    )
    from core.images.patient_pseudonym import patient_pseudonym, pseudonym_key
    from core.images.preprocessing import preprocess
    from core.images.resize import WHOLE_IMAGE, Box, network_input, network_pixels
    from core.images.sandbox import DecoderBusy, decode_safely
    from core.images.shown_as import SHOWN, ShownAs, shown_as
    from core.images.text_table import Rows, read_text_table
    from core.images.zip_directory import open_zip
    from core.images.zips import (
        ZIP_ERRORS,
        entry_chunks,
        image_entries,
        images_in_zip,
        unreadable_zip,
        zip_files,
    )

__all__ = [
    "DIRECTORY",
    "NESTED",
    "folded",
    "zip_media",
    "HEAD_BYTES",
    "HIDDEN",
    "IMAGE_SUFFIXES",
    "Box",
    "DecoderBusy",
    "MAX_BYTES",
    "WHOLE_IMAGE",
    "ZIP_ERRORS",
    "DicomHeader",
    "HeaderFinding",
    "Image",
    "ImageError",
    "ImageLoader",
    "PassedOver",
    "PatientAge",
    "Rows",
    "SHOWN",
    "ShownAs",
    "age_warning",
    "age_in_years",
    "ages_warning",
    "decode",
    "decode_ahead",
    "decoded_text",
    "decode_safely",
    "distinct",
    "entry_chunks",
    "existing_path",
    "image_entries",
    "image_or_error",
    "images_in_zip",
    "is_dicom",
    "is_dicom_directory",
    "is_hidden",
    "jpeg_data_url",
    "network_input",
    "network_pixels",
    "open_dicom",
    "open_zip",
    "path_columns",
    "patient_age",
    "patient_pseudonym",
    "preprocess",
    "pseudonym_key",
    "read_header",
    "read_image",
    "read_text_table",
    "reason_for_file",
    "reason_to_pass_over",
    "shown",
    "shown_as",
    "stored_path",
    "too_large",
    "walk_folder",
    "unreadable_zip",
    "without_name",
    "zip_files",
]

open_door(__name__)
