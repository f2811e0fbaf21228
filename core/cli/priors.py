"""`priors`: the earlier X-ray of a patient that a DICOMweb server has."""

from pathlib import Path

import click

from core import atomic
from core.config import environment
from core.dicom_node import earlier_image, priors_server
from core.errors import UserError
from core.images import decode_safely, is_dicom


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="File to save it to.")
def priors(file: Path, save: Path | None) -> int:
    """Look up an earlier X-ray of the patient in FILE.

    The DICOMweb server in PNEUMONIA_STUDIO_PRIORS is asked, as the Diagnosis page does. The patient is the
    same if ID and issuer are, and the birth date, or the name where one of the two has no birth date. The
    exit code is 1 if there is none.
    """
    if not priors_server():
        raise UserError(
            f"No server is named. Give the root of a DICOMweb server in {environment.PRIORS.name}."
        )
    data = file.read_bytes()
    if not is_dicom(data):
        raise UserError(f"{file.name} is not a DICOM file, so it names no patient.")
    image = decode_safely(data, file.name)
    if not (image.patient_digest and image.acquired):
        raise UserError(f"{file.name} has no patient ID or no date, so nothing earlier can be looked up.")
    prior = earlier_image(data, image)
    if prior is None:
        print(f"{priors_server()} has no earlier frontal chest X-ray of this patient among the newest.")
        return 1
    print(f"Found one: {prior.image.width} x {prior.image.height} pixels.")
    if save:
        with atomic.replacing(save) as temporary:
            temporary.write_bytes(prior.data)
        print(f"Saved as {save}.")
    return 0
