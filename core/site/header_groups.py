"""Groups of images by what their DICOM headers say."""

from contextlib import suppress

from core.errors import UserError
from core.images import DicomHeader, Image, read_header
from core.site.groups import IMAGE_GROUPS, ORIGIN_GROUPS, group_column


def header_of(file: str, image: Image, groups: tuple[str, ...]) -> dict[str, str]:
    """What the header of an image says that was just read; opened again only for what images do not keep."""
    if image.facts and any(group.lower() in ORIGIN_GROUPS for group in groups):
        with suppress(UserError):  # it has gone meanwhile
            return header_values(read_header(file), groups)
    return header_values(image, groups)


def header_values(image: Image | DicomHeader, groups: tuple[str, ...]) -> dict[str, str]:
    """What the header says, by column of our tables; "" where it says nothing."""
    return {"patient": image.patient_digest} | {
        group_column(group): _header_value(image, group.lower()) for group in groups
    }


def _header_value(image: Image | DicomHeader, name: str) -> str:
    """What a DICOM header says under one of `HEADER_GROUPS`; "" if nothing, or under another name."""
    if name == "age":
        return f"{image.age.years:g}" if image.age else ""
    if name in ORIGIN_GROUPS:
        return image.origin.get(name, "") if isinstance(image, DicomHeader) else ""
    return image.facts.get(name.capitalize(), "") if name in IMAGE_GROUPS else ""
