"""Results of an image as files, and which of them a receiver gets."""

import io
from collections.abc import Collection, Iterable
from pathlib import Path

import pydicom

from core.dicom_node.readings import FILE as READING
from core.inference import AvailableModel, Reading
from core.reports import KINDS, dicom_objects

FINDING, LUNGS = "finding.dcm", "lungs.dcm"
PLAIN_FINDING = "finding-without-lungs.dcm"  # refers to no object that its receiver does not get


def result_files(
    data: bytes, reading: Reading, model: AvailableModel, choices: Collection[tuple[str, ...]]
) -> dict[str, tuple[str, bytes]]:
    """Instance UID and DICOM file by file name; the finding alone if the result is withheld.

    Args:
        data: the DICOM file of the image.
        reading: with the full image and the heat map.
        model: that made it.
        choices: kinds of object, as `core.reports.dicom_objects` names them, for each receiver.

    Raises:
        UserError: an object cannot be made of this image.
    """
    wanted = {kind for kinds in choices for kind in kinds}
    if reading.withheld:
        wanted = {"finding"}
    files = dicom_objects(data, reading, model, tuple(kind for kind in KINDS if kind in wanted))
    if LUNGS in files and any("finding" in kinds and "lungs" not in kinds for kinds in choices):
        files[PLAIN_FINDING] = dicom_objects(data, reading, model, ("finding",))[FINDING]
    return {name: (_instance_uid(file), file) for name, file in files.items()}


def chosen(paths: Iterable[Path], kinds: tuple[str, ...]) -> list[Path]:
    """The files of an image's results that a receiver gets: those of its kinds, and readers' findings.

    Where there is none, such as of a result that is withheld, it gets the finding.

    >>> results = [Path("finding-without-lungs.dcm"), Path("finding.dcm"), Path("lungs.dcm")]
    >>> [path.name for path in chosen(results, ("finding", "lungs"))]
    ['finding.dcm', 'lungs.dcm']
    >>> [path.name for path in chosen(results, ("finding", "report"))]
    ['finding-without-lungs.dcm']
    >>> [path.name for path in chosen([Path("finding.dcm")], ("lungs",))]
    ['finding.dcm']
    """
    files = {path.name: path for path in paths}
    if plain := files.pop(PLAIN_FINDING, None):
        files[FINDING] = files[FINDING] if "lungs" in kinds else plain
    names = [name for name in (*(f"{kind}.dcm" for kind in kinds), READING) if name in files]
    return [files[name] for name in names or [FINDING] if name in files]


def _instance_uid(file: bytes) -> str:
    return str(pydicom.dcmread(io.BytesIO(file), specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
