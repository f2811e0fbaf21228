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
    """Instance UID and DICOM file by file name: the finding, too, for whom there is nothing else.

    Such is a result that is withheld, or a choice of lungs alone where none were found.

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
    if any(_lacks_finding(kinds, files) for kinds in choices):
        alone = PLAIN_FINDING if LUNGS in files else FINDING
        files[alone] = dicom_objects(data, reading, model, ("finding",))[FINDING]
    return {name: (_instance_uid(file), file) for name, file in files.items()}


def made_for(paths: Iterable[Path], made: str | None, kinds: tuple[str, ...]) -> bool:
    """Whether all that a receiver gets of an image was made; not if it had other kinds at that time.

    Args:
        paths: of the results.
        made: kinds that they were made for, separated by commas; None where that is unknown.
        kinds: of the receiver.

    >>> files = [Path("finding.dcm"), Path("lungs.dcm")]
    >>> made_for(files, "finding,lungs", ("finding", "lungs"))
    True
    >>> made_for(files, "finding,lungs", ("overlay",)), made_for(files, "finding,lungs", ("finding",))
    (False, False)
    """
    is_made = made is None or set(kinds) <= set(made.split(","))
    return is_made and not _lacks_finding(kinds, {path.name for path in paths})


def _lacks_finding(kinds: tuple[str, ...], files: Collection[str]) -> bool:
    """Whether the finding that a receiver of some kinds gets is not among the files."""
    alone = PLAIN_FINDING if LUNGS in files else FINDING
    return alone not in files and _gets_it_alone(kinds, files)


def _gets_it_alone(kinds: tuple[str, ...], files: Collection[str]) -> bool:
    """Whether a receiver of some kinds gets a finding, and no lungs with it."""
    names = [f"{kind}.dcm" for kind in kinds if f"{kind}.dcm" in files]
    return ("finding" in kinds or not names) and LUNGS not in names


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
    plain = files.pop(PLAIN_FINDING, None)
    if plain and "lungs" not in kinds:
        files[FINDING] = plain
    names = [name for name in (*(f"{kind}.dcm" for kind in kinds), READING) if name in files]
    return [files[name] for name in names or [FINDING] if name in files]


def _instance_uid(file: bytes) -> str:
    return str(pydicom.dcmread(io.BytesIO(file), specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
